"""What becomes of one level of a run: planned, paged, skipped, passed or held. The incident's row is locked."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.db.models import F

from apps.core import clock as house_clock
from apps.engine import actions as engine
from apps.escalation import hours, queries, rules, targets, turns
from apps.escalation.models import UNDECIDED, Level, LevelState, Run, RunLevel
from apps.escalation.targets import Found
from apps.incidents import actions as incidents
from apps.incidents import maintenance, timeline
from apps.incidents.models import EventKind, Incident
from apps.notifications import actions as notifications
from apps.notifications import messages
from apps.notifications.models import NotificationKind, Until
from apps.teams.models import User

FIRE = "escalation.level"


def taken_from(run: Run, level: Level, *, due_at: datetime, round: int = 1) -> RunLevel:  # noqa: A002  (its name)
    """A level of a policy as it is now, for ``round`` of the run; not saved."""
    return RunLevel(
        run=run,
        source=level,
        round=round,
        number=level.number,
        name=level.name,
        due_at=due_at,
        unless=level.unless,
        outside_hours=level.outside_hours,
        round_robin=level.round_robin,
        targets=[targets.snapshot(target) for target in level.targets.all()],
    )


def plan(level: RunLevel, incident: Incident) -> None:
    """Let the engine decide the level at its time, or when what holds it back is over."""
    plan_all([level], incident)


def plan_all(chain: Iterable[RunLevel], incident: Incident) -> None:
    """Let the engine decide each of the levels, as ``plan`` does."""
    engine.schedule_all(
        [
            engine.Planned(
                kind=FIRE,
                due_at=level.decided_at,
                key=key_of(level),
                subject=f"incident:{incident.pk}",
                payload={"level": level.pk},
            )
            for level in chain
        ]
    )


def fire(level: RunLevel, incident: Incident, *, because: str, may_wait: bool = True) -> RunLevel | None:
    """Page everyone on the level, or at once on the first above it in its round where anybody can be reached.

    Its endpoints are posted to whoever else there is, and one that has nothing else counts as empty. Of a level that
    pages one after the other it is the one whose turn it is. Returns the level that fired, None where
    nobody at all could be paged. An empty level hands over to one that waits for working hours only to wait, unless
    ``may_wait`` is False: then a person asked.
    """
    now = house_clock.now()
    found = who(level, incident, at=now)
    missed = "; ".join(found.missed)
    if not found.people:
        posted = ", ".join(map(str, found.endpoints))
        why = "; ".join(filter(None, [missed, posted and f"only {posted} told"])) or "nobody is named"
        decide(level, LevelState.SKIPPED, f"nobody could be paged ({why})", endpoints=found.endpoints)
        _post(level, incident, found.endpoints, because="Nobody of the level could be paged.")
        return _hand_over(level, incident, may_wait=may_wait)
    people = [turns.take(level.source_id, found.people)] if level.round_robin else found.people
    if remark := maintenance.remark(incident, at=now):
        because = f"{because.rstrip('.')}. {remark}"
    page(level, incident, [*people, *found.endpoints], because=because)
    level.people.add(*people, *found.endpoints)
    level.state, level.at, level.reason = LevelState.FIRED, now, because[:300]
    level.save(update_fields=["state", "at", "reason"])
    names = ", ".join(str(person) for person in people)
    if level.round_robin and len(found.people) > 1:
        names += f" (whose turn it was of {len(found.people)})"
    told = f", {', '.join(map(str, found.endpoints))} told" if found.endpoints else ""
    but = f"{told}, not reached: {missed}" if missed else told
    timeline.record(
        incident,
        EventKind.LEVEL_FIRED,
        text=f"{called(level)}, {level.name}: {names} paged{but}. {because}",
        data={
            **_facts(level),
            "people": [person.pk for person in people],
            "endpoints": [endpoint.pk for endpoint in found.endpoints],
            "reason": because,
        },
    )
    return level


def _post(level: RunLevel, incident: Incident, endpoints: Collection[User], *, because: str) -> None:
    """Tell the endpoints of a level of which nobody could be paged."""
    if endpoints:
        page(level, incident, endpoints, because=because)
        level.people.add(*endpoints)


def who(level: RunLevel, incident: Incident, *, at: datetime) -> Found:
    """Everyone the level's targets lead to at that instant, within or outside the team's working hours."""
    opening = hours.opening_of(incident.team)
    asked = targets.asked(level.targets, outside_hours=level.outside_hours, opening=opening, at=at)
    return targets.Lookup(team=incident.team, incident=incident, at=at).find(asked)


def take_over(level: RunLevel, earlier: RunLevel) -> None:
    """Keep on record that the level was paged before its chain changed: when, why and whom."""
    level.state, level.at, level.reason = LevelState.FIRED, earlier.at, earlier.reason
    level.save(update_fields=["state", "at", "reason"])
    level.people.set(earlier.people.all())


def page(level: RunLevel, incident: Incident, people: Collection[User], *, because: str) -> None:
    """Page people of the level; each once per level and round, however often it is called."""
    incidents.involve_all(incident, [(person, f"paged as level {level.number}") for person in people])
    notifications.notify_all(
        dict.fromkeys(people, messages.page(incident, level=level.number, level_name=level.name, because=because)),
        incident=incident,
        kind=NotificationKind.PAGE,
        step=step_of(level),
        subject=messages.subject(incident, f"level {level.number} page"),
        level=level.number,
        until=Until(level.unless),
    )


def wait_of(level: RunLevel, incident: Incident, *, at: datetime) -> rules.Wait | None:
    """What keeps the level from firing at that instant: maintenance, else the run's hold, or the team's working hours.

    At the end of maintenance the others are asked anew.
    """
    if (held := maintenance.holding(incident, at=at)) is not None:
        return rules.Wait(until=held.until, for_hours=False, maintenance=held.text)
    return rules.wait_of(level, at=at, held_until=level.run.held_until, opening=hours.opening_of(incident.team))


def _hand_over(level: RunLevel, incident: Incident, *, may_wait: bool) -> RunLevel | None:
    """Fire the lowest level above an empty one that is still needed; whichever fires is then spent.

    The next round keeps its time: by then there may be somebody again.
    """
    same_round = level.run.levels.filter(state__in=UNDECIDED, round=level.round, number__gt=level.number)
    answers, now = queries.answers_of(incident), house_clock.now()
    for candidate in same_round.select_related("run").order_by("number"):
        if reason := rules.why_not(candidate, answers):
            engine.cancel_key(key_of(candidate))
            decide(candidate, LevelState.SKIPPED, reason)
            continue
        wait = wait_of(candidate, incident, at=now) if may_wait else None
        if wait is not None and wait.for_hours:
            hold_back(candidate, incident, wait)
            return None
        engine.cancel_key(key_of(candidate))
        because = f"Nobody could be paged on level {level.number}."
        return fire(candidate, incident, because=because, may_wait=may_wait)
    return None


def decide(
    level: RunLevel, state: LevelState, reason: str, *, say: bool = True, endpoints: Collection[User] = ()
) -> None:
    """Settle a level that pages nobody: skipped or passed, with the reason on the timeline if ``say``.

    ``endpoints`` are told of it all the same.
    """
    level.state, level.at, level.reason = state, house_clock.now(), reason[:300]
    level.save(update_fields=["state", "at", "reason"])
    if say:
        kind = EventKind.LEVEL_PASSED if state == LevelState.PASSED else EventKind.LEVEL_SKIPPED
        timeline.record(
            level.run.incident,
            kind,
            text=f"{called(level)} {state.label.lower()}: {reason}",
            data={**_facts(level), "reason": reason, "endpoints": [endpoint.pk for endpoint in endpoints]},
        )


def let_count_again(run: Run, spared: Collection[int], incident: Incident) -> None:
    """Plan again what a reassignment to people spared, by the ids of the levels; at its old times."""
    skipped = list(run.levels.filter(pk__in=spared, state=LevelState.SKIPPED).select_related("run"))
    fired = (level.place for level in run.levels.filter(state=LevelState.FIRED))
    again = rules.counting_again(skipped, paged=max(fired, default=(1, 0)), now=house_clock.now())
    for level in again:
        level.state, level.at, level.reason, level.waits_until = LevelState.PLANNED, None, "", None
    RunLevel.objects.bulk_update(again, ["state", "at", "reason", "waits_until"])
    plan_all(again, incident)


def hold_back(level: RunLevel, incident: Incident, wait: rules.Wait, *, say: bool = True) -> None:
    """Let a due level wait for the end of maintenance, of the run's hold, or for working hours.

    During maintenance time stands still for the chain: what comes after the level keeps its distance to it.
    """
    if wait.maintenance:
        by = max(wait.until - level.decided_at, timedelta(0))
        stand_still(level.run, until=wait.until, by=by, reason=wait.maintenance, but=level)
    until = f"{wait.until:%Y-%m-%d %H:%M} UTC"
    level.state, level.waits_until = LevelState.HELD, wait.until
    level.reason = f"held until {until}"
    if wait.for_hours:
        level.reason = f"held until {until}, when working hours of {incident.team} begin"
    elif wait.maintenance:
        level.reason = wait.maintenance[:300]
    level.save(update_fields=["state", "waits_until", "reason"])
    plan(level, incident)
    if say:
        timeline.record(
            incident,
            EventKind.ESCALATION_HELD,
            text=f"{called(level)} waits: {level.reason}",
            data={**_facts(level), "reason": level.reason, "until": wait.until.isoformat()},
        )


def hold_again(level: RunLevel, incident: Incident) -> None:
    """Let a level that is held already wait as the run's hold, which was changed, and working hours say now."""
    level.refresh_from_db(fields=["waits_until"])  # maintenance may have moved it together with one before it
    now = house_clock.now()
    over = rules.Wait(until=level.run.held_until or now, for_hours=False)
    hold_back(level, incident, wait_of(level, incident, at=now) or over, say=False)


