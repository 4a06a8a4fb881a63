"""Keeps health checks, plans when each looks next, and writes down what it saw (R16).

Each look that makes an alert of a check, or ends it, publishes HEALTH_TURNED with the check, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction

from apps.catalog.health import rules
from apps.catalog.health.probes import Finding
from apps.catalog.models import HealthCheck, HealthResult, HealthState, Outcome, Service
from apps.core import clock, events
from apps.core.errors import RuleViolation
from apps.core.history import made_by
from apps.engine import actions as engine
from apps.engine.models import State, Timer
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.models import User

#: A check fails so often in a row that it is an alert of its service, or is one no longer; the subject is the check.
HEALTH_TURNED = "catalog.health_turned"

#: The kind of the timer that is due when a check looks next.
LOOK = "catalog.look"

#: While others ask the same host.
IN_A_MOMENT = timedelta(seconds=2)


@transaction.atomic
def keep_health_check(check: HealthCheck, *, by: User) -> HealthCheck:
    """Write a check that is new, or was edited, and look soon by it; one that is switched off looks no more.

    Raises NotAllowed unless ``by`` manages its service's team, the old and the new one; ValidationError for wrong
    fields.
    """
    was_of: Service | None = None
    if check.pk is not None:
        known = HealthCheck.objects.select_for_update(no_key=True, of=("self",)).select_related("service__team")
        was_of = known.get(pk=check.pk).service
        access.require_for_team(by, Permission.MANAGE, was_of.team)
    access.require_for_team(by, Permission.MANAGE, check.service.team)
    check.full_clean()
    made_by(check, by)
    check.save()
    _judge(check, moved=was_of not in (None, check.service))
    if check.is_active:
        plan_look(check)
    else:
        engine.cancel_key(_key(check.pk))
    return check


def create_health_check(*, by: User, service: Service, fields: Mapping[str, object]) -> HealthCheck:
    """Add a check of ``service``, as ``keep_health_check`` does."""
    return keep_health_check(HealthCheck(service=service, **fields), by=by)


def update_health_check(check: HealthCheck, *, by: User, fields: Mapping[str, object]) -> HealthCheck:
    """Change fields of a check, its service included, as ``keep_health_check`` does."""
    for name, value in fields.items():
        setattr(check, name, value)
    return keep_health_check(check, by=by)


@transaction.atomic
def look_now(check: HealthCheck, *, by: User) -> None:
    """Let the engine look by the check at once, whether or not it is time for it.

    Raises NotAllowed unless ``by`` responds for its team or manages it, RuleViolation for one that is switched off.
    """
    team = check.service.team
    if team.pk not in access.team_ids(by, Permission.MANAGE):
        access.require_for_team(by, Permission.RESPOND, team)
    if not check.is_active:
        raise RuleViolation(f"{check} is switched off.")
    plan_look(check)


def plan_look(check: HealthCheck, *, due_at: datetime | None = None) -> None:
    """Plan when the check looks next: now, where nothing is said."""
    engine.schedule(LOOK, due_at=due_at, key=_key(check.pk), payload={"check": check.pk})


@transaction.atomic
def plan_what_nobody_looks_at() -> int:
    """Plan a look by each active check that has no timer, because that was lost or given up; return how many."""
    active = {_key(check.pk): check for check in HealthCheck.objects.filter(is_active=True, service__is_active=True)}
    planned = Timer.objects.filter(key__in=active, state__in=(State.PENDING, State.LEASED))
    without = active.keys() - planned.values_list("key", flat=True)
    for key in without:
        plan_look(active[key])
    return len(without)


@transaction.atomic
def end_what_is_out_of_use() -> None:
    """Let no check be an alert that is switched off, or whose service was retired: nobody looks by it any more."""
    alerting = HealthCheck.objects.filter(state__alerting=True).exclude(is_active=True, service__is_active=True)
    locked = alerting.select_for_update(no_key=True, of=("self",)).select_related("service").order_by("pk")
    for check in locked:
        _judge(check)


@transaction.atomic
def note_finding(check_id: int, finding: Finding, *, asked: bool) -> HealthState:
    """Write down what a look by the check saw, ``asked``: because somebody wanted to know; and what follows of it."""
    check = HealthCheck.objects.select_for_update(no_key=True, of=("self",)).select_related("service").get(pk=check_id)
    now = clock.now()
    state = HealthState.objects.filter(check_of=check).first() or HealthState(check_of=check)
    is_news = state.outcome != finding.outcome
    if is_news:
        state.outcome, state.since = finding.outcome, now
    kept_at = None if state.pk is None else state.kept_at
    if rules.is_kept(is_news=is_news, asked=asked, at=now, kept_at=kept_at):
        HealthResult.objects.create(
            check_of=check, at=now, outcome=finding.outcome, took=finding.took, words=finding.words, asked=asked
        )
        state.kept_at = now
    state.at, state.took, state.words = now, finding.took, finding.words
    state.failures = state.failures + 1 if finding.outcome == Outcome.BAD else 0
    state.save()
    _judge(check)
    return state


def _judge(check: HealthCheck, *, moved: bool = False) -> None:
    """Note whether the check is an alert by now, and say so where that is news. Its row is locked.

    It is news, too, that one which is an alert ``moved`` to another service.
    """
    state = HealthState.objects.filter(check_of=check).first()
    if state is None:
        return
    in_use = check.is_active and check.service.is_active
    alerting = in_use and rules.is_alert(state.failures, check.alerts_after)
    if alerting != state.alerting or (moved and alerting):
        state.alerting = alerting
        state.save(update_fields=["alerting"])
        events.publish(HEALTH_TURNED, check)


def _key(check_id: int) -> str:
    return f"{LOOK}:{check_id}"
