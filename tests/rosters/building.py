"""Builds rosters, and shows them as a test reads them."""

from __future__ import annotations

from datetime import date, time
from typing import Any

from apps.rosters.models import Layer, LayerMember, Roster, Rotation
from apps.teams.actions import add_member
from apps.teams.models import Team, TeamRole, User


def member(email: str, team: Team | None, role: TeamRole, **fields: Any) -> User:
    person = User.objects.create_user(email, name=email.partition("@")[0], **fields)
    add_member(person, team, role)
    return person


def layer_of(roster: Roster, people: list[User], **fields: Any) -> Layer:
    defaults = {
        "name": "Days",
        "rotation": Rotation.DAYS,
        "length": 1,
        "handoff_time": time(9),
        "starts_on": date(2026, 3, 2),
    }
    layer = Layer.objects.create(roster=roster, **{**defaults, **fields})
    for position, person in enumerate(people, start=1):
        LayerMember.objects.create(layer=layer, person=person, position=position)
    return layer


def shown(roster: Roster, count: int | None = None) -> list[tuple[str, str, str, str]]:
    """The roster's shifts, earliest first: name, start, end (UTC), source."""
    return [
        (shift.person.name, f"{shift.start:%m-%d %H:%M}", f"{shift.end:%m-%d %H:%M}", shift.source)
        for shift in roster.shifts.select_related("person").order_by("during", "seat")[:count]
    ]