def stand_still(run: Run, *, until: datetime, by: timedelta, reason: str, but: RunLevel | None = None) -> None:
    """Note that the chain stands still until then, and move by so much what is planned; back, if ``by`` is negative.

    What is held already, and would be decided meanwhile or waits for the end of the maintenance as it was reckoned
    before, waits until then too. ``but``: that level alone stays as it is.
    """
    moved = []
    for level in run.levels.filter(state__in=UNDECIDED):
        if level == but:
            continue
        if level.state == LevelState.PLANNED:
            level.due_at += by
        elif level.waits_until is not None and (
            level.waits_until < until or level.waits_until == run.maintenance_until
        ):
            level.waits_until, level.reason = until, reason[:300]
        else:
            continue
        moved.append(level)
    RunLevel.objects.bulk_update(moved, ["due_at", "waits_until", "reason"])
    plan_all(moved, run.incident)
    Run.objects.filter(pk=run.pk).update(maintenance_until=until, stood_still=F("stood_still") + by)
    run.refresh_from_db(fields=["maintenance_until", "stood_still"])


def called(level: RunLevel) -> str:
    """What the timeline calls the level; the first round goes without saying."""
    return f"Level {level.number}" if level.round == 1 else f"Level {level.number} of round {level.round}"


def key_of(level: RunLevel) -> str:
    """The key of the timer that decides the level."""
    return f"{FIRE}:{level.pk}"


def step_of(level: RunLevel) -> str:
    """The occasion that the pages of the level are sent for."""
    in_round = f":round:{level.round}" if level.round > 1 else ""
    return f"run:{level.run_id}{in_round}:level:{level.number}"


def _facts(level: RunLevel) -> dict[str, int]:
    return {"level": level.number, "round": level.round}
