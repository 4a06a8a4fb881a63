"""Climbs the chain: starts a run, decides its levels when they are due, ends it (R9, R12).

Lock order: the incident's row, the levels of the policy, then the run.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction

from apps.core import clock as house_clock
from apps.core.errors import Conflict
from apps.core.spans import in_words
from apps.engine import actions as engine
from apps.escalation import queries, rules, targets, versions
from apps.escalation.actions import levels
from apps.escalation.actions.nobody import Reason, say_if_nobody_is_left
from apps.escalation.models import UNDECIDED, LevelState, LevelTarget, Policy, Run, RunLevel, TargetKind, Unless
from apps.incidents import timeline
from apps.incidents.actions.locking import locked
from apps.incidents.models import EventKind, Incident


def start_run(incident: Incident) -> Run:
    """Begin to climb: a snapshot of the policy that applies now, its times counted from the response's start.

    Every level whose time has come pages. Where no policy applies the on-call of the team is paged at once, and the
    timeline says why. The incident's row is locked by the caller.
    """
    policy = _policy_of(incident)
    end_run(incident, reason="the chain began anew", say=False)
    run, chain = _begin(incident, policy, since=incident.response_started_at)
    levels.plan_all(chain, incident)
    return run


def start_by(policy: Policy, incident: Incident, *, reason: str) -> Run:
    """Begin to climb the chain of that policy now, its times counted from now, in place of the one that runs.

    The incident's row is locked by the caller. Raises Conflict where the chain was removed meanwhile.
    """
    if not versions.hold(policy):
        raise Conflict(f"The chain of {policy} was removed meanwhile.")
    end_run(incident, reason=reason)
    run, chain = _begin(incident, policy, since=house_clock.now())
    levels.plan_all(chain, incident)
    return run


def start_over(incident: Incident) -> Run:
    """Take the chain anew in the midst of a response, for another severity or because its run is gone (requirements).

    What was paged since the response began stays on record and does not fire again, be it of a level that the new
    chain lacks; of the levels whose time is past only the highest fires. A hold goes on. The incident's row is locked
    by the caller.
    """
    before = queries.current_run(incident)
    paged_before = list(queries.paged_levels(incident))
    policy = _policy_of(incident)
    end_run(incident, reason="the chain began anew", say=False)
    run, _ = _begin(incident, policy, since=incident.response_started_at, before=before)
    count = max(run.levels.values_list("round", flat=True))
    paged = {rules.within(level.place, count): level for level in paged_before}
    _add_what_the_chain_lacks(run, paged)
    chain = list(run.levels.all())
    spent, passed = rules.carried_over(chain, fired=frozenset(paged), now=house_clock.now())
    for level in chain:
        if level.place in spent:
            levels.take_over(level, paged[level.place])
        elif level.place in passed:
            higher = "was paged before" if level.place < max(paged, default=(0, 0)) else "is due"
            levels.decide(level, LevelState.PASSED, f"a higher level {higher}")
        else:
            levels.plan(level, incident)
    return run


def end_run(incident: Incident, *, reason: str, say: bool = True) -> None:
    """Stop climbing: what is undecided is skipped for ``reason``; the incident's row is locked by the caller."""
    run = Run.objects.filter(incident=incident, ended_at__isnull=True).first()
    if run is None:
        return
    now = house_clock.now()
    left = list(run.levels.filter(state__in=UNDECIDED))
    engine.cancel(subject=f"incident:{incident.pk}", kind=levels.FIRE)
    begun = rules.current_round(list(run.levels.all()), now=now)
    for level in left:
        if level.round <= begun:
            levels.decide(level, LevelState.SKIPPED, reason, say=say)
    later = [level for level in left if level.round > begun]
    run.levels.filter(pk__in=[level.pk for level in later]).update(
        state=LevelState.SKIPPED, at=now, reason=reason[:300]
    )
    if later and say:
        _say_no_more_rounds(incident, later, reason)
    run.ended_at = now
    run.save(update_fields=["ended_at"])


@transaction.atomic(savepoint=False)
def fire_when_due(level_id: int, *, planned_for: datetime | None = None) -> None:
    """Decide the level that is due: page, or skip with the reason. Deciding twice is deciding once (R12, R13).

    What is due below it is decided first: after an outage several are due at once, and workers take one each. One that
    was moved beyond ``planned_for`` meanwhile, be it by what was decided below it, is left for its new time.
    """
    incident = locked(RunLevel.objects.values_list("run__incident", flat=True).get(pk=level_id))
    level = _fresh(level_id)
    due = planned_for or level.decided_at
    for pk in _below(level):
        lower = _fresh(pk)  # what was decided below that may have decided it, or moved it
        if _is_to_be_decided(lower, due):
            _decide(lower, incident)
            level = _fresh(level_id)
    if _is_to_be_decided(level, due):
        _decide(level, incident)


def _fresh(level_id: int) -> RunLevel:
    return RunLevel.objects.select_related("run").get(pk=level_id)


