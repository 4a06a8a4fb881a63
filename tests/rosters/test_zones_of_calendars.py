"""Whose rules count for times in a calendar: those of the time zone database, unless only the file knows the zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from apps.engine.models import Timer
from apps.engine.runner import run_due
from apps.rosters import actions, handlers
from apps.rosters.calendars import reading
from apps.rosters.models import CalendarSource, Roster
from apps.rosters.rules import Window
from tests.rosters.building import layer_of
from tests.rosters.calendars import calendar, event
from tests.zone_files import ALWAYS_WINTER, CENTRAL_EUROPE, database

#: Clocks seven hours ahead of UTC, always.
SEVEN_AHEAD = """
    BEGIN:VTIMEZONE
    TZID:{name}
    BEGIN:STANDARD
    DTSTART:19700101T000000
    TZOFFSETFROM:+0700
    TZOFFSETTO:+0700
    END:STANDARD
    END:VTIMEZONE
"""
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


def begins(text: bytes) -> list[int]:
    """At which hours (UTC) what is in the calendar begins, read as the house does."""
    window = Window(NOON - timedelta(days=2), NOON + timedelta(days=9))
    found = reading.read(text, window=window, zone=ZoneInfo("UTC"))
    return [datetime.fromtimestamp(each.start, UTC).hour for each in found.occurrences]


@pytest.mark.parametrize(("name", "hour"), [("Europe/Berlin", 7), ("Company/Headquarters", 2)])
def test_the_database_wins_over_what_a_file_says_of_a_zone_that_it_knows(name, hour):
    one = event("1", f";TZID={name}:20260701T090000", f";TZID={name}:20260701T170000")
    assert begins(calendar(one, zones=SEVEN_AHEAD.format(name=name))) == [hour]


def test_a_calendar_is_read_by_the_same_database_as_all_else(tmp_path):
    one = event("1", ";TZID=Europe/Berlin:20260701T090000", ";TZID=Europe/Berlin:20260701T170000")
    with database(tmp_path) as zones:
        zones.publish("Europe/Berlin", ALWAYS_WINTER)
        assert begins(calendar(one)) == [8]


@pytest.mark.django_db(transaction=True)
def test_turns_of_a_calendar_follow_new_rules_of_the_zone_of_its_layer(tmp_path, clock, team, people):
    with database(tmp_path) as zones:
        zones.publish("Europe/Berlin", CENTRAL_EUROPE)
        roster = Roster.objects.create(slug="ours", name="Ours", team=team, time_zone="Europe/Berlin")
        text = calendar(event("1", ":20260501T090000", ":20260502T090000", summary="Anna")).decode()
        layer = layer_of(roster, [])
        source = CalendarSource.objects.create(layer=layer, file_name="ours.ics", uploaded_at=clock.now, good_text=text)
        actions.read_calendar(source.pk, anew=True)
        actions.look_at_zones()
        assert roster.shifts.get().start.hour == 7
        zones.publish("Europe/Berlin", ALWAYS_WINTER)
        handlers.look_at_zones(Timer())
        run_due()
        assert roster.shifts.get().start.hour == 8
