"""The engine in processes of its own, ended as processes end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
import redis
from django.db import connection, transaction

from ado_incidents.celery import NICE
from apps.core import clock
from apps.engine import actions, queries, wake
from apps.engine.identity import me
from apps.engine.models import Lane, State, Timer
from apps.engine.registry import handler
from apps.engine.runner import run_due
from apps.engine.worker import SLOTS
from launcher import commands
from launcher.valkey import Valkey

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]
SCRIPT = Path(__file__).with_name("worker_process.py")


@pytest.fixture(autouse=True)
def nobody_works_yet():
    """The workers of the test before have been noticed to be gone, and this process is none."""
    me.release()
    wait_for(lambda: workers() == 0)


@pytest.fixture(autouse=True)
def kinds():
    """The kinds of worker_process.py, as this process knows them."""

    @handler("test.effect", lane=Lane.BULK)
    def effect(timer):
        raise AssertionError("never due")

    @handler("test.work", lane=Lane.WORK)
    def work(timer):
        actions.schedule("test.effect", due_at=clock.now().replace(year=2100), key=f"effect:{timer.key}")


@pytest.fixture
def start(own_database_url):
    """Start a worker; it is gone after the test."""
    with ExitStack() as running:

        def start(*arguments: str) -> subprocess.Popen[bytes]:
            environment = os.environ | {"DATABASE_URL": own_database_url}
            process = subprocess.Popen([sys.executable, str(SCRIPT), *arguments], env=environment)
            running.callback(process.wait)
            running.callback(process.kill)
            return process

        yield start


@pytest.fixture
def celery_worker(own_database_url):
    """The worker of production, with no beat: only what wakes it makes it work."""
    environment = os.environ | {"DATABASE_URL": own_database_url, "REDIS_URL": os.environ["TEST_REDIS_URL"]}
    command = [sys.executable, "-m", "celery", "-A", "ado_incidents", "worker", "--pool", "threads"]
    options = ["--concurrency", "20", "-Q", "pages,work,bulk", "--without-gossip", "--without-mingle"]
    process = subprocess.Popen([*command, *options], env=environment)
    yield process
    process.kill()
    process.wait()


def wait_for(condition, *, seconds=60.0):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)


def workers():
    return queries.health().workers


def sessions():
    """How many sessions the database has seen, ended ones included."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sessions FROM pg_stat_database WHERE datname = current_database()")
        return cursor.fetchone()[0]


def leased():
    return Timer.objects.filter(state=State.LEASED).exists()


def test_a_worker_killed_in_the_middle_leaves_no_half_effect_and_its_timer_to_the_next_at_once(start):
    actions.schedule("test.work", key="a", payload={"seconds": 60})
    process = start()
    wait_for(leased)
    process.kill()
    process.wait()
    wait_for(lambda: run_due() == 1, seconds=5)
    timer = Timer.objects.get(kind="test.work")
    assert (timer.state, timer.attempts) == (State.DONE, 2)
    assert Timer.objects.get(kind="test.effect").payload == {}, "the effect is that of the second attempt alone"


def test_two_workers_share_the_work_and_do_each_part_once(start):
    start()
    start()
    wait_for(lambda: workers() == 2)
    for number in range(60):
        actions.schedule("test.work", key=str(number), payload={"seconds": 0.05})
    wait_for(lambda: Timer.objects.filter(kind="test.work", state=State.DONE).count() == 60)
    effects = Timer.objects.filter(kind="test.effect")
    assert effects.count() == 60
    assert len({effect.payload["pid"] for effect in effects}) == 2
    assert set(Timer.objects.filter(kind="test.work").values_list("attempts", flat=True)) == {1}


def test_a_worker_that_is_told_to_end_finishes_what_it_has_begun(start):
    actions.schedule("test.work", key="a", payload={"seconds": 1})
    process = start()
    wait_for(leased)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 0
    assert Timer.objects.get(kind="test.work").state == State.DONE


def test_a_standby_leaves_the_work_to_others_until_it_is_late(start):
    start("--standby", "2")
    wait_for(workers)
    actions.schedule("test.work", key="a", payload={"seconds": 0})
    begun = time.monotonic()
    wait_for(lambda: Timer.objects.filter(kind="test.work", state=State.DONE).exists())
    assert 2.0 <= time.monotonic() - begun <= 6.0


