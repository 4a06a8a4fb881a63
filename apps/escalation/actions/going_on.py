"""Lets the chain go on before its time, because whoever was asked does not answer. The incident's row is locked."""

from __future__ import annotations

from apps.core import clock as house_clock
from apps.engine import actions as engine
from apps.escalation import queries, rules
from apps.escalation.actions import levels
from apps.escalation.models import LevelState, Run, RunLevel
from apps.incidents.models import Incident


def go_on(run: Run, incident: Incident, *, because: str, spared_too: bool = False) -> RunLevel | None:
    """Page the next level above the highest that was paged now; return it, None where none is left.

    As with an empty level: what is not needed any more is skipped, and one that is held waits for the end of the hold.
    ``spared_too``: also levels that an acknowledgement spared, since it is worth nothing any more.
    """
    answers, tried = queries.answers_of(incident), set[int]()
    while (level := _next(run, spared_too=spared_too, but=tried)) is not None:
        tried.add(level.pk)
        engine.cancel_key(levels.key_of(level))
        if not spared_too and (reason := rules.why_not(level, answers)):
            levels.decide(level, LevelState.SKIPPED, reason)
        elif run.held_until is not None and run.held_until > house_clock.now():
            levels.hold_back(level, incident, rules.Wait(run.held_until, for_hours=False))
            return level
        elif (fired := levels.fire(level, incident, because=because)) is not None:
            return fired
    return None


def _next(run: Run, *, spared_too: bool, but: set[int]) -> RunLevel | None:
    left = [level for level in run.levels.select_related("run__incident") if level.pk not in but]
    return rules.next_above_paged(left, spared_too=spared_too)
