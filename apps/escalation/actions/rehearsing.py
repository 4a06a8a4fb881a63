"""What raising by hand would do, told before anybody is woken (R13)."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from apps.escalation import turns
from apps.escalation.actions.raising import escalate
from apps.incidents.models import EventKind, Incident
from apps.teams.models import User

REASON = "Rehearsed"


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Which level would be paged at once and whom it would wake; ``asked`` is the level that would be raised to.

    ``level`` is another one where ``asked`` is empty and hands over, None where nobody at all could be paged.
    ``told`` is what the timeline would say of it.
    """

    asked: int
    level: int | None
    people: list[User]
    told: list[str]


def rehearse(incident_id: int, *, by: User, level: int | None = None, trigger: str | None = None) -> Rehearsal:
    """What ``escalate`` would do at this moment: it is done, and taken back. Nothing is sent, no turn is taken.

    Raises what ``escalate`` raises.
    """
    with transaction.atomic(), turns.for_show():
        try:
            incident = escalate(incident_id, reason=REASON, by=by, level=level, trigger=trigger)
            return _outcome(incident)
        finally:
            transaction.set_rollback(True)


def _outcome(incident: Incident) -> Rehearsal:
    raised = incident.timeline.filter(kind=EventKind.ESCALATED).latest("pk")
    after = list(incident.timeline.filter(pk__gt=raised.pk).order_by("pk"))
    fired = next((event for event in after if event.kind == EventKind.LEVEL_FIRED), None)
    people = User.objects.in_bulk(fired.data["people"]) if fired else {}
    return Rehearsal(
        asked=raised.data["level"],
        level=fired.data["level"] if fired else None,
        people=[people[pk] for pk in fired.data["people"]] if fired else [],
        told=[event.text for event in after if event.kind in (EventKind.LEVEL_SKIPPED, EventKind.LEVEL_PASSED)],
    )
