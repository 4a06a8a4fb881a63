from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from apps.core.errors import Conflict, RuleViolation
from apps.engine import actions, wake
from apps.engine.models import Lane, State, Timer
from apps.engine.registry import handler
from apps.engine.runner import run_due

pytestmark = pytest.mark.django_db


def test_scheduling_a_key_twice_is_once_and_moves_when_about_what_and_payload(clock, seen):
    actions.schedule("note", key="a", subject="incident:1", payload={"level": 1})
    later = clock.now + timedelta(minutes=5)
    actions.schedule("note", due_at=later, key="a", subject="incident:2", payload={"level": 2})
    timer = Timer.objects.get(key="a")
    assert (timer.due_at, timer.subject, timer.payload) == (later, "incident:2", {"level": 2})


def test_a_key_that_is_scheduled_anew_has_all_its_attempts_again(clock, seen):
    actions.schedule("note", key="a")
    Timer.objects.update(attempts=11, last_error="refused")
    actions.schedule("note", key="a")
    timer = Timer.objects.get(key="a")
    assert (timer.attempts, timer.last_error) == (0, "")


def test_a_timer_without_a_time_is_due_now(clock, seen):
    actions.schedule("note", key="a")
    assert run_due() == 1


def test_a_timer_is_not_due_before_its_time(clock, seen):
    actions.schedule("note", due_at=clock.now + timedelta(minutes=15), key="a")
    clock.shift(minutes=14, seconds=59)
    assert run_due() == 0
    clock.shift(seconds=1)
    assert run_due() == 1


def test_a_running_timer_may_already_have_its_successor(clock):
    runs = []

    @handler("again", lane=Lane.WORK)
    def again(timer):
        runs.append(clock.now)
        if len(runs) < 3:
            actions.schedule("again", due_at=clock.now + timedelta(minutes=1), key=timer.key)

    actions.schedule("again", key="a")
    for _ in range(5):
        run_due()
        clock.shift(minutes=1)
    assert len(runs) == 3


def test_scheduling_a_kind_nobody_handles_fails_at_its_caller(clock):
    with pytest.raises(LookupError, match="mispelt"):
        actions.schedule("mispelt", key="a")


def test_what_is_scheduled_in_a_transaction_that_rolls_back_never_was(clock, seen):
    with transaction.atomic():
        actions.schedule("note", key="a")
        transaction.set_rollback(True)
    assert run_due() == 0


def test_cancel_takes_the_pending_timers_of_a_subject_and_kind_and_no_others(clock, seen):
    @handler("other", lane=Lane.PAGES)
    def other(timer):
        seen.append(timer.key)

    actions.schedule("note", key="a", subject="incident:1")
    actions.schedule("other", key="b", subject="incident:1")
    actions.schedule("note", key="c", subject="incident:2")
    assert actions.cancel(subject="incident:1", kind="note") == 1
    assert actions.cancel(subject="incident:1", kind="note") == 0
    run_due()
    assert seen == ["b", "c"]
    assert Timer.objects.get(key="a").state == State.CANCELLED


def test_cancel_without_a_kind_takes_all_of_a_subject(clock, seen):
    actions.schedule("note", key="a", subject="incident:1")
    actions.schedule("note", key="b", subject="incident:1")
    assert actions.cancel(subject="incident:1") == 2


def test_cancelling_everything_at_once_is_refused(clock, seen):
    with pytest.raises(ValueError, match="about"):
        actions.cancel(subject="")


def test_cancel_by_key_says_whether_there_was_one(clock, seen):
    actions.schedule("note", key="a")
    assert actions.cancel_key("a")
    assert not actions.cancel_key("a")
    assert run_due() == 0


def test_what_is_done_is_not_cancelled_afterwards(clock, seen):
    actions.schedule("note", key="a", subject="incident:1")
    run_due()
    assert actions.cancel(subject="incident:1") == 0
    assert Timer.objects.get(key="a").state == State.DONE


def test_a_dead_timer_is_run_again_with_all_its_attempts(clock, seen):
    actions.schedule("note", key="a")
    Timer.objects.update(state=State.DEAD, attempts=12, finished_at=clock.now)
    actions.run_again(Timer.objects.get().pk)
    assert run_due() == 1
    assert Timer.objects.get().attempts == 1


def test_only_a_dead_timer_is_run_again(clock, seen):
    actions.schedule("note", key="a")
    with pytest.raises(RuleViolation, match="pending"):
        actions.run_again(Timer.objects.get().pk)


def test_a_dead_timer_whose_key_is_planned_anew_is_not_run_beside_it(clock, seen):
    actions.schedule("note", key="a")
    Timer.objects.update(state=State.DEAD, attempts=12, finished_at=clock.now)
    dead = Timer.objects.get()
    actions.schedule("note", key="a")
    with pytest.raises(Conflict):
        actions.run_again(dead.pk)


def test_the_database_refuses_two_pending_timers_of_one_key(clock, seen):
    actions.schedule("note", key="a")
    with pytest.raises(IntegrityError, match="engine_timer_one_pending_per_key"):
        Timer.objects.create(kind="note", lane=Lane.WORK, due_at=clock.now, key="a")


@pytest.fixture
def woken(monkeypatch):
    lanes = []
    monkeypatch.setattr(wake, "_hooks", {lane: (lambda lane=lane: lanes.append(lane)) for lane in Lane})
    return lanes


def test_a_lane_is_woken_once_after_the_commit_however_much_is_due(
    clock, seen, woken, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        actions.schedule("note", key="a")
        actions.schedule("note", key="b", due_at=clock.now + actions.SOON)
        assert woken == []
    assert woken == [Lane.WORK]


def test_what_is_due_later_wakes_nobody(clock, seen, woken, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        actions.schedule("note", key="a", due_at=clock.now + timedelta(seconds=2))
    assert woken == []


def test_a_savepoint_that_rolls_back_does_not_take_the_wake_up_of_others_with_it(
    clock, seen, woken, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        with transaction.atomic():
            actions.schedule("note", key="a")
            transaction.set_rollback(True)
        actions.schedule("note", key="b")
    assert woken == [Lane.WORK]


def test_ensure_due_plans_a_missing_timer_brings_a_later_one_forward_and_leaves_a_due_one_alone(clock, seen):
    assert actions.ensure_due("note", key="a")
    assert not actions.ensure_due("note", key="a")
    Timer.objects.update(due_at=clock.now + timedelta(minutes=5))
    assert actions.ensure_due("note", key="a")
    assert run_due() == 1
    assert seen == ["a"]
