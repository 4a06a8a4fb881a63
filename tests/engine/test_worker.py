from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest

from apps.core import clock
from apps.engine import actions, identity, leases, loop, registry, worker
from apps.engine.models import Lane, State, Timer
from apps.engine.registry import handler, recurring
from launcher import commands

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_tick_works_until_nothing_is_due(seen):
    for key in ("a", "b", "c"):
        actions.schedule("note", key=key)
    assert worker.tick(Lane.WORK) == 3
    assert worker.tick(Lane.WORK) == 0


def test_a_tick_works_its_own_lane_only(seen):
    actions.schedule("note", key="a")
    assert worker.tick(Lane.PAGES) == 0
    assert seen == []


def test_a_lane_takes_no_more_threads_than_its_own_so_pages_never_wait_behind_bulk(seen):
    begun, end = threading.Semaphore(0), threading.Event()

    @handler("endless", lane=Lane.BULK, transactional=False)
    def endless(timer):
        begun.release()
        end.wait(30)

    @handler("page", lane=Lane.PAGES)
    def page(timer):
        seen.append(timer.key)

    slots = worker.SLOTS[Lane.BULK]
    for number in range(slots + 1):
        actions.schedule("endless", key=str(number))
    threads = [threading.Thread(target=worker.tick, args=[Lane.BULK]) for _ in range(slots)]
    for thread in threads:
        thread.start()
        assert begun.acquire(timeout=10)
    try:
        assert worker.tick(Lane.BULK) == 0
        actions.schedule("page", key="page")
        assert worker.tick(Lane.PAGES) == 1
    finally:
        end.set()
        for thread in threads:
            thread.join(30)
    assert worker.slots[Lane.BULK].free == slots


def test_a_tick_ends_after_its_budget_and_leaves_the_rest_to_the_next(seen):
    actions.schedule("note", key="a")
    assert worker.tick(Lane.WORK, budget=timedelta(0)) == 0
    assert worker.tick(Lane.WORK) == 1


def test_a_tick_that_is_told_to_stop_begins_nothing_more(seen):
    stop = threading.Event()

    @handler("stopping", lane=Lane.WORK)
    def stopping(timer):
        stop.set()

    actions.schedule("stopping", key="a")
    actions.schedule("note", key="b")
    assert worker.tick(Lane.WORK, stop=stop) == 1
    assert seen == []


def test_a_tick_outlasts_a_database_that_is_away(seen, monkeypatch):
    actions.schedule("note", key="a")
    identity.me.release()
    with monkeypatch.context() as away:
        away.setitem(identity._CLIENT_KEEPALIVE, "port", "1")
        assert worker.tick(Lane.WORK) == 0
    assert worker.slots[Lane.WORK].free == worker.SLOTS[Lane.WORK]
    assert worker.tick(Lane.WORK) == 1


def test_a_handler_whose_connection_dies_is_tried_again_and_the_loop_goes_on(seen):
    from django.db import connection

    @handler("cut", lane=Lane.WORK)
    def cut(timer):
        if timer.attempts == 1:
            connection.connection.close()
            Timer.objects.count()

    actions.schedule("cut", key="cut")
    actions.schedule("note", key="behind")
    assert worker.tick(Lane.WORK) == 2
    assert seen == ["behind"]
    timer = Timer.objects.get(key="cut")
    assert (timer.state, timer.attempts) == (State.PENDING, 1)
    assert timer.last_error


def test_a_worker_plans_recurring_kinds_that_have_nothing_ahead(monkeypatch):
    monkeypatch.setattr(registry, "_handlers", {})

    @recurring("hourly", every=timedelta(hours=1))
    def hourly(timer):
        raise AssertionError("not due")

    worker.tick(Lane.PAGES)
    assert Timer.objects.get().kind == "hourly"


