"""Lets a chain wait because somebody says so, for a while and not longer (requirements, "a hold")."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from apps.core import clock as house_clock
from apps.core.errors import Invalid, RuleViolation
from apps.core.spans import in_words
from apps.escalation import queries
from apps.escalation.actions import levels, silence
from apps.escalation.models import LevelState, Run
from apps.incidents import timeline
from apps.incidents.actions.locking import locked
from apps.incidents.models import EventKind, Incident, Via
from apps.teams import access
from apps.teams.models import User

LONGEST_HOLD = timedelta(hours=24)


@transaction.atomic
def hold(incident_id: int, *, minutes: int, by: User, via: Via = Via.WEB) -> Incident:
    """Let due levels wait for ``minutes``; at the end they fire if they still apply. A later hold replaces it.

    At the end ``by`` is asked whether they are on it, unless it is resolved by then: a hold ends with somebody awake.
    Raises Invalid unless it is between a minute and a day, RuleViolation where nothing climbs, NotAllowed.
    """
    incident = locked(incident_id)
    access.require(by, access.Permission.RESPOND, incident)
    if not 1 <= minutes <= LONGEST_HOLD.total_seconds() / 60:
        raise Invalid("A hold lasts between 1 minute and 24 hours.", field="minutes")
    run = queries.current_run(incident)
    if run is None:
        raise RuleViolation(f"{incident} is not escalating; there is nothing to hold.")
    until = house_clock.now() + timedelta(minutes=minutes)
    _let_wait(run, incident, until=until, asks=by)
    timeline.record(
        incident,
        EventKind.ESCALATION_HELD,
        text=f"{by} holds the escalation for {in_words(timedelta(minutes=minutes))}.",
        actor=by,
        via=via,
        data={"until": until.isoformat()},
    )
    return incident


@transaction.atomic
def end_hold(incident_id: int, *, by: User, via: Via = Via.WEB) -> Incident:
    """End the hold now: what waits for it is decided at once, and nobody is asked, for ``by`` is there.

    Raises RuleViolation where nothing is held, NotAllowed.
    """
    incident = locked(incident_id)
    access.require(by, access.Permission.RESPOND, incident)
    run, now = queries.current_run(incident), house_clock.now()
    if run is None or run.held_until is None or run.held_until <= now:
        raise RuleViolation(f"The escalation of {incident} is not held.")
    _let_wait(run, incident, until=now, asks=None)
    timeline.record(
        incident,
        EventKind.HOLD_ENDED,
        text=f"{by} ends the hold: the escalation goes on.",
        actor=by,
        via=via,
    )
    return incident


def let_go(run: Run, incident: Incident) -> None:
    """End a hold because the incident is handed to others: what was to wait was another's. Its row is locked."""
    now = house_clock.now()
    if run.held_by_id is not None or (run.held_until is not None and run.held_until > now):
        _let_wait(run, incident, until=min(run.held_until or now, now), asks=None)


def _let_wait(run: Run, incident: Incident, *, until: datetime, asks: User | None) -> None:
    run.incident = incident
    run.held_until, run.held_by = until, asks
    run.save(update_fields=["held_until", "held_by"])
    for level in run.levels.filter(state=LevelState.HELD).select_related("run"):
        levels.hold_again(level, incident)
    silence.plan(run)
