"""Steps, storms and quiet hours as plain rules."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from apps.contacts.models import ContactMethod, MethodKind
from apps.notifications.models import Channel, Urgency
from apps.notifications.rules import CHANNEL_OF, LIMITS, Limit, end_of_quiet_hours, next_slot, standard_steps

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
E, P, S, V, C, D, W = (
    MethodKind.EMAIL, MethodKind.PAGER, MethodKind.SMS, MethodKind.VOICE, MethodKind.SLACK, MethodKind.PUSH,
    MethodKind.WEBHOOK,
)  # fmt: skip


def methods(*kinds: MethodKind) -> list[ContactMethod]:
    return [ContactMethod(pk=number, kind=kind, value=str(number)) for number, kind in enumerate(kinds, start=1)]


def minutes_and_places(steps) -> list[tuple[int, int]]:
    return [(step.after // timedelta(minutes=1), step.method.pk) for step in steps]


@pytest.mark.parametrize(
    ("kinds", "high", "low"),
    [
        ((), [], []),
        ((E,), [(0, 1)], [(0, 1)]),
        ((E, E), [(0, 1)], [(0, 1)]),
        ((P, E), [(0, 1)], [(0, 1)]),
        ((E, V), [(0, 1), (2, 2)], [(0, 1)]),
        ((E, S, V), [(0, 1), (0, 2), (2, 3)], [(0, 1)]),
        ((E, V, S, D), [(0, 1), (0, 4), (0, 3), (2, 2)], [(0, 1)]),
        ((V,), [(0, 1)], []),
        ((V, S), [(0, 1), (0, 2)], [(0, 2)]),
        ((S, E), [(0, 1)], [(0, 2)]),
        ((S, S), [(0, 1)], [(0, 1)]),
        ((C, D), [(0, 1), (0, 2)], [(0, 1)]),
        ((W,), [(0, 1)], [(0, 1)]),
    ],
)
def test_the_steps_of_who_chose_none(kinds, high, low):
    assert minutes_and_places(standard_steps(methods(*kinds), Urgency.HIGH)) == high
    assert minutes_and_places(standard_steps(methods(*kinds), Urgency.LOW)) == low


def ago(*seconds: float) -> list[datetime]:
    return [NOON - timedelta(seconds=each) for each in seconds]


TWO_A_MINUTE, FOUR_AN_HOUR = Limit(2, timedelta(minutes=1)), Limit(4, timedelta(hours=1))


@pytest.mark.parametrize(
    ("sent", "wait"),
    [
        ([], 0),
        (ago(1), 0),
        (ago(10, 50), 10),
        (ago(50, 10), 10),
        (ago(10, 60), 0),
        (ago(0, 0), 60),
        (ago(120, 130, 140, 150), 3600 - 150),
        (ago(5, 6, 3500, 3600), 54),
        (ago(5, 6, 3500, 3599), 54),
        (ago(5, 2000, 3000, 3590), 10),
        (ago(5, 2000, 3000, 3600), 0),
    ],
)
def test_a_message_waits_until_it_is_within_every_limit(sent, wait):
    assert next_slot(sent, (TWO_A_MINUTE, FOUR_AN_HOUR), now=NOON) == NOON + timedelta(seconds=wait)


def test_no_limit_is_no_wait():
    assert next_slot(ago(*range(100)), (), now=NOON) == NOON


@pytest.mark.parametrize("urgency", Urgency)
@pytest.mark.parametrize("channel", sorted(set(CHANNEL_OF.values())))
def test_the_first_message_never_waits(urgency, channel):
    assert next_slot([], LIMITS[urgency].get(channel, ()), now=NOON) == NOON


@pytest.mark.parametrize("channel", [Channel.SMS, Channel.VOICE, Channel.PUSH])
def test_what_rings_bears_one_page_and_then_a_summary(channel):
    limits = LIMITS[Urgency.HIGH][channel]
    assert next_slot(ago(0), limits, now=NOON) > NOON


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


@pytest.mark.parametrize(
    ("begin", "end", "at", "until"),
    [
        ("22:00", "07:00", "2026-02-10T23:00", "2026-02-11T07:00"),
        ("22:00", "07:00", "2026-02-11T06:59", "2026-02-11T07:00"),
        ("22:00", "07:00", "2026-02-11T07:00", None),
        ("22:00", "07:00", "2026-02-10T21:59", None),
        ("22:00", "07:00", "2026-02-10T22:00", "2026-02-11T07:00"),
        ("09:00", "17:00", "2026-02-10T12:00", "2026-02-10T17:00"),
        ("09:00", "17:00", "2026-02-10T08:59", None),
        # The clocks go from 02:00 to 03:00: it still ends at seven by the wall, an hour sooner by the stop-watch.
        ("22:00", "07:00", "2026-03-29T01:30", "2026-03-29T07:00"),
        # An end that the wall never shows is the instant at which the clocks went forward.
        ("22:00", "02:30", "2026-03-29T01:30", "2026-03-29T03:00"),
        ("22:00", "07:00", "2026-10-25T01:30", "2026-10-25T07:00"),
    ],
)
def test_quiet_hours_are_by_the_wall(begin, end, at, until):
    found = end_of_quiet_hours(local(at), begin=time.fromisoformat(begin), end=time.fromisoformat(end), zone=BERLIN)
    assert found == (local(until) if until else None)


def test_quiet_hours_that_end_in_the_doubled_hour_end_at_its_first_pass():
    at = datetime(2026, 10, 24, 23, 0, tzinfo=UTC)
    found = end_of_quiet_hours(at, begin=time(22), end=time(2, 30), zone=BERLIN)
    assert found == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
