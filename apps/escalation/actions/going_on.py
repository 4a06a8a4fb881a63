"""Lets the chain go on before its time, because whoever was asked does not answer. The incident's row is locked."""

from __future__ import annotations

from apps.core import clock as house_clock
from apps.engine import actions as engine
from apps.escalation import queries, rules
from apps.escalation.actions import levels
from apps.escalation.models import LevelState, Run, RunLevel
from apps.incidents.models import Incident


def go_on(run: Run, incident: Incident, *, because: str, spared_too: bool = False) -> RunLevel | None:
    """Page the next level above the highest that was paged now; return it, None where none is left to be paged now.

    As with an empty level: what is not needed any more is skipped, and one that is held, or waits for working hours,
    goes on waiting. ``spared_too``: also levels that an acknowledgement spared, since it is worth nothing any more.
    """
    answers, now, tried = queries.answers_of(incident), house_clock.now(), set[int]()
    while (level := _next(run, spared_too=spared_too, but=tried)) is not None:
        tried.add(level.pk)
        wait = levels.wait_of(level, incident, at=now)
        if wait is not None and spared_too:
            return None
        if not spared_too and (reason := rules.why_not(level, answers)):
            engine.cancel_key(levels.key_of(level))
            levels.decide(level, LevelState.SKIPPED, reason)
            continue
        if wait is not None:
            if level.state != LevelState.HELD:  # an empty level below it may have handed over to it a moment ago
                levels.hold_back(level, incident, wait)
            return level
        engine.cancel_key(levels.key_of(level))
        if (fired := levels.fire(level, incident, because=because)) is not None:
            return fired
    return None


def _next(run: Run, *, spared_too: bool, but: set[int]) -> RunLevel | None:
    left = [level for level in run.levels.select_related("run__incident") if level.pk not in but]
    return rules.next_above_paged(left, spared_too=spared_too)
