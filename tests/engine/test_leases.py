from __future__ import annotations

import re
import threading
import time
from datetime import timedelta

import psycopg
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.core import clock as house_clock
from apps.engine import actions, identity, leases, outcomes, registry, runner, worker
from apps.engine.models import Lane, State, Timer
from apps.engine.registry import handler
from apps.engine.runner import run_due


@pytest.fixture
def stranger():
    """Another worker that lives: its identity, and how it ends."""
    other = identity.Identity()
    yield other
    other.release()


def leased_by(worker_number, *, attempts=1, until=timedelta(minutes=1), key="a"):
    return Timer.objects.create(
        kind="note",
        lane=Lane.WORK,
        due_at=house_clock.now(),
        key=key,
        state=State.LEASED,
        attempts=attempts,
        leased_by=worker_number,
        lease_until=house_clock.now() + until,
    )


@pytest.mark.django_db
def test_the_lease_of_a_living_worker_is_left_alone(seen, stranger):
    leased_by(stranger.number())
    assert leases.take_back() == 0
    assert run_due() == 0


@pytest.mark.django_db
def test_the_lease_of_a_worker_that_ended_is_taken_back_at_once(seen, stranger):
    leased_by(stranger.number())
    stranger.release()
    assert run_due() == 1
    assert seen == ["a"]
    assert Timer.objects.get().attempts == 2


@pytest.mark.django_db
def test_an_expired_lease_is_taken_back_although_its_worker_lives(seen, stranger):
    leased_by(stranger.number(), until=timedelta(seconds=-1))
    assert leases.take_back() == 1
    assert "was lost or took too long" in Timer.objects.get().last_error


@pytest.mark.django_db
def test_a_timer_that_ends_every_worker_it_meets_is_given_up(seen, stranger):
    leased_by(stranger.number(), attempts=registry.ATTEMPTS)
    stranger.release()
    leases.take_back()
    assert Timer.objects.get().state == State.DEAD


@pytest.mark.django_db
def test_what_is_taken_back_keeps_its_place_and_comes_before_what_has_become_due_since(seen, stranger):
    leased_by(stranger.number(), key="first")
    actions.schedule("note", key="second")
    stranger.release()
    assert run_due() == 2
    assert seen == ["first", "second"]


@pytest.mark.django_db(transaction=True)
def test_what_is_taken_back_is_found_at_once_however_long_ago_it_was_due(seen, stranger):
    actions.schedule("note", key="now")
    worker.tick(Lane.WORK)  # knows from here on that nothing older is there
    lost = leased_by(stranger.number(), key="lost")
    Timer.objects.filter(pk=lost.pk).update(due_at=house_clock.now() - timedelta(hours=1))
    stranger.release()
    worker._taking_back = worker.Every(timedelta(0))
    worker.tick(Lane.WORK)
    assert seen == ["now", "lost"]


@pytest.mark.django_db
def test_two_lost_timers_of_one_key_become_one(seen, stranger):
    leased_by(stranger.number())
    leased_by(stranger.number())
    stranger.release()
    leases.take_back()
    run_due()
    assert seen == ["a"]
    assert set(Timer.objects.values_list("state", flat=True)) == {State.CANCELLED, State.DONE}


@pytest.mark.django_db
def test_the_effect_of_a_worker_that_lost_its_lease_meanwhile_is_rolled_back(seen):
    runs = []

    @handler("slow", lane=Lane.WORK)
    def slow(timer):
        runs.append(timer.attempts)
        actions.schedule("note", key=f"effect of attempt {timer.attempts}")

    actions.schedule("slow", key="a")
    (first,) = leases.claim(Lane.WORK)
    outcomes.lose(first)
    (second,) = leases.claim(Lane.WORK)
    runner.handle(first)
    assert not Timer.objects.filter(key="effect of attempt 1").exists()
    runner.handle(second)
    assert runs == [1, 2]
    assert Timer.objects.filter(key="effect of attempt 2").exists()


@pytest.mark.django_db
def test_an_identity_whose_connection_was_cut_is_taken_anew(stranger):
    old = stranger.number()
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as server:
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ado_engine'")
    assert stranger.number() != old


@pytest.mark.django_db(transaction=True)
def test_threads_that_claim_together_handle_each_timer_exactly_once(together):
    @handler("count", lane=Lane.WORK)
    def count(timer):
        actions.schedule("effect", due_at=timer.due_at + timedelta(days=1), key=f"{timer.pk}:{timer.attempts}")

    @handler("effect", lane=Lane.BULK)
    def effect(timer):
        raise AssertionError("not due")

    with transaction.atomic():
        for number in range(200):
            actions.schedule("count", key=str(number))
    together(4, run_due)
    assert Timer.objects.filter(kind="count", state=State.DONE, attempts=1).count() == 200
    assert Timer.objects.filter(kind="effect").count() == 200


