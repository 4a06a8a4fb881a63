"""Reads of what is private, for the audit stream."""

from __future__ import annotations

from datetime import timedelta

from apps.audit.models import Entry
from apps.core import clock, origins
from apps.core.audited import Act, note
from apps.incidents.models import Incident
from apps.teams.models import User

#: Whoever goes on reading the same incident from the same address is written down so often.
AGAIN_AFTER = timedelta(minutes=15)


def note_reading(incident: Incident, *, by: User) -> None:
    """Write down that ``by`` looks at the incident if it is private: one query more, and none where it is not."""
    if not incident.private:
        return
    lately = Entry.objects.filter(
        act=Act.PRIVATE_READ, incident=incident, by=by, address=origins.current_address(),
        at__gt=clock.now() - AGAIN_AFTER,
    )  # fmt: skip
    if not lately.exists():
        note(Act.PRIVATE_READ, f"Read {incident.reference}", by=by, about=incident, teams=(incident.team_id,))
