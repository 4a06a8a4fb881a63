"""Writes the timeline. A recorded event is published, so whoever needs to react does so in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from apps.core import clock, events
from apps.incidents.models import EventKind, Incident, TimelineEvent, Via
from apps.teams.models import User


def record(
    incident: Incident,
    kind: EventKind,
    *,
    text: str,
    actor: User | None = None,
    via: Via = Via.ENGINE,
    at: datetime | None = None,
    data: dict[str, Any] | None = None,
) -> TimelineEvent:
    """Add one event to the incident's timeline and publish it under its kind.

    Call it inside the transaction of the change it tells of, with the incident's row locked. ``at`` is when it
    happened (UTC), by default now; the order of the timeline is the order of recording.
    """
    event = TimelineEvent.objects.create(
        incident=incident, at=at or clock.now(), kind=kind, actor=actor, via=via, text=text, data=data or {}
    )
    events.publish(kind, event)
    return event


def record_all(incident: Incident, kind: EventKind, told: Iterable[tuple[str, dict[str, Any]]]) -> None:
    """Add several events of one kind that happen now, each a text and its data, in one query; then publish each."""
    now = clock.now()
    recorded = TimelineEvent.objects.bulk_create(
        TimelineEvent(incident=incident, at=now, kind=kind, text=text, data=data, via=Via.ENGINE) for text, data in told
    )
    for event in recorded:
        events.publish(kind, event)
