"""The probes: does the process live, can the house page, and its numbers."""

from __future__ import annotations

from dataclasses import dataclass

import redis
import structlog
from django.conf import settings
from django.db import Error as DatabaseFailure
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from redis.backoff import NoBackoff
from redis.retry import Retry

from apps.engine import checks, queries
from apps.engine.metrics import EngineCollector

log = structlog.get_logger(__name__)
#: All that a stranger is told: what the driver says names host, database and role.
_AWAY = "The database is away."


@dataclass(frozen=True, slots=True)
class Check:
    """What was found of one part. ``needed``: without it nobody is paged."""

    state: str
    detail: str = ""
    needed: bool = True

    @property
    def is_ok(self) -> bool:
        return self.state in ("ok", "not configured")


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 as long as the process answers at all; touches nothing else."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Say how database, broker and engine are: 200 if pages get out, else 503.

    A broker that is away is shown and is no reason for 503: the engine works without it, a second later.
    """
    found, lag = _engine()
    found["broker"] = _broker()
    cannot_page = any(check.needed and not check.is_ok for check in found.values())
    all_ok = all(check.is_ok for check in found.values())
    body = {
        "status": "cannot page" if cannot_page else "ready" if all_ok else "degraded",
        "checks": {name: {"state": check.state, "detail": check.detail} for name, check in found.items()},
        "lag_seconds": lag,
    }
    return JsonResponse(body, status=503 if cannot_page else 200)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The engine's numbers in the text format of Prometheus; 503 while the database is away."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(EngineCollector())
    try:
        text = generate_latest(registry)
    except DatabaseFailure:
        log.exception("database_away")
        return HttpResponse(f"# {_AWAY}\n", status=503, content_type="text/plain")
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)


def _engine() -> tuple[dict[str, Check], dict[str, float]]:
    try:
        health, others = queries.health(), checks.complaints()
    except DatabaseFailure:
        log.exception("database_away")
        return {"database": Check("failed", _AWAY), "engine": Check("unknown", _AWAY)}, {}
    lag = {lane: round(age, 1) for lane, age in health.lag.items()}
    engine = Check("failed", health.complaint) if health.complaint else Check("ok", f"{health.workers} at work.")
    found = {name: Check("failed", complaint) if complaint else Check("ok") for name, complaint in others.items()}
    return {"database": Check("ok"), "engine": engine, **found}, lag


def _broker() -> Check:
    if not settings.REDIS_URL:
        return Check("not configured", needed=False)
    limit = settings.WAKE_LIMIT.total_seconds()
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=limit, socket_connect_timeout=limit, retry=Retry(NoBackoff(), 0)
    )
    try:
        client.ping()
    except redis.RedisError:
        log.exception("broker_away")
        return Check("failed", "The broker is away.", needed=False)
    finally:
        client.close()
    return Check("ok", needed=False)
