"""Looks at what is private: whoever shows it says so, and who keeps the record hears of it."""

from __future__ import annotations

from dataclasses import dataclass

from apps.core import events
from apps.incidents.models import Incident
from apps.teams.models import User

#: Private incidents were looked at; the subject is a Look.
LOOKED_AT = "incidents.private_looked_at"


@dataclass(frozen=True, slots=True)
class Look:
    """``by`` looks at the incidents, each of which is private."""

    incidents: tuple[Incident, ...]
    by: User


def note_reading(*incidents: Incident, by: User) -> None:
    """Say that ``by`` looks at the incidents, or at what is theirs. Nobody hears of those that are not private."""
    private = tuple({incident.pk: incident for incident in incidents if incident.private}.values())
    if private:
        events.publish(LOOKED_AT, Look(private, by))
