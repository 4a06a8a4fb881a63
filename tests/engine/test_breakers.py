"""A provider that is broken is left alone, by everybody, and found again by one."""

from __future__ import annotations

import threading
import time
from collections import Counter
from contextlib import suppress
from copy import deepcopy
from datetime import timedelta

import pytest
from django.db import connection, transaction

from apps.core import clock as house_clock
from apps.core import events
from apps.core.errors import ProviderError
from apps.engine import breakers, rules
from apps.engine.breakers import CIRCUIT_CLOSED, CIRCUIT_OPENED, CircuitOpen, through
from apps.engine.models import Breaker

pytestmark = pytest.mark.django_db

GATEWAY = "gateway"
BROKEN = ProviderError("503")


def call(error: Exception | None = None, provider: str = GATEWAY) -> None:
    """Call the provider, which answers with ``error``."""
    with suppress(ProviderError, KeyError), through(provider):
        if error:
            raise error


def is_called(provider: str = GATEWAY) -> bool:
    """Whether a call gets through; it says nothing of the provider."""
    try:
        with through(provider):
            raise LookupError
    except LookupError:
        return True
    except CircuitOpen:
        return False


def wait_told(provider: str = GATEWAY) -> float:
    with pytest.raises(CircuitOpen) as refused, through(provider):
        pass
    assert not refused.value.permanent
    return refused.value.retry_after


@pytest.fixture
def opened(clock):
    """Five failures in a row."""
    for _ in range(5):
        call(BROKEN)
    return Breaker.objects.get()


def test_a_call_that_goes_well_writes_nothing(clock, django_assert_num_queries):
    # Two of the three are savepoints, which are a transaction's begin and end outside of tests.
    with django_assert_num_queries(3), through(GATEWAY):
        pass
    assert not Breaker.objects.exists()


def test_five_failures_in_a_row_open_the_circuit_for_five_seconds(clock):
    for _ in range(4):
        call(BROKEN)
    assert is_called()
    call(BROKEN)
    assert wait_told() == 5
    clock.shift(seconds=4)
    assert wait_told() == 1


def test_how_many_is_a_setting(clock, settings):
    settings.BREAKER_FAILURES = 1
    call(BROKEN)
    assert not is_called()


def test_a_success_ends_the_row(clock):
    for _ in range(4):
        call(BROKEN)
    call()
    for _ in range(4):
        call(BROKEN)
    assert is_called()


@pytest.mark.parametrize(
    "answer",
    [
        ProviderError("550 no such mailbox", permanent=True),
        ProviderError("450 mailbox is full", about_one=True),
        ProviderError("429 for this subscription", about_one=True, retry_after=60),
        KeyError("a fault of ours"),
    ],
)
def test_what_is_not_the_providers_fault_never_opens_it(clock, answer):
    for _ in range(20):
        call(answer)
    assert is_called()


def test_a_provider_that_asks_for_patience_gets_it_from_everybody_and_is_not_called_broken(clock):
    call(ProviderError("429", retry_after=12))
    assert wait_told() == 12
    clock.shift(seconds=13)
    call()
    assert is_called()
    breaker = Breaker.objects.get()
    assert (breaker.failures, breaker.openings, breaker.open_until) == (0, 0, None)


def test_patience_has_a_bound(clock):
    call(ProviderError("429", retry_after=86_400))
    assert wait_told() == 120


def test_other_providers_are_not_concerned(opened):
    assert is_called("mail")


def test_when_the_time_is_over_one_tries_and_the_others_wait(opened, clock):
    clock.shift(seconds=10)
    with through(GATEWAY):
        assert wait_told() == 1
    assert is_called()
    assert Breaker.objects.get().failures == 0


def test_a_trial_that_fails_opens_it_again_for_twice_as_long_up_to_half_a_minute(opened, clock):
    told = []
    for _ in range(4):
        clock.set(Breaker.objects.get().open_until)
        call(BROKEN)
        told.append(wait_told())
    assert told == [10, 20, 30, 30]


def test_after_a_success_it_begins_with_five_seconds_again(opened, clock):
    clock.shift(seconds=10)
    call(BROKEN)
    clock.shift(seconds=60)
    call()
    for _ in range(5):
        call(BROKEN)
    assert wait_told() == 5


def test_a_refusal_at_the_trial_closes_it_because_the_provider_answered(opened, clock):
    clock.shift(seconds=10)
    call(ProviderError("550 no such mailbox", permanent=True))
    assert Breaker.objects.get().open_until is None


def test_a_trial_that_says_nothing_leaves_the_next_to_another(opened, clock):
    clock.shift(seconds=10)
    call(KeyError("a fault of ours"))
    assert is_called()
    assert Breaker.objects.get().open_until is not None


def test_a_trial_whose_process_was_killed_is_made_again(opened, clock):
    clock.shift(seconds=10)
    breakers._enter(GATEWAY)
    clock.shift(seconds=29)
    assert not is_called()
    clock.shift(seconds=2)
    assert is_called()


def test_what_began_before_it_opened_changes_nothing_when_it_ends(clock):
    late_failure, late_success = through(GATEWAY), through(GATEWAY)
    late_failure.__enter__()
    late_success.__enter__()
    for _ in range(5):
        call(BROKEN)
    before = Breaker.objects.values().get()
    assert not late_failure.__exit__(ProviderError, BROKEN, None)
    late_success.__exit__(None, None, None)
    assert Breaker.objects.values().get() == before