def test_a_standby_leaves_chores_that_are_late_to_whoever_does_them(start):
    start("--standby", "2")
    wait_for(workers)
    actions.schedule("test.work", key="late", payload={"seconds": 0})
    until = time.monotonic() + 4
    while time.monotonic() < until:  # somebody else is slow, and at it
        done = Timer(kind="test.effect", lane=Lane.WORK, due_at=clock.now(), key="x", state=State.DONE)
        done.finished_at = clock.now()
        done.save()
        time.sleep(0.2)
    assert Timer.objects.get(kind="test.work").state == State.PENDING
    wait_for(lambda: Timer.objects.get(kind="test.work").state == State.DONE, seconds=10)


def test_a_worker_of_one_lane_leaves_the_others_alone(start):
    start("--lanes", "pages,bulk")
    wait_for(workers)
    actions.schedule("test.work", key="a", payload={"seconds": 0})
    time.sleep(2.5)
    assert Timer.objects.get(kind="test.work").state == State.PENDING


@pytest.fixture
def awake(celery_worker, use_broker, monkeypatch):
    """The worker of production hears what wakes it."""
    url = os.environ["TEST_REDIS_URL"]
    monkeypatch.setattr(wake, "_hooks", {lane: partial(use_broker(url).now, lane) for lane in Lane})

    def first_tick_was_heard():
        wake.after_commit(Lane.BULK)
        return workers()

    wait_for(first_tick_was_heard)


def test_what_is_due_now_wakes_a_celery_worker_after_the_commit(awake):
    with transaction.atomic():
        actions.schedule("engine.sweep", key="a")
    wait_for(lambda: Timer.objects.get(key="a").state == State.DONE, seconds=3)


def test_a_celery_worker_keeps_its_connections_from_tick_to_tick(awake):
    ticks = 4 * sum(SLOTS.values())
    before = sessions()
    for number in range(ticks):
        actions.schedule("engine.sweep", key=f"{number}")
        wait_for(lambda key=f"{number}": Timer.objects.get(key=key).state == State.DONE)
    assert sessions() - before < ticks / 2  # one a thread


def test_a_celery_worker_that_nobody_wakes_works_what_is_late_by_itself(celery_worker):
    actions.schedule("engine.sweep", key="a")
    wait_for(lambda: Timer.objects.get(key="a").state == State.DONE)


def test_a_worker_whose_broker_goes_while_hints_wait_for_a_thread_goes_on_with_the_next_broker(
    own_database_url, use_broker, tmp_path
):
    valkey = Valkey(tmp_path, log=tmp_path / "valkey.log")
    valkey.start()
    command = [sys.executable, "-m", "celery", "-A", "ado_incidents", "worker", "--pool", "threads"]
    options = ["--concurrency", "2", "-Q", "bulk", "--without-gossip", "--without-mingle"]
    environment = os.environ | {"DATABASE_URL": own_database_url, "REDIS_URL": valkey.url}
    process = subprocess.Popen([*command, *options], env=environment)
    try:
        waker = use_broker(valkey.url)

        def first_tick_was_heard():
            waker.now(Lane.BULK)
            return workers()

        wait_for(first_tick_was_heard)
        with redis.Redis.from_url(valkey.url) as client:
            wait_for(lambda: not client.llen(Lane.BULK))
        time.sleep(1)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE engine_timer IN ACCESS EXCLUSIVE MODE")
            for _ in range(3):  # two hang in the threads, one waits for them, and the worker asks for more
                waker.now(Lane.BULK)
            time.sleep(1)
            valkey.stop()
            time.sleep(1)
        valkey.start()
        with redis.Redis.from_url(valkey.url) as client:
            waker = use_broker(valkey.url)  # the one before rests after its failure
            waker.now(Lane.BULK)
            assert client.llen(Lane.BULK) == 1
            wait_for(lambda: not client.llen(Lane.BULK))
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()
        valkey.stop()


def test_the_worker_of_chores_stands_back_with_its_whole_session(own_database_url):
    environment = os.environ | {"DATABASE_URL": own_database_url, "REDIS_URL": os.environ["TEST_REDIS_URL"]}
    process = subprocess.Popen([sys.executable, *commands.CHORES], env=environment, start_new_session=True)
    session = Path(f"/proc/{process.pid}/autogroup")
    try:
        wait_for(lambda: os.getpriority(os.PRIO_PROCESS, process.pid) == NICE)
        # A kernel that does not share by session has no such file, and niceness is enough.
        wait_for(lambda: not session.exists() or session.read_text().endswith(f"nice {NICE}\n"), seconds=5)
    finally:
        process.kill()
        process.wait()