def _below(level: RunLevel) -> list[int]:
    """The undecided levels below in the same round, the lowest first."""
    if level.number == 1:
        return []
    below = level.run.levels.filter(state__in=UNDECIDED, round=level.round, number__lt=level.number)
    return list(below.order_by("number").values_list("pk", flat=True))


def _is_to_be_decided(level: RunLevel, due: datetime) -> bool:
    return level.state in UNDECIDED and level.run.ended_at is None and level.decided_at <= due


def _decide(level: RunLevel, incident: Incident) -> None:
    if reason := rules.why_not(level, queries.answers_of(incident)):
        levels.decide(level, LevelState.SKIPPED, reason)
        return
    if wait := levels.wait_of(level, incident, at=house_clock.now()):
        levels.hold_back(level, incident, wait)
        return
    if levels.fire(level, incident, because=_because(level, incident)) is None and incident.acknowledged_at is None:
        because = f"Nobody could be paged on level {level.number}, nor above it."
        say_if_nobody_is_left(level.run, incident, reason=Reason.EMPTY, because=because)


def _policy_of(incident: Incident) -> Policy | None:
    """The policy that applies now; nobody removes its levels before this transaction has written what it begins."""
    while True:
        policy = queries.policy_for(incident.severity, incident.team, incident.services.all())
        if policy is None or versions.hold(policy):
            return policy


def _begin(
    incident: Incident, policy: Policy | None, *, since: datetime, before: Run | None = None
) -> tuple[Run, list[RunLevel]]:
    """A run, and its levels: those of the policy, or the one that stands in where none covers the incident.

    What was held, and who was asked whether they are still on it, goes on from the run ``before``.
    """
    run = Run.objects.create(
        incident=incident,
        policy=policy,
        started_at=since,
        created_at=house_clock.now(),
        held_until=before.held_until if before else None,
        held_by=before.held_by if before else None,
        maintenance_until=before.maintenance_until if before else None,
        stood_still=before.stood_still if before else timedelta(0),
        asks_again_after=policy.asks_again_after if policy else None,
        asked_again_at=before.asked_again_at if before else None,
    )
    chain = RunLevel.objects.bulk_create(_every_round(run, policy)) if policy else []
    if not chain:
        stand_in = RunLevel.objects.create(
            run=run, number=1, name="On call", due_at=run.started_at + run.stood_still, unless=Unless.ACKNOWLEDGED,
            targets=[targets.snapshot(LevelTarget(kind=TargetKind.ON_CALL))],
        )  # fmt: skip
        uncovered = f"No escalation policy covers {incident.severity} of the team {incident.team}"
        timeline.record(incident, EventKind.NOTE, text=f"{uncovered}: only its on-call is paged.")
        chain = [stand_in]
    return run, chain


def _every_round(run: Run, policy: Policy) -> Iterator[RunLevel]:
    """The levels of each round of the policy, at their times."""
    chain = list(policy.levels.all())
    longest = max(level.after for level in chain)
    for number, begins in rules.rounds(policy.repeats, policy.repeat_every, longest):
        for level in chain:
            due_at = run.started_at + run.stood_still + begins + level.after
            yield levels.taken_from(run, level, round=number, due_at=due_at)


def _add_what_the_chain_lacks(run: Run, paged: dict[rules.Place, RunLevel]) -> None:
    """A level that was paged is part of the record of the run, whatever its new chain says."""
    has = {level.place for level in run.levels.all()}
    for (in_round, number), earlier in paged.items():
        if (in_round, number) not in has:
            RunLevel.objects.create(
                run=run, round=in_round, number=number, name=earlier.name, due_at=earlier.due_at,
                unless=earlier.unless, targets=earlier.targets,
            )  # fmt: skip


def _say_no_more_rounds(incident: Incident, later: list[RunLevel], reason: str) -> None:
    """One line for all rounds that did not begin: a line for each of their levels would bury the rest."""
    first, last = min(level.round for level in later), max(level.round for level in later)
    which = f"Round {first}" if first == last else f"Rounds {first} to {last}"
    timeline.record(
        incident,
        EventKind.LEVEL_SKIPPED,
        text=f"{which} skipped: {reason}",
        data={"level": min(level.number for level in later), "round": first, "rounds": [first, last], "reason": reason},
    )


def _because(level: RunLevel, incident: Incident) -> str:
    state = "not resolved" if level.unless == Unless.RESOLVED else "not acknowledged"
    if level.waits_until is not None:
        over = "The hold is over" if level.waits_until == level.run.held_until else "Working hours began"
        over = "Maintenance is over" if level.waits_until == level.run.maintenance_until else over
        return f"{over}: after {in_words(house_clock.now() - level.run.started_at)} the incident is {state}."
    after = level.due_at - level.run.started_at
    if not after and level.run.started_at != incident.response_started_at:
        return "It was handed to this chain."
    if not after:
        return "The incident was declared." if level.run.started_at == incident.declared_at else "It was reopened."
    return f"After {in_words(after)} the incident is {state}."
