"""Looks at what is private: whoever shows it says so, and who keeps the record hears of it."""

from __future__ import annotations

from dataclasses import dataclass

from apps.core import events
from apps.incidents.models import Incident
from apps.teams.models import User

#: A private incident was looked at; the subject is a Look.
LOOKED_AT = "incidents.private_looked_at"


@dataclass(frozen=True, slots=True)
class Look:
    """``by`` looks at the incident, which is private."""

    incident: Incident
    by: User


def note_reading(incident: Incident, *, by: User) -> None:
    """Say that ``by`` looks at the incident, or at what belongs to it. Nobody hears of one that is not private."""
    if incident.private:
        events.publish(LOOKED_AT, Look(incident, by))
