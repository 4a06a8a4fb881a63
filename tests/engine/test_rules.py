from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from apps.core.errors import ProviderError
from apps.core.http import Refused, Reply
from apps.engine import rules
from apps.engine.rules import Verdict


@pytest.mark.parametrize(
    ("attempts", "jitter", "retry_after", "seconds"),
    [
        (1, 0.0, None, 1),
        (1, 1.0, None, 2),
        (2, 1.0, None, 4),
        (5, 1.0, None, 32),
        (8, 1.0, None, 256),
        (9, 1.0, None, 300),
        (9, 0.0, None, 150),
        (4_000, 1.0, None, 300),
        (1, 0.0, 30.0, 30),
        (1, 0.5, 30.0, 31),
        (8, 1.0, 30.0, 256),
        (1, 0.0, 7_200.0, 3_600),
        (1, 1.0, 0.0, 2),
        (1, 1.0, -5.0, 2),
    ],
)
def test_the_pause_doubles_up_to_a_bound_and_honours_retry_after(attempts, jitter, retry_after, seconds):
    pause = rules.pause_after(attempts, jitter=jitter, retry_after=retry_after)
    assert pause == timedelta(seconds=seconds)


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 0), (3, 0), (4, 2), (5, 4), (50, 300)])
def test_a_lost_worker_costs_no_time_until_it_happens_again_and_again(attempts, seconds):
    assert rules.pause_after_loss(attempts, jitter=1.0) == timedelta(seconds=seconds)


NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "next_at"),
    [
        (NINE - timedelta(minutes=1), NINE),
        (NINE, NINE + timedelta(hours=1)),
        (NINE + timedelta(minutes=1), NINE + timedelta(hours=1)),
        (NINE + timedelta(hours=1), NINE + timedelta(hours=2)),
        (NINE + timedelta(days=2, minutes=5), NINE + timedelta(days=2, hours=1)),
    ],
)
def test_a_recurring_timer_keeps_its_beat_and_makes_up_for_nothing(now, next_at):
    assert rules.next_occurrence(NINE, every=timedelta(hours=1), now=now) == next_at


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (None, Verdict.WORKS),
        (ProviderError("550 no such mailbox", permanent=True), Verdict.WORKS),
        (ProviderError("450 mailbox is full", about_one=True), Verdict.WORKS),
        (ProviderError("429 for this subscription", about_one=True, retry_after=60), Verdict.WORKS),
        (ProviderError("timed out"), Verdict.BROKEN),
        (ProviderError("500"), Verdict.BROKEN),
        (ProviderError("503, and says to come back at once", retry_after=0), Verdict.BROKEN),
        (ProviderError("429", retry_after=30), Verdict.BUSY),
        (KeyError("a fault of ours"), Verdict.SAYS_NOTHING),
        (ProviderError("535 wrong password", refuses_us=True), Verdict.REFUSES_US),
        (Refused(Reply(401, {}, b"no such token")), Verdict.REFUSES_US),
        (Refused(Reply(403, {}, b"suspended")), Verdict.REFUSES_US),
        (Refused(Reply(404, {}, b"")), Verdict.WORKS),
    ],
)
def test_only_what_would_meet_every_other_call_says_that_a_provider_is_broken(error, verdict):
    assert rules.verdict(error) is verdict


@pytest.mark.parametrize(("seconds", "failures"), [(0, 1), (4.9, 1), (5, 3), (30, 3)])
def test_a_call_that_hung_before_it_failed_weighs_as_three(seconds, failures):
    assert rules.weight(timedelta(seconds=seconds)) == failures


@pytest.mark.parametrize(("number", "seconds"), [(1, 5), (2, 10), (3, 20), (4, 30), (5, 30), (4_000, 30)])
def test_each_opening_in_a_row_lasts_twice_as_long_up_to_a_bound(number, seconds):
    assert rules.opening(number) == timedelta(seconds=seconds)
