"""Says that a chain came to its end with nobody to page; who hears it wakes others. The incident's row is locked."""

from __future__ import annotations

from enum import StrEnum

from apps.escalation import ends
from apps.escalation.models import Run
from apps.incidents import timeline
from apps.incidents.models import EventKind, Incident


class Reason(StrEnum):
    """By what it came to nobody."""

    EMPTY = "empty"
    BY_HAND = "by_hand"
    DECLINED = "declined"
    UNREACHED = "unreached"
    SILENT = "silent"


def say_if_nobody_is_left(run: Run, incident: Incident, *, reason: Reason, because: str) -> None:
    """Record once per run and ``reason`` that nobody could be paged, unless the chain may still find somebody."""
    said = incident.timeline.filter(kind=EventKind.NOBODY_PAGED, data__run=run.pk, data__reason=reason)
    if not ends.comes_to_nobody(run, incident) or said.exists():
        return
    timeline.record(
        incident,
        EventKind.NOBODY_PAGED,
        text=f"{because} Nobody is left who could be paged: who leads the team and who administrates is told.",
        data={"run": run.pk, "reason": reason},
    )
