"""What the engine calls for the catalog: looks by health checks, and what of them is no longer needed (R16)."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings

from apps.catalog.actions import health
from apps.catalog.health import probes
from apps.catalog.health.running import place_at
from apps.catalog.models import HealthCheck, HealthResult
from apps.core import clock, retention
from apps.engine.models import Timer
from apps.engine.registry import Lane, handler, recurring


@handler(health.LOOK, lane=Lane.WORK, transactional=False, at_once=3)
def look_by_a_check(timer: Timer) -> None:
    """Look once, write down what was seen, and plan the next look; later, while others ask the same host."""
    check = HealthCheck.objects.filter(pk=timer.payload["check"], is_active=True, service__is_active=True).first()
    if check is None:
        return
    with place_at(check.host) as has_place:
        if has_place:
            health.note_finding(check.pk, probes.look(check), asked=False)
    pause = check.every if has_place else health.IN_A_MOMENT
    health.plan_look(check, due_at=clock.now() + pause)


@recurring("catalog.plan_looks", every=timedelta(minutes=1))
def plan_what_nobody_looks_at(timer: Timer) -> None:
    """Look after checks whose timer was lost or given up, and those of a service that is in use again, or no more."""
    health.end_what_is_out_of_use()
    health.plan_what_nobody_looks_at()


retention.keep(
    "health_results",
    "What health checks saw",
    span=lambda: settings.KEEP_HEALTH_RESULTS,
    rows=lambda before: HealthResult.objects.filter(at__lt=before),
)
