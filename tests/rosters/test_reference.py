"""Our shifts against an independent reference: the same rosters as iCalendar, at every quarter of an hour of a year."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from apps.rosters.models import Rotation
from apps.rosters.rules import LayerPlan, WeeklyRange, Window, compute
from benchmarks.icalendar_reference import expand_all, holder, write
from benchmarks.three_layers import YEAR
from tests.rosters.shapes import ROSTERS, Shape

QUARTER = timedelta(minutes=15)


@pytest.mark.parametrize("shape", ROSTERS, ids=lambda shape: shape.name)
def test_the_reference_names_the_same_person_at_every_quarter_of_an_hour(shape):
    assert differences(shape, shape.layers) == []


def test_there_are_at_least_thirty_rosters_and_no_two_alike():
    assert len({(shape.zone.key, shape.layers, shape.overrides) for shape in ROSTERS}) == len(ROSTERS) >= 30


@pytest.mark.parametrize(
    "changes",
    [
        {"people": (2, 1, 3)},
        {"handoff_time": time(9, 15)},
        {"starts_on": date(2024, 12, 31)},
        {"zone": ZoneInfo("Europe/London")},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_roster_that_is_a_little_different_does_not_agree(changes):
    layer = LayerPlan(
        people=(1, 2, 3), rotation=Rotation.DAYS, length=1, handoff_time=time(9), starts_on=date(2024, 12, 30)
    )
    shape = Shape("control", ZoneInfo("Europe/Berlin"), (layer,))
    assert differences(shape, (layer,)) == []
    assert differences(shape, (replace(layer, **changes),)) != []


def test_a_range_that_is_a_little_different_does_not_agree():
    hours = WeeklyRange(frozenset(range(5)), time(9), time(18))
    layer = LayerPlan(
        people=(1, 2), rotation=Rotation.WEEKS, length=1, handoff_time=time(9), starts_on=date(2024, 12, 30),
        restrictions=(hours,),
    )  # fmt: skip
    shape = Shape("control", ZoneInfo("Europe/Berlin"), (layer,))
    assert differences(shape, (replace(layer, restrictions=(replace(hours, end=time(18, 15)),)),)) != []


def differences(shape: Shape, ours: tuple[LayerPlan, ...]) -> list[tuple[datetime, int, int | None, int | None]]:
    """When, in which seat, whom the reference names for the shape's layers, and whom we name for ``ours``."""
    stretches = compute(ours, shape.overrides, zone=shape.zone, window=YEAR)
    lead = Window(YEAR.start - timedelta(days=400), YEAR.end + timedelta(days=100))  # turns that reach into the year
    reference = expand_all([write(layer, shape.zone) for layer in shape.layers], lead)
    found = []
    for seat in range(max(layer.at_once for layer in shape.layers)):
        held = [each for each in stretches if each.seat == seat]
        place, at = 0, YEAR.start
        while at < YEAR.end:
            while place < len(held) and held[place].end <= at:
                place += 1
            person = held[place].person if place < len(held) and held[place].start <= at else None
            wanted = holder(reference, shape.overrides, at, seat)
            if wanted != person:
                found.append((at, seat, wanted, person))
            at += QUARTER
    return found
