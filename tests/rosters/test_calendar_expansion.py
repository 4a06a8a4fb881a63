"""What is read of calendars that others wrote (RFC 5545)."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.century import FIRST_MOMENT, LAST_MOMENT
from apps.rosters.calendars import reading
from apps.rosters.calendars.expansion import FIRST, LAST, MOST_MEMORY, Refused, expand
from apps.rosters.rules import Window
from tests.rosters.calendars import calendar, event

START = datetime(2026, 3, 2, tzinfo=UTC)
#: In seconds since 1970.
FOR_EVER = int(LAST.timestamp())
BERLIN = ZoneInfo("Europe/Berlin")

#: Half an hour that nobody else has, with summer time from April on.
ODD_ZONE = """
    BEGIN:VTIMEZONE
    TZID:House time
    BEGIN:STANDARD
    DTSTART:20251001T030000
    TZOFFSETFROM:+0230
    TZOFFSETTO:+0130
    RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=1SU
    END:STANDARD
    BEGIN:DAYLIGHT
    DTSTART:20250401T020000
    TZOFFSETFROM:+0130
    TZOFFSETTO:+0230
    RRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=1SU
    END:DAYLIGHT
    END:VTIMEZONE
"""


def times(text: bytes, *, days: int = 60, zone: ZoneInfo = BERLIN, start: datetime = START) -> list[str]:
    """What happens, as a test reads it: month-day, start and end in UTC."""
    found = expand(text, start=start, end=start + timedelta(days=days), zone=zone)
    assert not found.unreadable
    return [
        f"{datetime.fromtimestamp(each.start, UTC):%m-%d %H:%M} {datetime.fromtimestamp(each.end, UTC):%m-%d %H:%M}"
        for each in found.occurrences
    ]


def test_an_event_in_utc_and_one_by_the_clock_of_a_zone():
    text = calendar(
        event("1", ":20260303T080000Z", ":20260304T080000Z"),
        event("2", ";TZID=America/New_York:20260304T090000", ";TZID=America/New_York:20260305T090000"),
    )
    assert times(text) == ["03-03 08:00 03-04 08:00", "03-04 14:00 03-05 14:00"]


def test_a_mark_of_utf_8_before_it_is_no_part_of_it():
    text = calendar(event("1", ":20260303T090000Z", ":20260303T100000Z", summary="Ann Šimková"))
    assert times(b"\xef\xbb\xbf" + text) == times(text) != []
    with pytest.raises(Refused):
        times(b"\xef\xbb\xbf")


def test_what_no_database_can_hold_is_left_out_of_what_events_are_called():
    named = event("1", ":20260303T090000Z", ":20260303T100000Z", summary="An\0na")
    unreadable = event("2", ":20260303T09\0", summary="Be\0n")
    found = expand(calendar(named, unreadable), start=START, end=START + timedelta(days=60), zone=BERLIN)
    assert [each.summary for each in found.occurrences] == ["Anna"]
    assert [summary for summary, _ in found.unreadable] == ["Ben"]
    assert "\0" not in found.unreadable[0][1]


def test_a_zone_of_the_file_and_a_name_of_windows():
    text = calendar(
        event("1", ";TZID=House time:20260303T090000", ";TZID=House time:20260303T100000"),
        event("2", ";TZID=House time:20260410T090000", ";TZID=House time:20260410T100000"),
        event("3", ";TZID=W. Europe Standard Time:20260412T090000", ";TZID=W. Europe Standard Time:20260412T100000"),
        zones=ODD_ZONE,
    )
    assert times(text) == ["03-03 07:30 03-03 08:30", "04-10 06:30 04-10 07:30", "04-12 07:00 04-12 08:00"]


def test_days_and_times_without_a_zone_are_those_of_the_layer():
    text = calendar(
        event("1", ";VALUE=DATE:20260303", ";VALUE=DATE:20260305"),
        event("2", ";VALUE=DATE:20260306"),
        event("3", ":20260310T090000", ":20260310T170000"),
        event("4", ";VALUE=DATE:20260329"),  # which has 23 hours
    )
    assert times(text) == [
        "03-02 23:00 03-04 23:00", "03-05 23:00 03-06 23:00", "03-10 08:00 03-10 16:00", "03-28 23:00 03-29 22:00",
    ]  # fmt: skip
    assert times(text, zone=ZoneInfo("Asia/Tokyo"))[0] == "03-02 15:00 03-04 15:00"


def test_a_calendar_may_name_the_zone_of_its_times():
    text = calendar(event("1", ":20260310T090000", ":20260310T170000"), more="X-WR-TIMEZONE:America/New_York\n")
    assert times(text) == ["03-10 13:00 03-10 21:00"]


def test_durations_are_hours_that_pass_and_days_by_the_clock():
    text = calendar(
        event("1", ";TZID=Europe/Berlin:20260328T200000", more="DURATION:PT12H"),
        event("2", ";TZID=Europe/Berlin:20260328T210000", more="DURATION:P1D"),
        event("3", ";VALUE=DATE:20260410", more="DURATION:P2D"),
    )
    assert times(text) == ["03-28 19:00 03-29 07:00", "03-28 20:00 03-29 19:00", "04-09 22:00 04-11 22:00"]


def test_a_series_keeps_its_wall_time_over_the_change_of_the_clocks():
    more = "RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=6"
    text = calendar(event("1", ";TZID=Europe/Berlin:20260309T090000", ";TZID=Europe/Berlin:20260316T090000", more=more))
    assert times(text)[2:4] == ["03-23 08:00 03-30 07:00", "03-30 07:00 04-06 07:00"]
    assert len(times(text)) == 6


def test_a_series_without_an_end_ends_with_the_time_asked_for():
    text = calendar(event("1", ":20200106T080000Z", ":20200107T080000Z", more="RRULE:FREQ=DAILY"))
    assert len(times(text, days=120)) == 121  # one is under way at the start


def test_dates_that_are_added_left_out_moved_and_cancelled():
    zone = ";TZID=Europe/Berlin"
    text = calendar(
        event(
            "1", f"{zone}:20260302T090000", f"{zone}:20260303T090000",
            more=f"RRULE:FREQ=DAILY;COUNT=6\nRDATE{zone}:20260320T090000\nEXDATE{zone}:20260304T090000",
        ),
        event("1", f"{zone}:20260305T120000", f"{zone}:20260306T090000", more=f"RECURRENCE-ID{zone}:20260305T090000"),
        event(
            "1", f"{zone}:20260306T090000", f"{zone}:20260307T090000",
            more=f"RECURRENCE-ID{zone}:20260306T090000\nSTATUS:CANCELLED",
        ),
        event("1", f"{zone}:20260425T090000", f"{zone}:20260426T090000", more=f"RECURRENCE-ID{zone}:20260307T090000"),
    )  # fmt: skip
    assert times(text) == [
        "03-02 08:00 03-03 08:00", "03-03 08:00 03-04 08:00", "03-05 11:00 03-06 08:00", "03-20 08:00 03-21 08:00",
        "04-25 07:00 04-26 07:00",
    ]  # fmt: skip


def test_what_was_cancelled_or_takes_no_time_does_not_happen():
    text = calendar(
        event("1", ":20260303T080000Z", ":20260304T080000Z", more="STATUS:CANCELLED"),
        event("2", ":20260305T080000Z"),
        event("3", ":20260306T080000Z", ":20260306T080000Z"),
    )
    assert times(text) == []


def test_only_what_lies_within_the_time_asked_for_is_told():
    text = calendar(
        event("1", ":20260220T000000Z", ":20260302T000000Z"),
        event("2", ":20260220T000000Z", ":20260302T000001Z"),
        event("3", ":20260303T235959Z", ":20260305T000000Z"),
        event("4", ":20260304T000000Z", ":20260305T000000Z"),
    )
    assert len(times(text, days=2)) == 2


def test_whose_it_is_stands_in_groups_by_weight():
    text = calendar(
        event(
            "1", ":20260303T080000Z", ":20260304T080000Z", summary="On call: Anna@Example.com",
            more="ATTENDEE;CN=Ben:mailto:ben@example.com\nATTENDEE;PARTSTAT=DECLINED:MAILTO:cleo@example.com\n"
            "ORGANIZER:mailto:mona@example.com\nDESCRIPTION:Ask dora@example.com or eve@example.com",
        ),
        event("2", ":20260304T080000Z", ":20260305T080000Z", more="X-ADO-PERSON:anna@example.com\nX-ADO-SEAT:3"),
    )  # fmt: skip
    first, second = expand(text, start=START, end=START + timedelta(days=9), zone=BERLIN).occurrences
    assert first.addresses == (("ben@example.com",), ("anna@example.com",), ("dora@example.com",))
    assert (first.seat, second.seat, second.addresses) == (None, 3, (("anna@example.com",),))


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("UID:1\nSUMMARY:No start", "no start"),
        (event("1", ":2026030X", ":20260304T080000Z"), "DTSTART"),
        (event("1", ";TZID=Atlantis/City:20260303T080000", ";TZID=Atlantis/City:20260304T080000"), "Atlantis/City"),
        (
            event("1", ":20260303T080000Z", ":20260304T080000Z", more="RRULE:FREQ=SOMETIMES"),
            "It cannot be read: its RRULE is not clear. Expected frequency, got: SOMETIMES",
        ),
        (
            event("1", ":20260303T080000Z", ":20260304T080000Z", more="RRULE:INTERVAL=2"),
            "It cannot be read: its RRULE does not say how often it repeats.",
        ),
        (
            event("1", ":20260303T080000Z", ":20260304T080000Z", more="RRULE:FREQ=DAILY;INTERVAL=0"),
            "It cannot be read: its RRULE does not say how often it repeats.",
        ),
    ],
)
def test_an_event_that_cannot_be_read_is_told_and_stops_no_other(bad, said):
    text = calendar(bad, event("2", ":20260303T080000Z", ":20260304T080000Z"))
    found = expand(text, start=START, end=START + timedelta(days=9), zone=BERLIN)
    assert len(found.occurrences) == 1
    [(_, reason)] = found.unreadable
    assert said in reason


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "no calendar"),
        (b"<html>Sign in</html>", "no calendar"),
        (b"\x00\xff\xfe" * 100, "no calendar"),
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nnothing to see here\r\n", "no calendar"),
        (calendar(event("1", ":20260303T080000Z", more="RRULE:FREQ=SECONDLY")), "more often than every hour"),
        (
            calendar(event("1", ":20260303T080000Z", more="RRULE:FREQ=MINUTELY;INTERVAL=90")),
            "more often than every hour",
        ),
        (
            calendar(event("1", ":20260303T080000Z", more="RRULE:FREQ=DAILY;BYMINUTE=0,30")),
            "more often than every hour",
        ),
        (calendar(*[event(str(number), ":20260303T080000Z") for number in range(10_001)]), "more than 10,000 events"),
        (
            calendar(
                *[event(str(n), ":20260302T000000Z", ":20260302T010000Z", more="RRULE:FREQ=HOURLY") for n in range(9)]
            ),
            "more than 10,000 events up to",
        ),
    ],
)
def test_what_cannot_be_used_at_all_is_refused(text, said):
    with pytest.raises(Refused, match=said):
        expand(text, start=START, end=START + timedelta(days=120), zone=BERLIN)


def window() -> Window:
    return Window(START, START + timedelta(days=120))


def test_a_calendar_is_read_by_a_process_of_its_own():
    found = reading.read(calendar(event("1", ":20260303T080000Z", ":20260304T080000Z")), window=window(), zone=BERLIN)
    [only] = found.occurrences
    assert (only.summary, only.end - only.start, only.addresses) == ("Anna", 86400, ())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"x" * (5 * 1024 * 1024 + 1), "larger than 5 MB"),
        (b"BEGIN:VCALENDAR", "no calendar"),
        (
            calendar(event("1", ":00010101T000000Z", more="RRULE:FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30")),
            "takes longer than 2 seconds",
        ),
    ],
    ids=["large", "broken", "endless"],
)  # fmt: skip
def test_no_calendar_takes_longer_than_it_may(text, said, monkeypatch):
    monkeypatch.setattr(reading, "SECONDS", 2)
    begun = time.monotonic()
    with pytest.raises(reading.Unreadable, match=said):
        reading.read(text, window=window(), zone=BERLIN)
    assert time.monotonic() - begun < 6


def test_only_the_lines_that_turns_are_made_of_are_parsed():
    more = 'LOCATION:Büro\nX-NOISE;Y="Z:\nCREATED:never\nATTACH:data,xxx\n yyy\nDESCRIPTION:Ask\n  anna@example.com'
    text = calendar(event("1", ":20260303T080000Z", ":20260303T090000Z", more=more))
    text = text.replace(b"\r\nyyy", b"\r\n yyy").replace(b"\r\nanna@", b"\r\n  anna@")
    [only] = expand(text, start=START, end=START + timedelta(days=9), zone=BERLIN).occurrences
    assert only.addresses == (("anna@example.com",),)


def test_a_series_that_piles_up_is_counted_and_refused():
    text = calendar(event("1", ":19000101T000000Z", ":21500101T000000Z", more="RRULE:FREQ=HOURLY;INTERVAL=6"))
    with pytest.raises(reading.Unreadable, match="comes more than 10,000 times"):
        reading.read(text, window=window(), zone=BERLIN)


def test_a_hundred_thousand_added_dates_are_counted_and_refused():
    dates = ",".join(
        f"2026{3 + n % 3:02}{1 + n % 28:02}T{n % 24:02}{n % 60:02}{n // 1680 % 60:02}Z" for n in range(100_000)
    )
    text = calendar(event("1", ":20260303T080000Z", ":20260303T090000Z", more=f"RDATE:{dates}"))
    with pytest.raises(Refused, match="more than 10,000"):
        expand(text, start=START, end=START + timedelta(days=120), zone=BERLIN)


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=300), st.integers(0, 400))
def test_whatever_the_bytes_are_they_are_read_or_refused(noise, place):
    """A calendar with noise in it never ends in a fault."""
    good = calendar(event("1", ":20260303T080000Z", ":20260304T080000Z", more="RRULE:FREQ=WEEKLY"))
    text = good[:place] + noise + good[place:]
    with suppress(Refused):
        expand(text, start=START, end=START + timedelta(days=9), zone=BERLIN)


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Kiritimati"])
def test_what_lasts_for_ever_is_cut_off_after_the_dates_that_anybody_means(zone):
    text = calendar(
        event("1", ":00010101T000000", ":99991231T235959"),
        event("2", ";VALUE=DATE:20260303", ";VALUE=DATE:99991231"),
        event("3", ":99991231T000000", ":99991231T235959"),
        event("4", ":00010101T000000", ":00010102T000000"),
    )
    found = expand(text, start=START, end=START + timedelta(days=9), zone=ZoneInfo(zone))
    assert [(each.start, each.end) for each in found.occurrences] == [
        (int(FIRST.timestamp()), FOR_EVER), (int(datetime(2026, 3, 3, tzinfo=ZoneInfo(zone)).timestamp()), FOR_EVER),
    ]  # fmt: skip
    assert not found.unreadable


@pytest.mark.parametrize(
    "lines",
    [
        event("1", ":20260302T000000Z", more="DURATION:P3000000D"),
        event("1", ";VALUE=DATE:99991231"),
        event("1", ":99991231T230000Z", ":99991231T235900Z", more="RRULE:FREQ=DAILY"),
    ],
    ids=["a duration", "a day", "a series"],
)
def test_dates_beyond_the_last_year_stop_no_other_event(lines):
    found = expand(
        calendar(lines, event("2", ":20260303T080000Z", ":20260304T080000Z", summary="Ben")),
        start=START,
        end=START + timedelta(days=9),
        zone=ZoneInfo("America/New_York"),
    )
    assert [each.summary for each in found.occurrences] == ["Ben"]
    assert {reason for _, reason in found.unreadable} <= {"It cannot be read: its dates lie too far away."}


@pytest.mark.parametrize(
    ("begins", "ends", "zone", "seconds"),
    [
        (":19600101T000000Z", ":20270101T000000Z", "Europe/Berlin", (FIRST, None)),
        (":19990101T000000Z", ":20270101T000000Z", "Europe/Berlin", (FIRST, None)),
        (":20000101T000000", ":20270101T000000", "Asia/Tokyo", (FIRST, None)),
        (":20261201T000000Z", ";TZID=America/New_York:20991231T210000", "Europe/Berlin", (None, LAST)),
        (";VALUE=DATE:20260101", ";VALUE=DATE:20991231", "Pacific/Honolulu", (None, None)),
        (";VALUE=DATE:20260101", ";VALUE=DATE:21000101", "Pacific/Honolulu", (None, LAST)),
    ],
)
def test_what_reaches_beyond_the_century_lasts_as_long_as_it_does(begins, ends, zone, seconds):
    [found] = expand(
        calendar(event("1", begins, ends)), start=START, end=START + timedelta(days=400), zone=ZoneInfo(zone)
    ).occurrences
    first, last = seconds
    assert found.start == first.timestamp() if first else found.start > FIRST.timestamp()
    assert found.end == last.timestamp() if last else found.end < LAST.timestamp()


def test_a_length_beyond_the_century_ends_with_it():
    text = calendar(event("1", ":20260303T000000Z", more="DURATION:P30000DT12H"))
    [found] = expand(text, start=START, end=START + timedelta(days=9), zone=BERLIN).occurrences
    assert found.end == LAST.timestamp()


def test_what_is_read_is_what_can_be_kept():
    assert (FIRST, LAST) == (FIRST_MOMENT, LAST_MOMENT)


def in_its_process(does: str) -> str:
    """What reading a calendar that ``does`` this is refused with."""
    program = f"""
import os, resource
from apps.rosters.calendars import expansion

def expand(*given, **named):
    {does}

expansion.expand = expand
expansion.main(["2026-03-02", "2026-04-02", "Europe/Berlin", "3"])
"""
    done = subprocess.run([sys.executable, "-c", program], input=b"", capture_output=True, check=True, timeout=60)
    return json.loads(done.stdout)["refused"]


def test_a_calendar_is_read_where_it_can_slow_nobody():
    limits = "resource.getrlimit(resource.RLIMIT_AS)[1], resource.getrlimit(resource.RLIMIT_CPU)[1], os.nice(0)"
    mine = os.nice(0)
    assert in_its_process(f"raise expansion.Refused(str([{limits}]))") == str([MOST_MEMORY, 5, min(mine + 10, 19)])
    assert resource.getrlimit(resource.RLIMIT_AS)[1] != MOST_MEMORY


def test_a_calendar_that_takes_too_much_memory_is_refused():
    assert in_its_process("bytearray(2 * expansion.MOST_MEMORY)") == "It takes too much to read."