@pytest.mark.django_db(transaction=True)
def test_a_kind_that_hangs_holds_back_only_itself():
    """Four that hang, of a kind that may have two threads, and one of another kind that is due after them."""
    released, hanging, seen = threading.Event(), threading.Semaphore(0), []

    @registry.handler("hangs", lane=Lane.PAGES, transactional=False, at_once=2)
    def hangs(timer: Timer) -> None:
        hanging.release()
        released.wait(10)

    @registry.handler("answers", lane=Lane.PAGES)
    def answers(timer: Timer) -> None:
        seen.append(timer.key)

    for number in range(4):
        actions.schedule("hangs", key=f"hang:{number}")
    actions.schedule("answers", key="answer")
    threads = [threading.Thread(target=worker.tick, args=(Lane.PAGES,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert all(hanging.acquire(timeout=5) for _ in range(2))
    deadline = time.monotonic() + 5
    while not seen and time.monotonic() < deadline:
        time.sleep(0.01)
    assert seen == ["answer"]
    assert Timer.objects.filter(kind="hangs", state=State.LEASED).count() == 2
    released.set()
    for thread in threads:
        thread.join(10)
    worker.tick(Lane.PAGES)
    assert Timer.objects.filter(kind="hangs", state=State.DONE).count() == 4


def test_two_kinds_that_hang_with_a_thousand_behind_them_keep_no_other_waiting_for_a_second():
    """Each hangs at its limit, everything of theirs has been due for longer, and each other page comes by itself."""
    released, hanging, seen = threading.Event(), threading.Semaphore(0), {}

    def hang(timer: Timer) -> None:
        hanging.release()
        released.wait(30)

    for kind in ("gateway", "mail"):
        registry.handler(kind, lane=Lane.PAGES, transactional=False, at_once=4)(hang)

    @registry.handler("answers", lane=Lane.PAGES)
    def answers(timer: Timer) -> None:
        seen[timer.key] = time.monotonic()

    backlog = [Timer(kind=kind, lane=Lane.PAGES, due_at=clock.now(), key=f"{kind}:{number}")
               for number in range(1_000) for kind in ("gateway", "mail")]  # fmt: skip
    Timer.objects.bulk_create(backlog)
    threads = [threading.Thread(target=worker.tick, args=(Lane.PAGES,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    try:
        assert all(hanging.acquire(timeout=5) for _ in range(8))
        waits = []
        for number in range(20):
            begun, key = time.monotonic(), f"page:{number}"
            actions.schedule("answers", key=key)
            threads.append(threading.Thread(target=worker.tick, args=(Lane.PAGES,)))  # as the wake-up does
            threads[-1].start()
            threads[-1].join(10)
            waits.append(seen[key] - begun)
        assert max(waits) < 1
        assert not hanging.acquire(blocking=False)
    finally:
        released.set()
        Timer.objects.filter(state=State.PENDING).delete()
        for thread in threads:
            thread.join(30)


@pytest.mark.parametrize("command", [commands.WORKER, commands.CHORES])
def test_the_pool_of_a_worker_has_a_thread_for_each_slot_of_its_lanes(command):
    lanes = command[command.index("-Q") + 1].split(",")
    assert int(command[command.index("--concurrency") + 1]) == sum(worker.SLOTS[Lane(lane)] for lane in lanes)


def test_each_lane_has_a_worker_and_pages_have_one_of_their_own():
    queues = [command[command.index("-Q") + 1] for command in (commands.WORKER, commands.CHORES)]
    assert queues == ["pages", "work,bulk"]


def test_other_lanes_give_way_while_pages_are_at_work_but_not_for_long(seen):
    begun, end = threading.Event(), threading.Event()

    @handler("hanging page", lane=Lane.PAGES, transactional=False)
    def hang(timer):
        begun.set()
        end.wait(30)

    actions.schedule("hanging page", key="page")
    actions.schedule("note", key="work")
    page = threading.Thread(target=worker.tick, args=[Lane.PAGES])
    page.start()
    try:
        assert begun.wait(10)
        since = time.monotonic()
        assert worker.tick(Lane.WORK) == 1
        assert time.monotonic() - since >= worker.GIVES_WAY.total_seconds()
        assert seen == ["work"]
    finally:
        end.set()
        page.join(30)
    actions.schedule("note", key="more")
    since = time.monotonic()
    assert worker.tick(Lane.WORK) == 1
    assert time.monotonic() - since < worker.GIVES_WAY.total_seconds()


def test_a_page_is_claimed_while_the_claim_of_another_lane_hangs(seen, monkeypatch):
    hanging, end, claim = threading.Event(), threading.Event(), leases.claim

    def slow(lane, **how):
        if lane is Lane.BULK:
            hanging.set()
            end.wait(30)
        return claim(lane, **how)

    @handler("page", lane=Lane.PAGES)
    def page(timer):
        seen.append(timer.key)

    monkeypatch.setattr(leases, "claim", slow)
    actions.schedule("page", key="page")
    bulk = threading.Thread(target=worker.tick, args=[Lane.BULK])
    pages = threading.Thread(target=worker.tick, args=[Lane.PAGES])
    bulk.start()
    try:
        assert hanging.wait(10)
        pages.start()
        pages.join(5)
        assert seen == ["page"]
    finally:
        end.set()
        bulk.join(30)
        pages.join(30)


def test_what_a_late_timer_plans_is_found_at_once_although_nothing_else_was_left_meanwhile(seen, monkeypatch):
    monkeypatch.setattr(worker, "FULL_LOOK_AT_MOST", timedelta(hours=1))
    monkeypatch.setattr(worker, "FULL_LOOK_AT_LEAST", timedelta(hours=1))
    begun, end = threading.Event(), threading.Event()

    @handler("level", lane=Lane.WORK)
    def level(timer):
        begun.set()
        end.wait(30)
        actions.schedule("note", key="page")

    actions.schedule("level", key="late", due_at=clock.now() - timedelta(minutes=5))
    late = threading.Thread(target=worker.tick, args=[Lane.WORK])
    late.start()
    assert begun.wait(10)
    assert worker.tick(Lane.WORK) == 0
    end.set()
    late.join(30)
    assert seen == ["page"]


def test_what_a_late_timer_plans_in_another_lane_is_found_by_workers_that_know_nothing_of_it(seen, monkeypatch):
    monkeypatch.setattr(worker, "FULL_LOOK_AT_MOST", timedelta(hours=1))
    monkeypatch.setattr(worker, "FULL_LOOK_AT_LEAST", timedelta(hours=1))

    @handler("role", lane=Lane.PAGES)
    def role(timer):
        actions.schedule("note", key="notice")

    actions.schedule("role", key="late", due_at=clock.now() - timedelta(minutes=5))
    assert worker.tick(Lane.WORK) == 0
    assert worker.tick(Lane.PAGES) == 1
    assert worker.tick(Lane.WORK) == 1
    assert seen == ["notice"]


def test_a_loop_that_stands_by_outlasts_whatever_fails_in_it(monkeypatch):
    asked, stop = [], threading.Event()

    def needed(lanes, standby):
        asked.append(standby)
        if len(asked) == 1:
            raise RuntimeError("a fault of ours")
        stop.set()
        return []

    monkeypatch.setattr(loop, "_needed", needed)
    monkeypatch.setattr(loop, "PULSE", timedelta(milliseconds=10))
    loop.keep_going(stop=stop, lanes=[Lane.WORK], standby=timedelta(seconds=5))
    assert len(asked) == 2
