"""How many requests somebody may make in a minute: counted in the broker, told in headers, never in anybody's way.

The headers are those of draft-ietf-httpapi-ratelimit-headers (-11): ``RateLimit-Policy: "read";q=600;w=60`` and
``RateLimit: "read";r=599;t=60``. A window begins with the first request and ends a minute later.

Without a broker, or with one that does not answer within some 50 ms, nothing is counted and everybody is let in; it is
then left alone for a while, so that a responder waits for it once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

import redis
import structlog
from django.conf import settings
from django.db import models
from django.http import HttpRequest, HttpResponse
from redis.backoff import NoBackoff
from redis.retry import Retry

log = structlog.get_logger(__name__)

#: Seconds that a window lasts.
WINDOW = 60
#: Seconds within which the broker is reached, and within which it answers; together what somebody waits at most.
_REACHED, _ANSWERED = 0.02, 0.025


class Policy(models.TextChoices):
    """What is counted apart. The settings say how many of each there may be in a WINDOW (QUOTAS); 0: any number."""

    READ = "read"
    WRITE = "write"
    ANSWER = "answer"
    STRANGER = "stranger"
    PUBLIC = "public"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class Spent:
    """Where somebody stands: ``remaining`` requests, and ``seconds`` until there are all of them again."""

    policy: Policy
    quota: int
    remaining: int
    seconds: int
    is_exceeded: bool

    def headers(self) -> dict[str, str]:
        """What the answer says of it."""
        return {
            "RateLimit-Policy": f'"{self.policy}";q={self.quota};w={WINDOW}',
            "RateLimit": f'"{self.policy}";r={self.remaining};t={self.seconds}',
        }


class Counter:
    """Counts in Valkey or Redis, in one round trip; rests for a while after a failure."""

    def __init__(self) -> None:
        self._client: redis.Redis | None = None
        self._rests_until = 0.0

    def count(self, key: str) -> tuple[int, int] | None:
        """How many there were under ``key`` in its window, this one included, and how many ms it still lasts.

        None where it cannot be told. Never raises.
        """
        if not settings.REDIS_URL or time.monotonic() < self._rests_until:
            return None
        try:
            steps = self._connected().pipeline()
            steps.set(key, 0, px=WINDOW * 1000, nx=True)
            steps.incr(key)
            steps.pttl(key)
            _, count, left = steps.execute()
        except redis.RedisError as error:
            self._rests_until = time.monotonic() + settings.WAKE_PAUSE_AFTER_FAILURE.total_seconds()
            log.warning("quota_not_counted", error=str(error))
            return None
        return int(count), max(int(left), 0)

    def _connected(self) -> redis.Redis:
        if self._client is None:
            self._client = redis.Redis.from_url(
                settings.REDIS_URL,
                socket_connect_timeout=_REACHED,
                socket_timeout=_ANSWERED,
                retry=Retry(NoBackoff(), 0),
            )
        return self._client


_counter = Counter()
_told: ContextVar[list[Spent] | None] = ContextVar("quota", default=None)


def spend(policy: Policy, who: str) -> Spent | None:
    """Count one request of ``who``; None where nothing is counted. The answer to the running request tells of it."""
    quota: int = settings.QUOTAS[policy]
    counted = _counter.count(f"quota:{policy}:{who}") if quota else None
    if counted is None:
        return None
    count, left = counted
    spent = Spent(policy, quota, max(quota - count, 0), -(-left // 1000), count > quota)
    told = _told.get()
    if told is not None:
        told.append(spent)
    return spent


class QuotaMiddleware:
    """Says in the headers of an answer where whoever asked stands, if that was counted."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        told: list[Spent] = []
        token = _told.set(told)
        try:
            response = self._get_response(request)
        finally:
            _told.reset(token)
        for spent in told[-1:]:
            for name, value in spent.headers().items():
                response.headers.setdefault(name, value)
        return response
