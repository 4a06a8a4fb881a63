"""Raises by hand (R10, R11, R13)."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from apps.core import clock as house_clock
from apps.core.errors import Invalid, RuleViolation
from apps.core.spans import in_words
from apps.engine import actions as engine
from apps.escalation import queries, rules, versions
from apps.escalation.actions import levels, standing_still
from apps.escalation.actions.nobody import Reason, say_if_nobody_is_left
from apps.escalation.models import UNDECIDED, LevelState, Policy, Run, RunLevel, Trigger
from apps.incidents import timeline
from apps.incidents.actions.locking import locked
from apps.incidents.models import OPEN, EventKind, Incident, Via
from apps.teams import access
from apps.teams.models import User

#: Who asks for the next level within this of another who did means the same one.
ASKED_AT_ONCE = timedelta(seconds=10)
NUMBERS = range(1, 6)


@transaction.atomic
def escalate(
    incident_id: int, *, reason: str, by: User, via: Via = Via.WEB, level: int | None = None, trigger: str | None = None
) -> Incident:
    """Raise the incident at once, to ``level`` or the one that ``trigger`` names (R10, R11, R13).

    With neither it is the lowest level that was not paged yet, once in a while: of many who ask at the same moment one
    is heard. In a chain that repeats a number means the current round. A level that the incident's chain lacks is
    borrowed from the nearest chain that has it. It fires once, at any hour; undecided levels below it are passed,
    levels above keep their times. Raises Invalid without a reason or for an
    unknown level or trigger, RuleViolation where it already fired or nothing is left to climb, NotAllowed without the
    right.
    """
    incident = locked(incident_id)
    access.require(by, access.Permission.RESPOND, incident)
    if not reason.strip():
        raise Invalid("Say why the incident is escalated.", field="reason")
    run = queries.current_run(incident)
    if incident.status not in OPEN or run is None:
        raise RuleViolation(f"{incident} is {incident.get_status_display().lower()}; there is nothing to escalate.")
    chosen = _trigger(trigger)
    standing_still.go_on_now(run, incident)
    number = level if level is not None else chosen.level if chosen else None
    if number is None:
        target, lender = _lowest_not_paged(run), None
    else:
        target, lender = _of_number(run, number, field="level" if level is not None else "trigger")
    why = f"{chosen.text}. {reason.strip()}" if chosen else reason.strip()
    taken = f" (taken from the chain of {lender})" if lender else ""
    timeline.record(
        incident,
        EventKind.ESCALATED,
        text=f"{by} escalates to level {target.number}, {target.name}{taken}: {why}",
        actor=by,
        via=via,
        data={"level": target.number, "trigger": trigger, "reason": reason, "run": run.pk, "next": number is None},
    )
    for below in _undecided_below(run, target):
        engine.cancel_key(levels.key_of(below))
        levels.decide(below, LevelState.PASSED, f"raised to level {target.number} by hand")
    engine.cancel_key(levels.key_of(target))
    if levels.fire(target, incident, because=f"{by} escalated: {why}", may_wait=False) is None:
        nobody = f"nobody at all could be paged, neither on level {target.number} nor on any above it"
        timeline.record(incident, EventKind.NOTE, text=f"{by} escalated, but {nobody}.")
        say_if_nobody_is_left(run, incident, reason=Reason.BY_HAND, because=f"{by} called for others.")
    return incident


def _lowest_not_paged(run: Run) -> RunLevel:
    since = house_clock.now() - ASKED_AT_ONCE
    same = run.incident.timeline.filter(kind=EventKind.ESCALATED, data__next=True, at__gt=since).last()
    if same is not None:
        raise RuleViolation(
            f"{same.actor} escalated to level {same.data['level']} a moment ago. Wait for "
            f"{in_words(ASKED_AT_ONCE)}, or name a level to go on at once."
        )
    lowest = rules.lowest_not_paged(list(run.levels.all()), now=house_clock.now())
    if lowest is None:
        raise RuleViolation("Every level of the chain was already paged or passed; name one to go beyond it.")
    return lowest


def _of_number(run: Run, number: int, *, field: str) -> tuple[RunLevel, Policy | None]:
    """The level, and whose chain it was borrowed from if the run had none."""
    if number not in NUMBERS:
        raise Invalid(f"Levels are numbered {NUMBERS[0]} to {NUMBERS[-1]}; there is none {number}.", field=field)
    now = house_clock.now()
    in_round = rules.current_round(list(run.levels.all()), now=now)
    own = run.levels.filter(round=in_round, number=number).first()
    if own is None:
        return _borrow(run, number, in_round=in_round)
    if own.state == LevelState.FIRED:
        again = run.levels.filter(round=in_round + 1, number=number).first()
        when = f" in this round; the next pages it at {again.due_at:%Y-%m-%d %H:%M} UTC" if again else ""
        raise RuleViolation(f"Level {number} was already paged{when}.")
    return own, None


def _borrow(run: Run, number: int, *, in_round: int) -> tuple[RunLevel, Policy]:
    incident = run.incident
    while True:
        services = incident.services.all()
        lent = queries.lender_of(number, severity=incident.severity, team=incident.team, services=services)
        if lent is None:
            raise RuleViolation(
                f"No chain has a level {number} for {incident.severity} or worse of the team {incident.team}."
            )
        if versions.hold(lent.policy):
            break
    borrowed = levels.taken_from(run, lent, due_at=house_clock.now(), round=in_round)
    borrowed.save()
    return borrowed, lent.policy


def _undecided_below(run: Run, target: RunLevel) -> QuerySet[RunLevel]:
    """What is passed when ``target`` is raised: undecided levels below it, those of earlier rounds included."""
    below = Q(round__lt=target.round) | Q(round=target.round, number__lt=target.number)
    return run.levels.filter(below, state__in=UNDECIDED)


def _trigger(key: str | None) -> Trigger | None:
    if key is None:
        return None
    found = queries.triggers().filter(key=key).first()
    if found is None:
        raise Invalid(f"There is no trigger {key}.", field="trigger")
    return found
