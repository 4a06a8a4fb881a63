"""Rosters that somebody is on."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from apps.core import clock
from apps.rosters import actions
from apps.rosters.models import CalendarSource, CalendarTurn, Layer, LayerMember, Roster, Rotation
from apps.teams.actions import add_member
from apps.teams.models import Team, TeamRole, User


def put_on_call(team: Team, person: User) -> Roster:
    """``person`` is on call for ``team`` from now on, day and night, and responds for it."""
    add_member(person, team, TeamRole.RESPONDER)
    roster = Roster.objects.create(slug=team.slug, name=team.name, team=team, time_zone="UTC", is_primary=True)
    layer = Layer.objects.create(
        roster=roster,
        name="Days",
        rotation=Rotation.DAYS,
        length=1,
        handoff_time=time(9),
        starts_on=clock.now().date() - timedelta(days=1),
    )
    LayerMember.objects.create(layer=layer, person=person, position=1)
    actions.materialise(roster, now=clock.now())
    return roster


def calendar_layer(roster: Roster, *turns: tuple[User, datetime, datetime], **fields: Any) -> Layer:
    """A layer of ``roster`` whose turns come from a calendar: who, from when to when. Shifts are to be filled."""
    layer = Layer.objects.create(
        roster=roster, **{"name": "Calendar", "starts_on": clock.now().date() - timedelta(days=1), **fields}
    )
    source = CalendarSource.objects.create(
        layer=layer, url="https://calendar.example/rota.ics", expanded_at=clock.now()
    )
    for person, start, end in turns:
        CalendarTurn.objects.create(source=source, person=person, during=DateTimeTZRange(start, end))
    return layer
