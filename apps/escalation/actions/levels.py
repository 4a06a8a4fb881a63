"""What becomes of one level of a run: planned, paged, skipped, passed or held. The incident's row is locked."""

from __future__ import annotations

from datetime import datetime

from apps.core import clock as house_clock
from apps.engine import actions as engine
from apps.escalation import queries, rules, targets
from apps.escalation.models import UNDECIDED, Level, LevelState, Run, RunLevel
from apps.incidents import actions as incidents
from apps.incidents import timeline
from apps.incidents.models import EventKind, Incident
from apps.notifications import actions as notifications
from apps.notifications import messages
from apps.notifications.models import NotificationKind, Until
from apps.teams.models import User

FIRE = "escalation.level"


def add(run: Run, level: Level, *, due_at: datetime) -> RunLevel:
    """Take a level of a policy into the run as it is now."""
    return RunLevel.objects.create(
        run=run,
        number=level.number,
        name=level.name,
        due_at=due_at,
        unless=level.unless,
        targets=[targets.snapshot(target) for target in level.targets.all()],
    )


def plan(level: RunLevel, incident: Incident, *, at: datetime | None = None) -> None:
    """Let the engine decide the level at its time, or ``at`` another."""
    engine.schedule(
        FIRE,
        due_at=at or level.due_at,
        key=key_of(level),
        subject=f"incident:{incident.pk}",
        payload={"level": level.pk},
    )


def fire(level: RunLevel, incident: Incident, *, because: str) -> RunLevel | None:
    """Page everyone on the level, or at once on the first above it where anybody can be reached.

    Returns the level that fired, None where nobody at all could be paged.
    """
    now = house_clock.now()
    found = targets.find(level.targets, team=incident.team, incident=incident, at=now)
    missed = "; ".join(found.missed)
    if not found.people:
        decide(level, LevelState.SKIPPED, f"nobody could be paged ({missed or 'nobody is named'})")
        return _hand_over(level, incident)
    for person in found.people:
        page(level, incident, person, because=because)
    level.people.set(found.people)
    level.state, level.at, level.reason = LevelState.FIRED, now, because[:300]
    level.save(update_fields=["state", "at", "reason"])
    names = ", ".join(str(person) for person in found.people)
    but = f", not reached: {missed}" if missed else ""
    timeline.record(
        incident,
        EventKind.LEVEL_FIRED,
        text=f"Level {level.number}, {level.name}: {names} paged{but}. {because}",
        data={"level": level.number, "people": [person.pk for person in found.people], "reason": because},
    )
    return level


def take_over(level: RunLevel, earlier: RunLevel) -> None:
    """Keep on record that the level was paged before its chain changed: when, why and whom."""
    level.state, level.at, level.reason = LevelState.FIRED, earlier.at, earlier.reason
    level.save(update_fields=["state", "at", "reason"])
    level.people.set(earlier.people.all())


def page(level: RunLevel, incident: Incident, person: User, *, because: str) -> None:
    """Page one person of the level; once per person and level, however often it is called."""
    incidents.involve(incident, person, reason=f"paged as level {level.number}")
    notifications.notify(
        person,
        incident=incident,
        kind=NotificationKind.PAGE,
        step=step_of(level),
        subject=messages.subject(incident, f"level {level.number} page"),
        text=messages.page(incident, level=level.number, level_name=level.name, because=because),
        level=level.number,
        until=Until(level.unless),
    )


def _hand_over(level: RunLevel, incident: Incident) -> RunLevel | None:
    """Fire the lowest level above an empty one that is still needed; whichever fires is then spent."""
    above = level.run.levels.filter(state__in=UNDECIDED, number__gt=level.number).order_by("number")
    answers = queries.answers_of(incident)
    for candidate in above:
        engine.cancel_key(key_of(candidate))
        if reason := rules.why_not(candidate, answers):
            decide(candidate, LevelState.SKIPPED, reason)
        else:
            return fire(candidate, incident, because=f"Nobody could be paged on level {level.number}.")
    return None


def decide(level: RunLevel, state: LevelState, reason: str, *, say: bool = True) -> None:
    """Settle a level that pages nobody: skipped or passed, with the reason on the timeline if ``say``."""
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


def hold_back(level: RunLevel, run: Run, *, say: bool = True) -> None:
    """Let a due level wait for the end of the run's hold."""
    level.state = LevelState.HELD
    level.reason = f"held until {run.held_until:%Y-%m-%d %H:%M} UTC"
    level.save(update_fields=["state", "reason"])
    plan(level, run.incident, at=run.held_until)
    if say:
        timeline.record(
            run.incident,
            EventKind.ESCALATION_HELD,
            text=f"Level {level.number} waits: {level.reason}",
            data={"level": level.number, "reason": level.reason},
        )


def key_of(level: RunLevel) -> str:
    """The key of the timer that decides the level."""
    return f"{FIRE}:{level.pk}"


def step_of(level: RunLevel) -> str:
    """The occasion that the pages of the level are sent for."""
    return f"run:{level.run_id}:level:{level.number}"
