"""Rosters whose days are all covered, and the gaps that a test plants there."""

from __future__ import annotations

from datetime import timedelta

from apps.rosters import actions as rosters
from apps.rosters.models import Layer, LayerMember, Roster, Rotation

DAY = timedelta(days=1)


def make_roster(clock, team, slug, *people, **fields):
    found = Roster.objects.create(
        slug=slug, name=f"{slug.title()} on call", team=team, time_zone="Europe/Berlin",
        **{"is_primary": True, **fields},
    )  # fmt: skip
    layer = Layer.objects.create(
        roster=found, name="Days", rotation=Rotation.DAYS, starts_on=clock.now.date() - DAY
    )  # fmt: skip
    for position, person in enumerate(people, start=1):
        LayerMember.objects.create(layer=layer, person=person, position=position)
    rosters.materialise(found, now=clock.now)
    return found


def plant_gap(clock, *people, days=3, hours=5):
    start = clock.now + days * DAY
    for person in people:
        rosters.add_absence(person, start=start, end=start + timedelta(hours=hours), by=person)
