"""Climbs the chain: starts a run, fires its levels, raises by hand, holds (R9 to R13).

Lock order: the incident's row, then the run.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from apps.core import clock as house_clock
from apps.core.errors import Invalid, RuleViolation
from apps.core.spans import in_words
from apps.engine import actions as engine
from apps.escalation import queries, rules, targets
from apps.escalation.models import UNDECIDED, LevelState, Run, RunLevel, Trigger
from apps.incidents import actions as incidents
from apps.incidents import timeline
from apps.incidents.actions.locking import locked
from apps.incidents.models import OPEN, EventKind, Incident, Via
from apps.notifications import actions as notifications
from apps.notifications import messages
from apps.notifications import queries as reach
from apps.notifications.models import NotificationKind, Until
from apps.teams import access
from apps.teams.models import User

FIRE = "escalation.level"
LONGEST_HOLD = timedelta(hours=24)


def start_run(incident: Incident, *, fired: frozenset[int] = frozenset()) -> Run | None:
    """Begin to climb: a snapshot of the policy that applies now, its times counted from the response's start.

    ``fired`` are levels that already paged and do not again; the incident's row is locked by the caller. None, and a
    word on the timeline, where no policy applies.
    """
    end_run(incident, reason="the chain began anew", say=False)
    policy = queries.policy_for(incident.severity, incident.team)
    if policy is None:
        timeline.record(
            incident, EventKind.NOTE, text=f"No escalation policy for {incident.severity}: nobody is paged."
        )
        return None
    now = house_clock.now()
    run = Run.objects.create(incident=incident, policy=policy, started_at=incident.response_started_at, created_at=now)
    levels = [
        RunLevel.objects.create(
            run=run,
            number=level.number,
            name=level.name,
            due_at=run.started_at + level.after,
            unless=level.unless,
            targets=[targets.snapshot(target) for target in level.targets.all()],
        )
        for level in policy.levels.all()
    ]
    spent, passed = rules.carried_over(levels, fired=fired, now=now)
    for level in levels:
        if level.number in spent:
            _decide(level, LevelState.FIRED, "paged before the severity changed", say=False)
        elif level.number in passed:
            _decide(level, LevelState.PASSED, "a higher level is due")
        else:
            _plan(level, incident)
    return run


def end_run(incident: Incident, *, reason: str, say: bool = True) -> None:
    """Stop climbing: what is undecided is skipped for ``reason``; the incident's row is locked by the caller."""
    run = queries.current_run(incident)
    if run is None:
        return
    for level in run.levels.filter(state__in=UNDECIDED):
        engine.cancel_key(_key(level))
        _decide(level, LevelState.SKIPPED, reason, say=say)
    run.ended_at = house_clock.now()
    run.save(update_fields=["ended_at"])


@transaction.atomic
def fire_when_due(level_id: int) -> None:
    """Decide the level that is due: page, or skip with the reason. Deciding twice is deciding once (R12, R13)."""
    incident = locked(RunLevel.objects.values_list("run__incident", flat=True).get(pk=level_id))
    level = RunLevel.objects.select_related("run").get(pk=level_id)
    if level.state not in UNDECIDED or level.run.ended_at is not None:
        return
    run, now = level.run, house_clock.now()
    if reason := rules.why_not(level, queries.answers_of(incident)):
        _decide(level, LevelState.SKIPPED, reason)
        return
    if run.held_until is not None and run.held_until > now:
        _hold_back(level, run)
        return
    _fire(level, incident, because=_because(level, incident))


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
        engine.cancel_key(_key(below))
        _decide(below, LevelState.PASSED, f"raised to level {target.number} by hand")
    engine.cancel_key(_key(target))
    _fire(target, incident, because=f"{by} escalated: {reason.strip()}")
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
        _hold_back(level, run, say=False)
    timeline.record(
        incident,
        EventKind.ESCALATION_HELD,
        text=f"{by} holds the escalation for {in_words(timedelta(minutes=minutes))}.",
        actor=by,
        via=via,
        data={"until": run.held_until.isoformat()},
    )
    return incident


