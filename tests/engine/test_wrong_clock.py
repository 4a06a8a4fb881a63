"""A worker on a machine whose clock is off goes by the database's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from apps.core import clock
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
