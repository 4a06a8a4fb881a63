"""Turns counted from one instant and in force from another, and layers side by side, against plain arithmetic."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.integrations.importing.plan import Layer
from apps.integrations.importing.rhythm import Rhythm, layer_of, range_of
from apps.integrations.importing.tracks import Ranked, lanes_of, tracks
from apps.rosters.models import Rotation
from apps.rosters.rules import Window, compute, turns

HOURS = {Rotation.HOURS: 1, Rotation.DAYS: 24, Rotation.WEEKS: 168}
START = datetime(2026, 1, 5, 9, tzinfo=UTC)
PEOPLE = "abcdefg"
BERLIN = ZoneInfo("Europe/Berlin")


@settings(max_examples=150, deadline=None)
@given(
    rotation=st.sampled_from(list(HOURS)),
    length=st.integers(1, 5),
    order=st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=6, unique=True),
    since_first=st.integers(0, 3000),
    later=st.lists(st.integers(0, 5000), min_size=5, max_size=20),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "Australia/Lord_Howe"]),
)
def test_whoever_has_the_turn_there_has_it_here(rotation, length, order, since_first, later, zone):
    """In wall time, but for hours: the turn that runs is the number of whole turns since the first one began."""
    local = ZoneInfo(zone)
    first = START.astimezone(local)
    comes = START + timedelta(hours=since_first)
    rhythm = Rhythm(rotation=rotation, length=length, counted_from=START, in_force_from=comes, ends=None, zone=local)
    layer, _ = layer_of([(person,) for person in order], rhythm, name="Turns", since=comes)
    span = timedelta(hours=HOURS[rotation] * length)
    rules = layer.as_rules({person: number for number, person in enumerate(PEOPLE)})
    for hours in later:
        moment = comes + timedelta(hours=hours, minutes=1)
        if rotation == Rotation.HOURS:
            passed = moment - START
        else:
            passed = moment.astimezone(local).replace(tzinfo=None) - first.replace(tzinfo=None)
            if (passed % span) < timedelta(hours=2) or (passed % span) > span - timedelta(hours=2):
                continue  # a wall time that comes twice or never is the business of core.walltime
        window = Window(moment, moment + timedelta(seconds=1))
        [held] = compute([rules], [], zone=local, window=window)
        assert PEOPLE[held.person] == order[passed // span % len(order)]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_side_by_side_are_on_call_just_those_of_the_highest_level(data):
    """At each hour of two weeks: everybody whose layer is on and has the highest level of those that are."""
    ranked = []
    for number in range(data.draw(st.integers(1, 6))):
        restriction = range_of(
            data.draw(st.sets(st.integers(0, 6), min_size=1)),
            datetime(2026, 1, 1, data.draw(st.integers(0, 23))).time(),  # noqa: DTZ001  (a wall time)
            data.draw(st.integers(1, 40)) * 3600,
        )
        layer = Layer(
            name=str(number),
            people=tuple(PEOPLE[number : number + data.draw(st.integers(1, 2))]),
            rotation=Rotation.DAYS,
            length=data.draw(st.integers(1, 3)),
            handoff_time=START.time(),
            starts_on=START.date(),
            restrictions=(restriction,) if data.draw(st.booleans()) else (),
        )
        ranked.append(Ranked(data.draw(st.integers(0, 2)), layer))
    lanes = lanes_of(ranked, zone=BERLIN, since=START)
    ids = {person: number for number, person in enumerate(PEOPLE)}
    for hour in range(24, 360, 5):
        window = Window(START + timedelta(hours=hour), START + timedelta(hours=hour, seconds=1))
        on = [
            (each.level, turn.person)
            for each in ranked
            for turn in turns(each.layer.as_rules(ids), zone=BERLIN, window=window)
        ]
        highest = max((level for level, _ in on), default=0)
        found = {
            stretch.person
            for track in tracks(ranked, lanes)
            for stretch in compute([layer.as_rules(ids) for layer in track], [], zone=BERLIN, window=window)
        }
        assert found == {person for level, person in on if level == highest}


@pytest.mark.parametrize(
    ("day", "starts_on"), [(15, (2026, 4, 15)), (31, (2026, 1, 31))], ids=["a day of each month", "a month's last day"]
)
def test_turns_in_months_begin_with_the_one_that_runs_where_its_day_is_in_every_month(day, starts_on):
    begins = datetime(2026, 1, day, 9, tzinfo=UTC)
    comes = datetime(2026, 5, 1, tzinfo=UTC)
    rhythm = Rhythm(
        rotation=Rotation.MONTHS, length=1, counted_from=begins, in_force_from=comes, ends=None, zone=ZoneInfo("UTC")
    )
    layer, _ = layer_of([("a",), ("b",)], rhythm, name="Months", since=comes)
    assert (layer.starts_on.year, layer.starts_on.month, layer.starts_on.day) == starts_on
    window = Window(datetime(2026, 6, 20, tzinfo=UTC), datetime(2026, 6, 20, 1, tzinfo=UTC))
    [held] = compute([layer.as_rules({"a": 0, "b": 1})], [], zone=ZoneInfo("UTC"), window=window)
    assert "ab"[held.person] == ("b" if day == 15 else "a")
