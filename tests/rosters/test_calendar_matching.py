"""Who is meant by an event, and which seat they take."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.rosters.calendars.expansion import Occurrence
from apps.rosters.calendars.matching import Directory, meant
from apps.rosters.calendars.seating import Claim, seated
from apps.rosters.models import MOST_AT_ONCE

ANNA, BEN, ANNA_LENA, JOSE, TWIN, OTHER_TWIN = 1, 2, 3, 4, 5, 6
PEOPLE = Directory.of(
    [
        (ANNA, "anna@example.com", "Anna Berg"),
        (BEN, "Ben@Example.com", "Ben O'Brien"),
        (ANNA_LENA, "al@example.com", "Anna Berg Lund"),
        (JOSE, "jose@example.com", "José Straße"),
        (TWIN, "kim1@example.com", "Kim Park"),
        (OTHER_TWIN, "kim2@example.com", "Kim Park"),
        (7, "nameless@example.com", ""),
    ]
)


def named(summary: str, *groups: tuple[str, ...]) -> list[int]:
    return meant(Occurrence(0, 1, summary, addresses=groups), PEOPLE)[0]


@pytest.mark.parametrize(
    ("summary", "people"),
    [
        ("Anna Berg", [ANNA]),
        ("On call: ANNA  BERG (platform)", [ANNA]),
        ("anna berg/ben o’brien", [ANNA, BEN]),
        ("Anna Berg Lund", [ANNA_LENA]),
        ("Anna Berg, Anna Berg Lund", [ANNA, ANNA_LENA]),
        ("JOSÉ STRASSE", [JOSE]),
        ("Anna Bergmann", []),
        ("Anna", []),
        ("Savanna Berg", []),
        ("", []),
    ],
)
def test_people_are_found_by_their_full_name(summary, people):
    assert named(summary) == people


def test_it_does_not_matter_how_an_accent_is_written():
    assert named(normalize("NFD", "José Straße")) == [JOSE]
    decomposed = Directory.of([(JOSE, "jose@example.com", normalize("NFD", "José Straße"))])
    assert meant(Occurrence(0, 1, "josé strasse"), decomposed) == ([JOSE], "")


def test_a_name_of_several_is_nobodys_and_said():
    assert meant(Occurrence(0, 1, "Kim Park"), PEOPLE) == ([], "Several people have this name.")
    assert named("Kim Park", ("kim2@example.com",)) == [OTHER_TWIN]


def test_an_address_counts_before_a_name():
    assert named("Ben O'Brien", ("nobody@example.com",), ("anna@example.com", "ben@example.com")) == [ANNA, BEN]
    assert named("Ben O'Brien", ("nobody@example.com",)) == [BEN]
    assert meant(Occurrence(0, 1, "?", addresses=(("x@example.com",),)), PEOPLE)[1] == (
        "Nobody on call here has this address."
    )


BEGIN = datetime(2026, 3, 2, tzinfo=UTC)


def claim(person: int, start: int, end: int, *, seat: int | None = None) -> Claim:
    return Claim(person, BEGIN + timedelta(hours=start), BEGIN + timedelta(hours=end), seat, f"{person}")


def shown(claims: list[Claim], held: dict | None = None) -> list[tuple[int, int, int, int]]:
    """By seat and time: seat, person, start and end in hours."""
    hour = timedelta(hours=1)
    return [
        (turn.seat, turn.person, (turn.start - BEGIN) // hour, (turn.end - BEGIN) // hour)
        for turn in seated(claims, held=held or {})[0]
    ]


def test_events_that_overlap_take_further_seats():
    assert shown([claim(1, 0, 24), claim(2, 12, 36), claim(3, 24, 48)]) == [
        (0, 1, 0, 24),
        (0, 3, 24, 48),
        (1, 2, 12, 36),
    ]


def test_what_is_over_changes_no_seat_of_what_goes_on():
    held = {(2, BEGIN + timedelta(hours=12), BEGIN + timedelta(hours=36)): 1}
    assert shown([claim(2, 12, 36), claim(3, 24, 48)], held) == [(0, 3, 24, 48), (1, 2, 12, 36)]


def test_a_seat_that_the_calendar_says_counts_first():
    assert shown([claim(1, 0, 10), claim(2, 5, 15, seat=0)]) == [(0, 2, 5, 15), (1, 1, 0, 10)]
    assert shown([claim(1, 0, 10, seat=2), claim(1, 0, 10, seat=0)]) == [(0, 1, 0, 10), (2, 1, 0, 10)]


def test_a_seat_that_there_cannot_be_counts_as_none():
    assert shown([claim(1, 0, 10, seat=MOST_AT_ONCE)]) == [(0, 1, 0, 10)]
    assert shown([claim(1, 0, 10, seat=999), claim(1, 0, 10, seat=998)]) == [(0, 1, 0, 10)]


def test_nobody_takes_two_seats_at_once_by_an_event_that_is_there_twice():
    assert shown([claim(1, 0, 10), claim(1, 0, 10), claim(1, 5, 15)]) == [(0, 1, 0, 10), (0, 1, 10, 15)]


def test_who_finds_no_seat_is_told():
    claims = [claim(person, 0, 10) for person in range(MOST_AT_ONCE + 2)]
    turns, left = seated(claims, held={})
    assert (len(turns), [each.person for each in left]) == (MOST_AT_ONCE, [MOST_AT_ONCE, MOST_AT_ONCE + 1])


@given(
    st.lists(
        st.tuples(st.integers(1, 5), st.integers(0, 50), st.integers(1, 20), st.one_of(st.none(), st.integers(0, 3))),
        max_size=40,
    )
)
def test_no_seat_is_taken_twice_and_what_had_a_seat_keeps_it(drawn):
    claims = [claim(person, start, start + length, seat=seat) for person, start, length, seat in drawn]
    turns, _ = seated(claims, held={})
    for one in turns:
        clashes = [two for two in turns if two.seat == one.seat and two.start < one.end and one.start < two.end]
        assert clashes == [one]
    unsaid = [Claim(turn.person, turn.start, turn.end, None, "") for turn in turns if turn.person == 1 or turn.seat]
    before = {(turn.person, turn.start, turn.end): turn.seat for turn in turns}
    again, _ = seated(unsaid, held=before)
    assert all(before.get((turn.person, turn.start, turn.end), turn.seat) == turn.seat for turn in again)
