"""How a clock is shown: its state in one word, and its verdict once it has ended (R4, R24, R31)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from apps.core import clock
from apps.core.spans import in_words
from apps.incidents.models import Clock, ClockName


class ClockState(StrEnum):
    OK = "ok"
    WARN = "warn"
    OVERDUE = "overdue"
    MET = "met"
    BREACHED = "breached"


@dataclass(frozen=True, slots=True)
class ClockFace:
    """One clock as a person reads it."""

    name: ClockName
    state: ClockState
    due_at: datetime
    warn_at: datetime
    verdict: str

    @property
    def label(self) -> str:
        return str(self.name.label)

    @property
    def running(self) -> bool:
        return self.state in (ClockState.OK, ClockState.WARN, ClockState.OVERDUE)


def face_of(target: Clock) -> ClockFace:
    """Return how ``target`` looks now. A clock that was met late stays breached and says by how much."""
    warn_at = target.warn_at or target.due_at
    state, verdict = _running(target.due_at, warn_at), ""
    if target.met_at is not None:
        late = target.met_at - target.due_at
        if late > timedelta(0):
            state, verdict = ClockState.BREACHED, f"{in_words(late)} late"
        else:
            state, verdict = ClockState.MET, f"after {in_words(target.met_at - target.started_at)}"
    elif target.stopped_at is not None:
        state, verdict = (ClockState.BREACHED, "breached") if target.breached_at else (ClockState.MET, "stopped")
    return ClockFace(ClockName(target.name), state, target.due_at, warn_at, verdict)


def faces(clocks: Iterable[Clock]) -> list[ClockFace]:
    """The faces of ``clocks`` in the order in which an incident meets them; what was stopped unbroken is left out."""
    order = list(ClockName)
    shown = [face_of(each) for each in clocks if each.stopped_at is None or each.breached_at is not None]
    return sorted(shown, key=lambda face: order.index(face.name))


def most_urgent(clocks: Iterable[Clock]) -> ClockFace | None:
    """The face of the running clock that is due first."""
    running = [face_of(each) for each in clocks if each.is_running]
    return min(running, key=lambda face: face.due_at, default=None)


def _running(due_at: datetime, warn_at: datetime) -> ClockState:
    now = clock.now()
    if now >= due_at:
        return ClockState.OVERDUE
    return ClockState.WARN if now >= warn_at else ClockState.OK