def test_a_trial_that_ends_after_another_took_its_place_changes_nothing(opened, clock):
    clock.shift(seconds=10)
    slow = through(GATEWAY)
    slow.__enter__()
    clock.shift(seconds=31)
    with through(GATEWAY):
        assert not slow.__exit__(ProviderError, BROKEN, None)
        assert Breaker.objects.get().openings == 1
    assert Breaker.objects.get().open_until is None


def test_an_administrator_closes_it(opened):
    assert breakers.close(GATEWAY)
    assert is_called()
    assert not breakers.close(GATEWAY)


def test_an_open_circuit_within_a_call_of_another_says_nothing_of_that_other(opened, clock):
    for _ in range(9):
        with suppress(CircuitOpen), through("outer"), through(GATEWAY):
            pass
    assert is_called("outer")


def test_others_hear_of_it_once_and_of_its_end(clock, monkeypatch):
    heard = []
    monkeypatch.setattr(events, "_reactions", deepcopy(events._reactions))
    for kind in (CIRCUIT_OPENED, CIRCUIT_CLOSED):
        events.on(kind)(lambda breaker, kind=kind: heard.append((kind, breaker.provider, breaker.last_error)))
    for _ in range(5):
        call(BROKEN)
    clock.shift(seconds=10)
    call(BROKEN)
    clock.shift(seconds=60)
    call()
    assert heard == [(CIRCUIT_OPENED, GATEWAY, "503"), (CIRCUIT_CLOSED, GATEWAY, "503")]


def test_a_fault_in_whoever_hears_of_it_does_not_keep_a_broken_provider_in_use(clock, monkeypatch):
    monkeypatch.setattr(events, "_reactions", deepcopy(events._reactions))

    @events.on(CIRCUIT_OPENED)
    def fails(breaker):
        raise RuntimeError("no luck")

    for _ in range(5):
        call(BROKEN)
    assert not is_called()


def test_two_calls_that_hang_open_it(clock, monkeypatch):
    monkeypatch.setattr(rules, "HANGS_AFTER", timedelta(milliseconds=20))

    def hang() -> None:
        with suppress(ProviderError), through(GATEWAY):
            time.sleep(0.03)
            raise BROKEN

    hang()
    assert is_called()
    hang()
    hang()
    assert not is_called()


@pytest.mark.django_db(transaction=True)
def test_a_provider_is_not_called_within_a_transaction():
    with transaction.atomic(), pytest.raises(RuntimeError), through(GATEWAY):
        raise AssertionError("called")


@pytest.mark.django_db(transaction=True)
def test_what_the_call_met_is_told_although_the_database_went_away_meanwhile():
    def cut_and_fail() -> None:
        with through(GATEWAY):
            connection.connection.close()
            raise BROKEN

    with pytest.raises(ProviderError, match="503"):
        cut_and_fail()
    call(BROKEN)
    with through(GATEWAY):
        connection.connection.close()
    assert is_called()


@pytest.mark.django_db(transaction=True)
def test_of_many_callers_exactly_one_makes_the_trial(together):
    Breaker.objects.create(provider=GATEWAY, openings=1, open_until=house_clock.now() - timedelta(seconds=1))
    met: Counter[str] = Counter()

    def try_it() -> None:
        try:
            with through(GATEWAY):
                met["called"] += 1
                time.sleep(0.5)
                raise BROKEN
        except CircuitOpen:
            met["refused"] += 1
        except ProviderError:
            met["failed"] += 1

    together(16, try_it)
    assert met == {"called": 1, "failed": 1, "refused": 15}
    assert Breaker.objects.get().openings == 2


@pytest.mark.django_db(transaction=True)
def test_failures_of_many_callers_at_once_are_all_counted_and_open_it_once(together, settings):
    settings.BREAKER_FAILURES = 16
    inside = threading.Barrier(15)

    def fail() -> None:
        with suppress(ProviderError), through(GATEWAY):
            inside.wait(timeout=10)
            raise BROKEN

    together(15, fail)
    breaker = Breaker.objects.get()
    assert (breaker.failures, breaker.openings, breaker.open_until) == (15, 0, None)
    inside = threading.Barrier(10)
    together(10, fail)
    breaker.refresh_from_db()
    assert (breaker.failures, breaker.openings) == (16, 1)


def test_a_provider_that_refuses_us_is_left_alone_at_once(clock):
    call(ProviderError("401", permanent=True, refuses_us=True))
    assert wait_told() == 5
    assert Breaker.objects.get().openings == 1


def test_who_is_turned_away_and_who_tried_are_told_that_it_was_the_circuit(opened, clock):
    with pytest.raises(CircuitOpen) as turned_away, through(GATEWAY):
        raise AssertionError("called")
    assert turned_away.value.of_the_circuit
    clock.shift(seconds=5)
    trial = ProviderError("503")
    call(trial)
    assert trial.of_the_circuit


def test_a_trial_that_is_answered_for_its_own_message_says_so(opened, clock):
    clock.shift(seconds=5)
    refused = ProviderError("550 no such mailbox", permanent=True)
    call(refused)
    assert not refused.of_the_circuit
    assert is_called()


def test_who_called_while_it_was_closed_failed_for_themselves(clock):
    error = ProviderError("503")
    call(error)
    assert not error.of_the_circuit
