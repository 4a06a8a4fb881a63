"""Reads of what is private, for the audit stream."""

from __future__ import annotations

from datetime import timedelta

from apps.audit.models import Entry
from apps.core import clock, origins
from apps.core.audited import Act, note
from apps.core.events import on
from apps.incidents.reading import LOOKED_AT, Look

#: Whoever goes on reading the same incident from the same address is written down so often.
AGAIN_AFTER = timedelta(minutes=15)


@on(LOOKED_AT)
def write_down(look: Look) -> None:
    """Keep it of each that the same person did not look at from the same address a moment ago: one query to know."""
    lately = Entry.objects.filter(
        act=Act.PRIVATE_READ, incident__in=look.incidents, by=look.by, address=origins.current_address(),
        at__gt=clock.now() - AGAIN_AFTER,
    )  # fmt: skip
    known = set(lately.values_list("incident", flat=True))
    for incident in look.incidents:
        if incident.pk not in known:
            note(Act.PRIVATE_READ, f"Read {incident.reference}", by=look.by, about=incident, teams=(incident.team_id,))
