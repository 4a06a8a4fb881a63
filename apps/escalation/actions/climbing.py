"""Climbs the chain: starts a run, decides its levels when they are due, ends it (R9, R12).

Lock order: the incident's row, then the run.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.core import clock as house_clock
from apps.core.spans import in_words
from apps.engine import actions as engine
from apps.escalation import queries, rules, targets
from apps.escalation.actions import levels
from apps.escalation.models import UNDECIDED, LevelState, LevelTarget, Policy, Run, RunLevel, TargetKind, Unless
from apps.incidents import timeline
from apps.incidents.actions.locking import locked
from apps.incidents.models import EventKind, Incident


def start_run(incident: Incident) -> Run:
    """Begin to climb: a snapshot of the policy that applies now, its times counted from the response's start.

    Every level whose time has come pages. Where no policy applies the on-call of the team is paged at once, and the
    timeline says why. The incident's row is locked by the caller.
    """
    end_run(incident, reason="the chain began anew", say=False)
    run = _begin(incident, queries.policy_for(incident.severity, incident.team), since=incident.response_started_at)
    for level in run.levels.all():
        levels.plan(level, incident)
    return run


def start_by(policy: Policy, incident: Incident, *, reason: str) -> Run:
    """Begin to climb the chain of that policy now, its times counted from now, in place of the one that runs.

    The incident's row is locked by the caller.
    """
    end_run(incident, reason=reason)
    run = _begin(incident, policy, since=house_clock.now())
    for level in run.levels.all():
        levels.plan(level, incident)
    return run


def start_over(incident: Incident) -> Run:
    """Take the chain anew in the midst of a response, for another severity or because its run is gone (requirements).

    What was paged since the response began stays on record and does not fire again, be it of a level that the new
    chain lacks; of the levels whose time is past only the highest fires. A hold goes on. The incident's row is locked
    by the caller.
    """
    paged = {level.number: level for level in queries.paged_levels(incident)}
    before = queries.current_run(incident)
    end_run(incident, reason="the chain began anew", say=False)
    policy = queries.policy_for(incident.severity, incident.team)
    run = _begin(incident, policy, since=incident.response_started_at, before=before)
    _add_what_the_chain_lacks(run, paged)
    chain = list(run.levels.all())
    spent, passed = rules.carried_over(chain, fired=frozenset(paged), now=house_clock.now())
    for level in chain:
        if level.number in spent:
            levels.take_over(level, paged[level.number])
        elif level.number in passed:
            higher = "was paged before" if level.number < max(paged, default=0) else "is due"
            levels.decide(level, LevelState.PASSED, f"a higher level {higher}")
        else:
            levels.plan(level, incident)
    return run


def end_run(incident: Incident, *, reason: str, say: bool = True) -> None:
    """Stop climbing: what is undecided is skipped for ``reason``; the incident's row is locked by the caller."""
    run = queries.current_run(incident)
    if run is None:
        return
    for level in run.levels.filter(state__in=UNDECIDED):
        engine.cancel_key(levels.key_of(level))
        levels.decide(level, LevelState.SKIPPED, reason, say=say)
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
        levels.decide(level, LevelState.SKIPPED, reason)
        return
    if run.held_until is not None and run.held_until > now:
        levels.hold_back(level, run)
        return
    levels.fire(level, incident, because=_because(level, incident))


def _begin(incident: Incident, policy: Policy | None, *, since: datetime, before: Run | None = None) -> Run:
    """A run with the levels of the policy, or the one level that stands in where none covers the incident.

    What was held, and who was asked whether they are still on it, goes on from the run ``before``.
    """
    run = Run.objects.create(
        incident=incident,
        policy=policy,
        started_at=since,
        created_at=house_clock.now(),
        held_until=before.held_until if before else None,
        asks_again_after=policy.asks_again_after if policy else None,
        asked_again_at=before.asked_again_at if before else None,
    )
    covering = list(policy.levels.all()) if policy else []
    for level in covering:
        levels.add(run, level, due_at=run.started_at + level.after)
    if not covering:
        RunLevel.objects.create(
            run=run, number=1, name="On call", due_at=run.started_at, unless=Unless.ACKNOWLEDGED,
            targets=[targets.snapshot(LevelTarget(kind=TargetKind.ON_CALL))],
        )  # fmt: skip
        uncovered = f"No escalation policy covers {incident.severity} of the team {incident.team}"
        timeline.record(incident, EventKind.NOTE, text=f"{uncovered}: only its on-call is paged.")
    return run


def _add_what_the_chain_lacks(run: Run, paged: dict[int, RunLevel]) -> None:
    """A level that was paged is part of the record of the run, whatever its new chain says."""
    has = set(run.levels.values_list("number", flat=True))
    for earlier in paged.values():
        if earlier.number not in has:
            RunLevel.objects.create(
                run=run, number=earlier.number, name=earlier.name, due_at=earlier.due_at, unless=earlier.unless,
                targets=earlier.targets,
            )  # fmt: skip


def _because(level: RunLevel, incident: Incident) -> str:
    state = "not resolved" if level.unless == Unless.RESOLVED else "not acknowledged"
    if level.state == LevelState.HELD:
        waited = in_words(house_clock.now() - level.run.started_at)
        return f"The hold is over: after {waited} the incident is {state}."
    after = level.due_at - level.run.started_at
    if not after and level.run.started_at != incident.response_started_at:
        return "It was handed to this chain."
    if not after:
        return "The incident was declared." if level.run.started_at == incident.declared_at else "It was reopened."
    return f"After {in_words(after)} the incident is {state}."