def _fire(level: RunLevel, incident: Incident, *, because: str) -> None:
    """Page everyone on the level; hand over to the next at once where nobody can be reached."""
    now = house_clock.now()
    people = targets.people(level.targets, team=incident.team, incident=incident, at=now)
    reachable = reach.reachable(people)
    if not reachable:
        named = ", ".join(str(person) for person in people) or "nobody is named"
        _decide(level, LevelState.SKIPPED, f"nobody could be paged ({named})")
        _hand_over(level, incident)
        return
    for person in reachable:
        incidents.involve(incident, person, reason=f"paged as level {level.number}")
        notifications.notify(
            person,
            incident=incident,
            kind=NotificationKind.PAGE,
            step=f"run:{level.run_id}:level:{level.number}",
            subject=messages.subject(incident, f"level {level.number} page"),
            text=messages.page(incident, level=level.number, level_name=level.name, because=because),
            level=level.number,
            until=Until(level.unless),
        )
    level.people.set(reachable)
    level.state, level.at, level.reason = LevelState.FIRED, now, because[:300]
    level.save(update_fields=["state", "at", "reason"])
    names = ", ".join(str(person) for person in reachable)
    timeline.record(
        incident,
        EventKind.LEVEL_FIRED,
        text=f"Level {level.number}, {level.name}: {names} paged. {because}",
        data={"level": level.number, "people": [person.pk for person in reachable], "reason": because},
    )


def _hand_over(level: RunLevel, incident: Incident) -> None:
    """The next undecided level above an empty one fires at once, and is then spent."""
    above = level.run.levels.filter(state__in=UNDECIDED, number__gt=level.number).order_by("number").first()
    if above is None:
        return
    if reason := rules.why_not(above, queries.answers_of(incident)):
        engine.cancel_key(_key(above))
        _decide(above, LevelState.SKIPPED, reason)
        return
    engine.cancel_key(_key(above))
    _fire(above, incident, because=f"Nobody could be paged on level {level.number}.")


def _decide(level: RunLevel, state: LevelState, reason: str, *, say: bool = True) -> None:
    level.state, level.at, level.reason = state, house_clock.now(), reason[:300]
    level.save(update_fields=["state", "at", "reason"])
    if say:
        kind = EventKind.LEVEL_PASSED if state == LevelState.PASSED else EventKind.LEVEL_SKIPPED
        timeline.record(
            level.run.incident,
            kind,
            text=f"Level {level.number} {state.label.lower()}: {reason}",
            data={"level": level.number, "reason": reason},
        )


def _hold_back(level: RunLevel, run: Run, *, say: bool = True) -> None:
    """Let a due level wait for the end of the run's hold."""
    level.state = LevelState.HELD
    level.reason = f"held until {run.held_until:%H:%M} UTC"
    level.save(update_fields=["state", "reason"])
    engine.schedule(
        FIRE, due_at=run.held_until, key=_key(level), subject=f"incident:{run.incident_id}", payload={"level": level.pk}
    )
    if say:
        timeline.record(
            run.incident,
            EventKind.ESCALATION_HELD,
            text=f"Level {level.number} waits: {level.reason}",
            data={"level": level.number, "reason": level.reason},
        )


def _level_to_fire(run: Run, number: int | None) -> RunLevel:
    levels = {level.number: level for level in run.levels.all()}
    if number is None:
        upcoming = rules.next_to_fire(list(levels.values()), queries.answers_of(run.incident))
        if upcoming is None:
            raise RuleViolation("Every level of the chain was already decided.")
        return upcoming
    if number not in levels:
        highest = max(levels, default=0)
        raise Invalid(f"The chain of this incident has the levels 1 to {highest}, not {number}.", field="level")
    if levels[number].state == LevelState.FIRED:
        raise RuleViolation(f"Level {number} was already paged.")
    return levels[number]


def _trigger(key: str | None) -> Trigger | None:
    if key is None:
        return None
    found = queries.triggers().filter(key=key).first()
    if found is None:
        raise Invalid(f"There is no trigger {key}.", field="trigger")
    return found


def _because(level: RunLevel, incident: Incident) -> str:
    after = level.due_at - level.run.started_at
    if not after:
        return "The incident was declared." if level.run.started_at == incident.declared_at else "It was reopened."
    state = "not resolved" if level.unless == "resolved" else "not acknowledged"
    return f"After {in_words(after)} the incident is {state}."


def _plan(level: RunLevel, incident: Incident) -> None:
    engine.schedule(
        FIRE, due_at=level.due_at, key=_key(level), subject=f"incident:{incident.pk}", payload={"level": level.pk}
    )


def _key(level: RunLevel) -> str:
    return f"{FIRE}:{level.pk}"