@pytest.mark.django_db(transaction=True)
def test_a_claim_does_not_wait_for_a_row_that_another_one_holds(seen, together):
    actions.schedule("note", key="held")
    actions.schedule("note", key="free")
    with transaction.atomic():
        Timer.objects.select_for_update().get(key="held")
        together(1, run_due)
    assert seen == ["free"]


@pytest.mark.django_db
def test_a_claim_among_a_hundred_thousand_pending_reads_only_what_is_due(clock, seen):
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO engine_timer
                   (kind, lane, due_at, key, subject, payload, state, attempts, last_error, created_at)
               SELECT 'note', 'work', %s::timestamptz + number * interval '1 second',
                      number, '', '{}', 'pending', 0, '', now()
                 FROM generate_series(-20, 100000) AS number""",
            [clock.now],
        )
        cursor.execute("ANALYZE engine_timer")
    with CaptureQueriesContext(connection) as queries:
        assert len(leases.claim(Lane.WORK, limit=10)) == 10
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, BUFFERS OFF, TIMING OFF) " + queries[0]["sql"])
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Index Scan using engine_timer_due" in plan
    assert "Seq Scan on engine_timer" not in plan
    condition = re.search(r"engine_timer_due .*\n(?:.*\n)?\s+Index Cond: (.*)", plan)
    assert condition, plan
    assert "due_at <=" in condition[1]
    assert "due_at >=" in condition[1]


@pytest.mark.django_db
def test_the_low_water_mark_skips_what_is_old_and_a_full_look_still_finds_it(seen, monkeypatch):
    water = worker.LowWater()
    assert water.mark() == leases.BEGINNING
    water.found([], since=leases.BEGINNING)
    actions.schedule("note", key="late to commit", due_at=house_clock.now() - timedelta(minutes=5))
    assert leases.claim(Lane.WORK, since=water.mark()) == []
    monkeypatch.setattr(water, "_next_full_look", 0.0)
    assert [timer.key for timer in leases.claim(Lane.WORK, since=water.mark())] == ["late to commit"]


@pytest.mark.parametrize(("seconds", "pause"), [(0.001, 1.0), (0.1, 5.0), (3.0, 10.0)])
def test_the_longer_a_full_look_takes_the_more_rarely_it_is_taken(seconds, pause, monkeypatch):
    now = [1_000.0]
    monkeypatch.setattr(worker.time, "monotonic", lambda: now[0])
    water = worker.LowWater()
    water.found([], since=water.mark(), seconds=seconds)
    now[0] += pause - 0.01
    assert water.mark() is None
    now[0] += 0.02
    assert water.mark() == leases.BEGINNING


def test_a_full_look_comes_as_soon_where_it_left_out_a_kind_that_is_full(monkeypatch):
    now = [1_000.0]
    monkeypatch.setattr(worker.time, "monotonic", lambda: now[0])
    water = worker.LowWater()
    water.found([], since=water.mark(), seconds=0.001, everything=False)
    now[0] += 1.01
    assert water.mark() == leases.BEGINNING


@pytest.mark.django_db(transaction=True)
def test_what_is_found_by_a_full_look_only_waits_no_longer_while_another_kind_is_full(seen, monkeypatch):
    hanging, end = threading.Event(), threading.Event()

    @handler("hangs", lane=Lane.WORK, transactional=False, at_once=1)
    def hangs(timer):
        hanging.set()
        end.wait(30)

    actions.schedule("hangs", key="hangs")
    full = threading.Thread(target=worker.tick, args=[Lane.WORK])
    full.start()
    try:
        assert hanging.wait(10)
        monkeypatch.setattr(worker._low_water[Lane.WORK], "_next_full_look", 0.0)
        worker.tick(Lane.WORK)  # a full look, which leaves out what is full
        actions.schedule("note", key="late to commit", due_at=house_clock.now() - timedelta(minutes=5))
        time.sleep(2 * worker.FULL_LOOK_AT_MOST.total_seconds())
        worker.tick(Lane.WORK)
        assert seen == ["late to commit"]
    finally:
        end.set()
        full.join(30)


def test_a_look_that_found_nothing_does_not_hide_the_backlog_that_another_thread_found_meanwhile():
    water = worker.LowWater()
    water.found([], since=water.mark())
    stale = water.mark()
    an_hour_ago = house_clock.now() - timedelta(hours=1)
    water.found([Timer(due_at=an_hour_ago)], since=leases.BEGINNING)
    water.found([], since=stale)
    assert water.mark() == an_hour_ago - leases.RECENT


@pytest.mark.django_db(transaction=True)
def test_a_backlog_is_worked_off_under_the_mark_without_a_gap(seen):
    start = house_clock.now() - timedelta(hours=1)
    for minute in range(30):
        actions.schedule("note", key=f"{minute:02}", due_at=start + timedelta(minutes=minute))
    assert worker.tick(Lane.WORK) == 30
    assert seen == [f"{minute:02}" for minute in range(30)]
