from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import OperationalError

from apps.core import events
from apps.core.errors import ProviderError
from apps.engine import actions, outcomes, rules, worker
from apps.engine.models import Lane, State, Timer
from apps.engine.registry import handler, on_dead, recurring
from apps.engine.runner import run_due

pytestmark = pytest.mark.django_db


@pytest.fixture
def failing(clock):
    """A kind that raises what the test puts into the list, one entry an attempt, and succeeds once it is empty."""
    errors: list[Exception] = []

    @handler("failing", lane=Lane.PAGES, transactional=False, attempts=3)
    def fail(timer):
        if errors:
            raise errors.pop(0)

    return errors


def test_what_is_due_is_handled_in_due_order_over_all_lanes(clock, seen):
    @handler("page", lane=Lane.PAGES)
    def page(timer):
        seen.append(timer.key)

    actions.schedule("note", key="second", due_at=clock.now - timedelta(minutes=2))
    actions.schedule("page", key="third", due_at=clock.now - timedelta(minutes=1))
    actions.schedule("note", key="first", due_at=clock.now - timedelta(minutes=3))
    assert run_due() == 3
    assert seen == ["first", "second", "third"]


def test_one_lane_is_handled_alone_and_no_more_than_asked_for(clock, seen):
    @handler("page", lane=Lane.PAGES)
    def page(timer):
        seen.append(timer.key)

    for key in ("a", "b", "c"):
        actions.schedule("note", key=key)
    actions.schedule("page", key="page")
    assert run_due(lane=Lane.WORK, limit=2) == 2
    assert seen == ["a", "b"]


def test_what_a_handler_schedules_as_due_now_is_handled_in_the_same_run(clock, seen):
    @handler("first", lane=Lane.PAGES)
    def first(timer):
        actions.schedule("note", key="then")

    actions.schedule("first", key="a")
    assert run_due() == 2
    assert seen == ["then"]


def test_a_transactional_handler_that_raises_leaves_no_trace_of_its_effect(clock, seen):
    @handler("half", lane=Lane.WORK)
    def half(timer):
        actions.schedule("note", key="effect")
        raise RuntimeError("in the middle")

    actions.schedule("half", key="a")
    run_due()
    assert not Timer.objects.filter(key="effect").exists()
    timer = Timer.objects.get(key="a")
    assert (timer.state, timer.attempts, timer.last_error) == (State.PENDING, 1, "RuntimeError: in the middle")


def test_a_handler_sees_the_number_of_its_attempt(clock):
    numbers = []

    @handler("counting", lane=Lane.WORK)
    def count(timer):
        numbers.append(timer.attempts)
        if len(numbers) < 3:
            raise RuntimeError

    actions.schedule("counting", key="a")
    for _ in range(3):
        run_due()
        clock.shift(minutes=1)
    assert numbers == [1, 2, 3]


def test_a_failed_timer_waits_longer_each_time(clock, failing):
    failing += [RuntimeError("once"), RuntimeError("twice")]
    actions.schedule("failing", key="a")
    run_due()
    first = Timer.objects.get().due_at - clock.now
    clock.shift(minutes=1)
    run_due()
    second = Timer.objects.get().due_at - clock.now
    assert timedelta(seconds=1) <= first <= timedelta(seconds=2) <= second <= timedelta(seconds=4)
    clock.shift(minutes=1)
    run_due()
    assert Timer.objects.get().state == State.DONE


def test_a_provider_that_says_when_to_come_back_is_not_asked_before(clock, failing):
    failing.append(ProviderError("too many requests", retry_after=90))
    actions.schedule("failing", key="a")
    run_due()
    clock.shift(seconds=89)
    assert run_due() == 0
    clock.shift(seconds=1 + rules.FIRST_PAUSE.total_seconds())
    assert run_due() == 1


def test_a_permanent_error_is_dead_at_once(clock, failing):
    failing.append(ProviderError("no such mailbox", permanent=True))
    actions.schedule("failing", key="a")
    run_due()
    timer = Timer.objects.get()
    assert (timer.state, timer.attempts, timer.last_error) == (State.DEAD, 1, "ProviderError: no such mailbox")


def test_a_timer_is_dead_after_its_last_attempt_and_those_concerned_are_told_in_that_transaction(
    clock, failing, monkeypatch
):
    told = []
    monkeypatch.setitem(events._reactions, outcomes.TIMER_DEAD, [lambda timer: told.append(("event", timer.key))])

    @on_dead("failing")
    def gave_up(timer, error):
        told.append((timer.state, error))

    failing += [RuntimeError("no")] * 3
    actions.schedule("failing", key="a")
    for _ in range(4):
        run_due()
        clock.shift(minutes=10)
    assert Timer.objects.get().state == State.DEAD
    assert told == [(State.DEAD, "RuntimeError: no"), ("event", "a")]


def test_a_fault_in_a_reaction_to_death_neither_revives_the_timer_nor_silences_the_next_reaction(clock, failing):
    told = []

    @on_dead("failing")
    def broken(timer, error):
        actions.schedule("failing", key="half done")
        raise RuntimeError("in the fallback")

    @on_dead("failing")
    def gave_up(timer, error):
        told.append(timer.key)

    failing.append(ProviderError("gone", permanent=True))
    actions.schedule("failing", key="a")
    run_due()
    assert told == ["a"]
    assert list(Timer.objects.values_list("key", "state")) == [("a", State.DEAD)]


def test_a_timer_that_always_fails_keeps_nothing_behind_it_waiting(clock, seen):
    @handler("poisoned", lane=Lane.WORK)
    def poisoned(timer):
        raise RuntimeError("always")

    actions.schedule("poisoned", key="poison", due_at=clock.now - timedelta(hours=1))
    actions.schedule("note", key="behind")
    assert run_due() == 2
    assert seen == ["behind"]


