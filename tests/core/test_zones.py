"""Zones by their names, as the time zone database has them at the moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.zones import (
    UnknownZone,
    can_be_chosen,
    first_difference,
    is_known,
    known_zones,
    offsets,
    zone_named,
    zone_or_utc,
)
from tests.zone_files import ALWAYS_WINTER, CENTRAL_EUROPE, LONGER_SUMMER, database

START, END = datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 12, 2, tzinfo=UTC)
SUMMER, WINTER = datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)


@pytest.mark.parametrize("name", ["Mars/Phobos", "", "Europe", "../etc/passwd", "/etc/passwd", "a\0b", "x" * 300])
def test_a_name_that_is_none_is_refused_beside_its_field_and_shown_as_utc(name):
    with pytest.raises(UnknownZone, match="is not an IANA time zone such as Europe/Berlin") as refused:
        zone_named(name)
    assert refused.value.field == "time_zone"
    assert (is_known(name), zone_or_utc(name).key) == (False, "UTC")


def test_a_zone_is_read_anew_once_its_file_is_another(tmp_path):
    noon = datetime(2026, 7, 1, 10, tzinfo=UTC)
    with database(tmp_path) as zones:
        zones.publish("Test/Land", CENTRAL_EUROPE)
        assert noon.astimezone(zone_named("Test/Land")).hour == 12
        assert zone_named("Test/Land") is zone_named("Test/Land")
        zones.publish("Test/Land", ALWAYS_WINTER)
        assert noon.astimezone(zone_named("Test/Land")).hour == 11
        zones.withdraw("Test/Land")
        assert not is_known("Test/Land")


def test_what_there_is_to_choose_is_read_anew_once_the_database_is_another_and_only_then(tmp_path, monkeypatch):
    with database(tmp_path) as zones:
        assert not can_be_chosen("Test/Land")
        zones.publish("Test/Land", CENTRAL_EUROPE)
        assert can_be_chosen("Test/Land")
        assert {"Test/Land", "Europe/Berlin", "UTC"} <= known_zones()
        with monkeypatch.context() as patched:
            patched.setattr("zoneinfo.available_timezones", lambda: pytest.fail("It was read anew."))
            assert can_be_chosen("Test/Land")
        zones.withdraw("Test/Land")
        assert not can_be_chosen("Test/Land")
    assert not {"Test/Land", "posix/Europe/Berlin", ""} & known_zones()


def test_offsets_are_told_from_the_start_and_from_each_change_on():
    found = offsets(ZoneInfo("Europe/Berlin"), START, END)
    assert found == [(START.timestamp(), 3600), (SUMMER.timestamp(), 7200), (WINTER.timestamp(), 3600)]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (CENTRAL_EUROPE, None),
        (ALWAYS_WINTER, (SUMMER, timedelta(hours=-1))),
        (LONGER_SUMMER, (WINTER, timedelta(hours=1))),
    ],
)
def test_the_first_difference_of_other_rules_is_found(tmp_path, rules, expected):
    known = offsets(ZoneInfo("Europe/Berlin"), START, END)
    with database(tmp_path) as zones:
        zones.publish("Test/Land", rules)
        later = START + timedelta(days=3)
        found = offsets(zone_named("Test/Land"), later, END + timedelta(days=3))
    assert first_difference(known, found, start=later, end=END) == expected


def test_what_differs_only_beyond_what_was_known_is_no_difference():
    before, after = [(0, 3600)], [(0, 3600), (5000, 7200)]
    ends = datetime.fromtimestamp(5000, UTC)
    assert first_difference(before, after, start=datetime.fromtimestamp(100, UTC), end=ends) is None
    assert first_difference(before, after, start=ends, end=ends) is None


CHANGES = st.dictionaries(st.integers(1, 9), st.sampled_from([-3600, 0, 3600])).map(lambda each: sorted(each.items()))


@given(CHANGES, CHANGES)
def test_it_is_the_first_instant_at_which_the_clocks_differ(some, others):
    before, after = [(0, 0), *some], [(0, 0), *others]

    def clock(found: list[tuple[int, int]], at: int) -> int:
        return [seconds for since, seconds in found if since <= at][-1]

    expected = next((at for at in range(10) if clock(before, at) != clock(after, at)), None)
    found = first_difference(before, after, start=datetime.fromtimestamp(0, UTC), end=datetime.fromtimestamp(10, UTC))
    assert (found and int(found[0].timestamp())) == expected
