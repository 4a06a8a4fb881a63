"""A worker or web process on a machine whose clock is off goes by the database's."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection

from apps.core import clock
from apps.engine import timekeeping
from apps.engine.identity import Identity

CLOSE = timedelta(seconds=5)


@pytest.fixture
def worker(db):
    """An identity of its own; the clock is the machine's again afterwards."""
    identity = Identity()
    yield identity
    identity.number()
    identity.release()


@pytest.mark.parametrize("off", [timedelta(minutes=2), -timedelta(minutes=2)])
def test_a_worker_whose_clock_is_off_goes_by_the_databases(worker, off):
    true = datetime.now(UTC)
    with time_machine.travel(true + off, tick=True):
        assert abs(clock.now() - (true + off)) < CLOSE, "nobody has asked the database yet"
        worker.number()
        assert abs(clock.now() - true) < CLOSE


def test_a_clock_that_was_set_right_is_trusted_again(worker):
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=2), tick=True):
        worker.number()
    worker.number()
    assert abs(clock.now() - datetime.now(UTC)) < CLOSE


def test_a_slow_answer_of_the_database_corrects_nothing():
    now = datetime.now(UTC)
    assert clock.compare(now - timedelta(seconds=20), asked_at=now - timedelta(seconds=30)) == timedelta(0)
    assert clock.compare(now - timedelta(seconds=40), asked_at=now - timedelta(seconds=30)) < timedelta(seconds=-35)
    assert clock.compare(now, asked_at=now) == timedelta(0)


def test_a_web_process_goes_by_the_databases_clock_from_its_first_request_on(worker):
    true = datetime.now(UTC)
    with time_machine.travel(true + timedelta(minutes=2), tick=True):
        timekeeping.Timekeeper(lambda *_: [])
        assert abs(clock.now() - true) < CLOSE


def test_a_web_process_whose_clock_goes_wrong_later_is_put_right_by_whichever_request_comes(worker, monkeypatch):
    served = []
    keeper = timekeeping.Timekeeper(lambda *request: served.append(request) or [])
    true = datetime.now(UTC)
    with time_machine.travel(true + timedelta(minutes=2), tick=True):
        keeper({}, None)
        assert abs(clock.now() - true) > timedelta(minutes=1), "a minute has not passed since it asked"
        monkeypatch.setattr(keeper, "_next", 0.0)
        keeper({}, None)
        until = time.perf_counter() + 10
        while abs(clock.now() - true) > timedelta(minutes=1) and time.perf_counter() < until:
            time.sleep(0.01)
        assert abs(clock.now() - true) < CLOSE * 2
    assert len(served) == 2


def test_a_web_process_starts_while_the_database_is_away(db, monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "PORT", "1")
    assert timekeeping.Timekeeper(lambda *_: [b"here"])({}, None) == [b"here"]
