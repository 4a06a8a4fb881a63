"""Lets chains stand still during maintenance, and go on when its end moves or somebody calls (R34).

Lock order: the incident's row, then the run.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction

from apps.catalog.queries import Maintenance
from apps.core import clock as house_clock
from apps.engine import actions as engine
from apps.engine.models import State, Timer
from apps.escalation import queries
from apps.escalation.actions import levels, silence
from apps.escalation.models import UNDECIDED, Run, RunLevel
from apps.incidents import maintenance, timeline
from apps.incidents.actions import backups
from apps.incidents.actions.locking import locked
from apps.incidents.models import OPEN, EventKind, Incident

#: Looks for every incident that may wait for the end of maintenance.
LOOK = "escalation.maintenance"
#: A worker's clock is off by less than this; a level that is held early, for the one below it was empty, by more.
SOON = timedelta(minutes=10)
#: Looks at one of them.
LOOK_AT = "escalation.maintenance_of"


def plan_to_look() -> None:
    """Let the engine look, once this transaction committed, for what waits and may have to move.

    Not at once: a level that falls due at this very moment still reads the maintenance as it was, and only whoever
    comes after the commit and waits for the incident's lock is sure to see that it waits.
    """
    engine.schedule(LOOK, key=LOOK)


def look_everywhere() -> None:
    """Plan a look at each open incident whose pages wait for the end of maintenance, or may just begin to."""
    engine.schedule_all([_look_at(pk) for pk in sorted({*_whose_chain_may_wait(), *_of_timers()})])


def plan_to_look_at(incident_id: int) -> None:
    """Let the engine look at one incident, once this transaction committed."""
    engine.schedule_all([_look_at(incident_id)])


def _look_at(incident_id: int) -> engine.Planned:
    return engine.Planned(
        kind=LOOK_AT,
        key=f"{LOOK_AT}:{incident_id}",
        subject=f"incident:{incident_id}",
        payload={"incident": incident_id},
    )


@transaction.atomic
def look_at(incident_id: int) -> None:
    """Let what waits for maintenance wait for its end as it is now; what waits for nothing is due at once.

    Doing it twice is doing it once.
    """
    incident = locked(incident_id)
    run = queries.current_run(incident)
    if not incident.is_open or run is None:
        return
    now = house_clock.now()
    if queries.stands_still(run):
        held = maintenance.holding(incident, at=now)
        if held is None:
            _go_on(run, incident, because="Maintenance is over: the chain goes on.")
        elif held.until != run.maintenance_until:
            _move_the_end(run, incident, held)
    if silence.may_ask(run, incident):
        silence.plan(run, at=now)
    backups.plan(incident)


def go_on_now(run: Run, incident: Incident) -> None:
    """End the standing still because a person wants others to be woken; the incident's row is locked."""
    if queries.stands_still(run):
        _go_on(run, incident, because="Maintenance holds nothing back any more: somebody calls for people.")


def _go_on(run: Run, incident: Incident, *, because: str) -> None:
    run.incident = incident
    _move_to(run, house_clock.now(), reason="")
    timeline.record(incident, EventKind.NOTE, text=because)


def _move_the_end(run: Run, incident: Incident, held: Maintenance) -> None:
    run.incident = incident
    _move_to(run, held.until, reason=held.text)
    timeline.record(
        incident,
        EventKind.ESCALATION_HELD,
        text=f"The end of the wait has moved: {held.text}",
        data={"until": held.until.isoformat(), "reason": held.text},
    )


def _move_to(run: Run, until: datetime, *, reason: str) -> None:
    if run.maintenance_until is None:
        raise ValueError(f"{run} does not stand still.")
    # Never back beyond where they stood: a level that went on early waits without moving those above it.
    by = max(until - run.maintenance_until, -run.stood_still)
    levels.stand_still(run, until=until, by=by, reason=reason)


def _whose_chain_may_wait() -> Iterator[int]:
    """Chains that stand still, and those with a level that may be decided at this moment, by whichever clock."""
    now = house_clock.now()
    going_on = Run.objects.filter(ended_at=None, incident__status__in=OPEN)
    yield from going_on.filter(maintenance_until__gt=now).values_list("incident", flat=True)
    due = RunLevel.objects.filter(run__in=going_on, state__in=UNDECIDED, due_at__lte=now + SOON)
    yield from due.values_list("run__incident", flat=True)


def _of_timers() -> Iterator[int]:
    """Incidents that would ask for a vacant role, or whether anybody is still on it, at a later time."""
    waiting = Timer.objects.filter(kind__in=(backups.BACKUP, silence.SILENCE), state__in=(State.PENDING, State.LEASED))
    for subject in waiting.values_list("subject", flat=True):
        yield int(subject.removeprefix("incident:"))