def test_a_kind_of_another_version_is_kept_until_a_version_knows_it_and_costs_it_no_attempt(clock, seen):
    Timer.objects.create(kind="from.the.future", lane=Lane.WORK, due_at=clock.now, key="a")
    for _ in range(20):
        assert run_due() == 1
        clock.shift(minutes=2)
    timer = Timer.objects.get()
    assert (timer.state, timer.attempts) == (State.PENDING, 0)
    assert "no handler" in timer.last_error

    @handler("from.the.future", lane=Lane.WORK)
    def known_now(timer):
        seen.append(timer.key)

    run_due()
    assert seen == ["a"]


def test_a_failed_timer_whose_key_was_scheduled_anew_meanwhile_gives_way_to_the_newer(clock):
    runs = []

    @handler("moved", lane=Lane.WORK, transactional=False)
    def moved(timer):
        runs.append(timer.payload)
        if len(runs) == 1:
            actions.schedule("moved", key="a", payload={"newer": True})
            raise RuntimeError("too late")

    actions.schedule("moved", key="a")
    run_due()
    assert runs == [{}, {"newer": True}]
    superseded, done = Timer.objects.order_by("pk")
    assert (superseded.state, done.state) == (State.CANCELLED, State.DONE)
    assert "superseded" in superseded.last_error


def test_a_recurring_timer_plans_its_next_run_with_its_completion(clock, monkeypatch):
    runs = []

    @recurring("hourly", every=timedelta(hours=1), lane=Lane.BULK)
    def hourly(timer):
        runs.append(clock.now)

    worker.plan_recurring()
    worker.plan_recurring()
    started = clock.now
    for _ in range(5):
        clock.shift(minutes=30)
        run_due()
    assert runs == [started + timedelta(hours=1), started + timedelta(hours=2)]


def test_a_recurring_kind_that_is_run_out_of_turn_keeps_its_beat(clock):
    runs = []

    @recurring("hourly", every=timedelta(hours=1))
    def hourly(timer):
        runs.append(clock.now)

    worker.plan_recurring()
    actions.schedule("hourly", key="out of turn")
    run_due()
    assert len(runs) == 1
    assert Timer.objects.get(kind="hourly", state=State.PENDING).due_at == clock.now + timedelta(hours=1)


def test_a_recurring_timer_that_died_is_planned_anew(clock):
    @recurring("hourly", every=timedelta(hours=1), attempts=1)
    def hourly(timer):
        raise RuntimeError("today")

    worker.plan_recurring()
    clock.shift(hours=1)
    run_due()
    worker.plan_recurring()
    states = Timer.objects.filter(kind="hourly").order_by("pk").values_list("state", flat=True)
    assert list(states) == [State.DEAD, State.PENDING]


def test_the_sweep_deletes_what_was_finished_a_week_ago_and_keeps_the_dead(clock, seen):
    for key in ("old", "dead", "cancelled"):
        actions.schedule("note", key=key)
    Timer.objects.filter(key="dead").update(state=State.DEAD, finished_at=clock.now)
    actions.cancel_key("cancelled")
    run_due()
    clock.shift(days=6)
    actions.schedule("note", key="young")
    run_due()
    clock.shift(days=1, seconds=1)
    actions.schedule("engine.sweep", key="recurring:engine.sweep")
    run_due()
    assert set(Timer.objects.filter(kind="note").values_list("key", flat=True)) == {"dead", "young"}


def test_what_a_handler_plans_for_now_comes_before_what_was_due_after_it(clock, seen):
    """In a storm the first page goes out before the last level fires."""

    @handler("level", lane=Lane.WORK)
    def fire(timer):
        seen.append(timer.key)
        actions.schedule("note", key=f"page of {timer.key}")

    for number in range(3):
        actions.schedule("level", due_at=clock.now - timedelta(seconds=3 - number), key=f"level {number}")
    run_due()
    assert seen == [each for number in range(3) for each in (f"level {number}", f"page of level {number}")]


@pytest.mark.django_db(transaction=True)
def test_what_became_of_a_timer_is_written_once_the_database_takes_it_again(seen, monkeypatch):
    complete, errors = outcomes.complete, [OperationalError("the disk is full")] * 3

    @handler("sends", lane=Lane.PAGES, transactional=False)
    def sends(timer):
        seen.append(timer.key)

    def fail_at_first(timer, known):
        if errors:
            raise errors.pop()
        complete(timer, known)

    monkeypatch.setattr(outcomes, "complete", fail_at_first)
    actions.schedule("sends", key="page")
    run_due()
    assert seen == ["page"]
    assert Timer.objects.get(key="page").state == State.DONE


def of_the_circuit(**told):
    error = ProviderError("left alone", **told)
    error.of_the_circuit = True
    return error


def test_what_the_circuit_of_a_provider_met_is_no_attempt_and_comes_again_when_that_may_be_tried(clock, failing):
    failing += [of_the_circuit(retry_after=20)] * 30
    actions.schedule("failing", key="a")
    for _ in range(30):
        run_due()
        timer = Timer.objects.get()
        assert (timer.state, timer.attempts) == (State.PENDING, 0)
        assert 20 <= (timer.due_at - clock.now).total_seconds() <= 22
        clock.shift(seconds=23)
    run_due()
    assert Timer.objects.get().state == State.DONE


def test_a_provider_that_fails_for_long_costs_attempts_in_the_end(clock, failing):
    failing += [of_the_circuit()] * 4
    actions.schedule("failing", key="a")
    run_due()
    clock.shift(minutes=21)
    for _ in range(3):
        run_due()
        clock.shift(minutes=5)
    assert Timer.objects.get().state == State.DEAD
