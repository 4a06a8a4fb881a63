"""Climbs the chain: starts a run, decides its levels when they are due, ends it (R9, R12).

Lock order: the incident's row, then the run.
"""

from __future__ import annotations

from django.db import transaction

from apps.core import clock as house_clock
from apps.core.spans import in_words
from apps.engine import actions as engine
from apps.escalation import queries, rules, targets
from apps.escalation.actions import levels
from apps.escalation.models import UNDECIDED, LevelState, Run, RunLevel
from apps.incidents import timeline
from apps.incidents.actions.locking import locked
from apps.incidents.models import EventKind, Incident


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
    chain = [
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
    spent, passed = rules.carried_over(chain, fired=fired, now=now)
    for level in chain:
        if level.number in spent:
            levels.decide(level, LevelState.FIRED, "paged before the severity changed", say=False)
        elif level.number in passed:
            levels.decide(level, LevelState.PASSED, "a higher level is due")
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


def _because(level: RunLevel, incident: Incident) -> str:
    after = level.due_at - level.run.started_at
    if not after:
        return "The incident was declared." if level.run.started_at == incident.declared_at else "It was reopened."
    state = "not resolved" if level.unless == "resolved" else "not acknowledged"
    return f"After {in_words(after)} the incident is {state}."
