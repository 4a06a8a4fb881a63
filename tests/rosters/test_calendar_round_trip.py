"""What we write is what is read: any shifts, in any zone of the world, in any years."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import recurring_ical_events
from hypothesis import example, given, settings
from hypothesis import strategies as st
from icalendar import Calendar, Event

from apps.rosters.calendars.expansion import expand
from apps.rosters.calendars.rendering import Held, PersonFace, RosterFace, render

PEOPLE = {
    1: PersonFace("Anna Berg", "anna@example.com"),
    2: PersonFace("Ben; O'Brien, \\ the “second”\n", "ben+on-call@example.com"),
}
FIRST, LAST = (int(datetime(year, 1, 2, tzinfo=UTC).timestamp()) for year in (2024, 2034))
A_DAY = 86_400

shifts = st.lists(
    st.tuples(
        st.integers(1, 2), st.integers(0, 4), st.sampled_from(sorted(PEOPLE)), st.integers(-60 * A_DAY, 60 * A_DAY),
        st.integers(1, 14 * A_DAY), st.integers(0, 2**33),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda shift: (shift[0], shift[1], shift[3]),  # as the database sees to it
)  # fmt: skip


def rendered(held: list[Held], zones: dict[int, str]) -> bytes:
    years = (
        datetime.fromtimestamp(min(each[3] for each in held), UTC).year,
        datetime.fromtimestamp(max(each[4] for each in held), UTC).year,
    )
    rosters = {
        key: RosterFace(f"Roster, {zone}", "Team; one", ZoneInfo(zone), f"https://x.example/{key}/")
        for key, zone in zones.items()
    }
    return render(held, title="On call, all; of them", host="x.example", rosters=rosters, people=PEOPLE, years=years)


def fall_back(zone: str) -> int:
    """The second at which the clocks go back in the autumn of 2026 in Berlin, for the examples below."""
    assert datetime(2026, 10, 25, 1, tzinfo=UTC).astimezone(ZoneInfo(zone)).fold
    return int(datetime(2026, 10, 25, 1, tzinfo=UTC).timestamp())


@settings(deadline=None, max_examples=100)
@given(shifts, st.integers(FIRST, LAST), st.sampled_from(sorted(available_timezones())), st.just("Asia/Kathmandu"))
@example([(1, 0, 1, -1800, 3600, 0), (1, 0, 2, 1800, 3600, 0)], fall_back("Europe/Berlin"), "Europe/Berlin", "UTC")
@example([(1, 0, 1, -3600, 3600, 0), (1, 1, 2, 0, 3600, 0)], fall_back("Europe/Berlin"), "Europe/Berlin", "UTC")
def test_what_is_written_is_read_to_the_second(drawn, at, zone, other):
    held = [
        (roster, seat, person, at + start, at + start + length, changed)
        for roster, seat, person, start, length, changed in drawn
    ]
    text = rendered(held, {1: zone, 2: other})
    wanted = sorted((PEOPLE[person].email, seat, start, end) for _, seat, person, start, end, _ in held)
    begin, end = (datetime.fromtimestamp(second, UTC) for second in (at - 90 * A_DAY, at + 90 * A_DAY))
    found = expand(text, start=begin, end=end, zone=ZoneInfo("UTC"))
    assert not found.unreadable
    assert sorted((each.addresses[0][0], each.seat, each.start, each.end) for each in found.occurrences) == wanted
    by_library = recurring_ical_events.of(Calendar.from_ical(text)).between(begin, end + timedelta(days=1))
    assert sorted(map(told, by_library)) == wanted
    assert all(0 <= event["SEQUENCE"] < 2**31 for event in by_library)
    assert all(len(line) <= 75 for line in text.split(b"\r\n"))


def told(event: Event) -> tuple[str, int, int, int]:
    start, end = (int(event[name].dt.timestamp()) for name in ("DTSTART", "DTEND"))
    return str(event["X-ADO-PERSON"]), int(event["X-ADO-SEAT"]), start, end
