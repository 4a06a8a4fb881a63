"""How the events of a timeline look: an icon, a tone, and a person's own words set apart."""

from __future__ import annotations

from dataclasses import dataclass

from apps.incidents.models import EventKind, Incident, TimelineEvent

#: How many events the incident page shows before it offers the rest.
SHOWN = 60

_LOOKS: dict[str, tuple[str, str]] = {
    EventKind.DECLARED: ("siren", "danger"),
    EventKind.ACKNOWLEDGED: ("check", "ok"),
    EventKind.STATUS_CHANGED: ("right", "accent"),
    EventKind.SEVERITY_CHANGED: ("flame", "warn"),
    EventKind.RESOLVED: ("check", "ok"),
    EventKind.REOPENED: ("history", "danger"),
    EventKind.CLOSURE_CONFIRMED: ("check", "ok"),
    EventKind.CLOSED: ("lock", ""),
    EventKind.CANCELLED: ("close", ""),
    EventKind.MERGED: ("link", ""),
    EventKind.ROLE_INVITED: ("mail", ""),
    EventKind.ROLE_ASSIGNED: ("user", "accent"),
    EventKind.ROLE_VACANT: ("user", "warn"),
    EventKind.PAGE_ACKNOWLEDGED: ("check", "ok"),
    EventKind.PAGE_DECLINED: ("minus", "warn"),
    EventKind.RESPONDER_ASKED: ("user", "accent"),
    EventKind.RESPONDER_ACCEPTED: ("user", "ok"),
    EventKind.RESPONDER_WITHDRAWN: ("minus", ""),
    EventKind.WATCHED: ("bell", ""),
    EventKind.UNWATCHED: ("bell", ""),
    EventKind.ACCESS_GIVEN: ("lock", "accent"),
    EventKind.ACCESS_TAKEN_BACK: ("lock", "warn"),
    EventKind.REASSIGNED: ("right", "warn"),
    EventKind.ASKED_AGAIN: ("clock", "warn"),
    EventKind.LEVEL_FIRED: ("up", "warn"),
    EventKind.LEVEL_SKIPPED: ("minus", ""),
    EventKind.LEVEL_PASSED: ("minus", ""),
    EventKind.ESCALATION_HELD: ("clock", ""),
    EventKind.HOLD_ENDED: ("clock", ""),
    EventKind.ESCALATED: ("up", "danger"),
    EventKind.NOBODY_PAGED: ("alert", "danger"),
    EventKind.CLOCK_WARNED: ("clock", "warn"),
    EventKind.CLOCK_MET: ("clock", "ok"),
    EventKind.CLOCK_BREACHED: ("clock", "danger"),
    EventKind.ALERT_FIRING: ("pulse", "danger"),
    EventKind.ALERT_RESOLVED: ("pulse", "ok"),
    EventKind.DESCRIBED: ("file", ""),
    EventKind.NOTE: ("chat", ""),
    EventKind.CAUSE_NOTED: ("search", "accent"),
    EventKind.HEALTH_ASKED: ("pulse", ""),
    EventKind.HEALTH_CHECKED: ("pulse", "accent"),
    EventKind.RUNBOOK_STARTED: ("book", "accent"),
    EventKind.UPDATE_SENT: ("mail", "accent"),
    EventKind.UPDATE_OVERDUE: ("mail", "danger"),
    EventKind.IMPACT_ASSESSED: ("users", ""),
    EventKind.RESOLUTION_RECORDED: ("tasks", ""),
    EventKind.CHECKLIST_TICKED: ("tasks", "ok"),
    EventKind.NOTIFICATION_FAILED: ("alert", "danger"),
    EventKind.REVIEW_STARTED: ("file", ""),
    EventKind.REVIEW_FINISHED: ("file", "ok"),
}
_OTHERS = ("info", "")
_AS_WRITTEN = frozenset({EventKind.NOTE, EventKind.CAUSE_NOTED, EventKind.HEALTH_CHECKED})


@dataclass(frozen=True, slots=True)
class Entry:
    """One event with its look."""

    event: TimelineEvent
    icon: str
    tone: str

    @property
    def is_note(self) -> bool:
        """Whether its text is as somebody wrote it, line by line."""
        return self.event.kind in _AS_WRITTEN


def latest(incident: Incident, *, everything: bool = False) -> tuple[list[Entry], int]:
    """The newest events of ``incident``, newest first, and how many older ones were left out."""
    events = incident.timeline.select_related("actor").order_by("-pk")
    total = events.count()
    shown = events if everything else events[:SHOWN]
    entries = [Entry(event, *_LOOKS.get(event.kind, _OTHERS)) for event in shown]
    return entries, total - len(entries)


def last_event_id(incident: Incident) -> int:
    """The id of the newest event; it changes whenever anything about the incident does."""
    return incident.timeline.order_by("-pk").values_list("pk", flat=True).first() or 0
