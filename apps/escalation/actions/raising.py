"""Raises by hand, and holds (R10, R11, R13)."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from apps.core import clock as house_clock
from apps.core.errors import Invalid, RuleViolation
from apps.core.spans import in_words
from apps.engine import actions as engine
from apps.escalation import queries, rules
from apps.escalation.actions import levels
from apps.escalation.models import UNDECIDED, LevelState, Run, RunLevel, Trigger
from apps.incidents import timeline
from apps.incidents.actions.locking import locked
from apps.incidents.models import OPEN, EventKind, Incident, Via
from apps.teams import access
from apps.teams.models import User

LONGEST_HOLD = timedelta(hours=24)


@transaction.atomic
def escalate(
    incident_id: int, *, reason: str, by: User, via: Via = Via.WEB, level: int | None = None, trigger: str | None = None
) -> Incident:
    """Raise the incident at once, to ``level`` or the one that ``trigger`` names, else to the next (R10, R11, R13).

    That level fires once; undecided levels below it are passed, levels above keep their times. Raises Invalid without
    a reason or for an unknown level or trigger, RuleViolation where it already fired or nothing is left to climb,
    NotAllowed without the right.
    """
    incident = locked(incident_id)
    access.require(by, access.Permission.RESPOND, incident)
    if not reason.strip():
        raise Invalid("Say why the incident is escalated.", field="reason")
    run = queries.current_run(incident)
    if incident.status not in OPEN or run is None:
        raise RuleViolation(f"{incident} is {incident.get_status_display().lower()}; there is nothing to escalate.")
    chosen = _trigger(trigger)
    target = _level_to_fire(run, level if level is not None else chosen.level if chosen else None)
    timeline.record(
        incident,
        EventKind.ESCALATED,
        text=f"{by} escalates to level {target.number}, {target.name}: "
        f"{f'{chosen.text}. ' if chosen else ''}{reason.strip()}",
        actor=by,
        via=via,
        data={"level": target.number, "trigger": trigger, "reason": reason},
    )
    for below in run.levels.filter(state__in=UNDECIDED, number__lt=target.number):
        engine.cancel_key(levels.key_of(below))
        levels.decide(below, LevelState.PASSED, f"raised to level {target.number} by hand")
    engine.cancel_key(levels.key_of(target))
    levels.fire(target, incident, because=f"{by} escalated: {reason.strip()}")
    return incident


@transaction.atomic
def hold(incident_id: int, *, minutes: int, by: User, via: Via = Via.WEB) -> Incident:
    """Let due levels wait for ``minutes``; at the end they fire if they still apply. A later hold replaces it.

    Raises Invalid unless it is between a minute and a day, RuleViolation where nothing climbs, NotAllowed.
    """
    incident = locked(incident_id)
    access.require(by, access.Permission.RESPOND, incident)
    if not 1 <= minutes <= LONGEST_HOLD.total_seconds() / 60:
        raise Invalid("A hold lasts between 1 minute and 24 hours.", field="minutes")
    run = queries.current_run(incident)
    if run is None:
        raise RuleViolation(f"{incident} is not escalating; there is nothing to hold.")
    run.held_until = house_clock.now() + timedelta(minutes=minutes)
    run.save(update_fields=["held_until"])
    for level in run.levels.filter(state=LevelState.HELD):
        levels.hold_back(level, run, say=False)
    timeline.record(
        incident,
        EventKind.ESCALATION_HELD,
        text=f"{by} holds the escalation for {in_words(timedelta(minutes=minutes))}.",
        actor=by,
        via=via,
        data={"until": run.held_until.isoformat()},
    )
    return incident


def _level_to_fire(run: Run, number: int | None) -> RunLevel:
    of_number = {level.number: level for level in run.levels.all()}
    if number is None:
        upcoming = rules.next_to_fire(list(of_number.values()), queries.answers_of(run.incident))
        if upcoming is None:
            raise RuleViolation("Every level of the chain was already decided.")
        return upcoming
    if number not in of_number:
        highest = max(of_number, default=0)
        raise Invalid(f"The chain of this incident has the levels 1 to {highest}, not {number}.", field="level")
    if of_number[number].state == LevelState.FIRED:
        raise RuleViolation(f"Level {number} was already paged.")
    return of_number[number]


def _trigger(key: str | None) -> Trigger | None:
    if key is None:
        return None
    found = queries.triggers().filter(key=key).first()
    if found is None:
        raise Invalid(f"There is no trigger {key}.", field="trigger")
    return found
