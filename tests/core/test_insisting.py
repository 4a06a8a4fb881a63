"""What happened is written however long the database is away."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from django.db import IntegrityError, InterfaceError, OperationalError, connection

from apps.core import insisting
from apps.core.insisting import insist

SOON = timedelta(seconds=5)


@pytest.fixture
def pauses(monkeypatch):
    made: list[float] = []
    monkeypatch.setattr(insisting.ending, "wait", made.append)
    return made


def failing(*errors):
    """A write that meets these first, and says how often it was tried."""
    left, tried = list(errors), [0]

    def write() -> int:
        tried[0] += 1
        if left:
            raise left.pop(0)
        return tried[0]

    return write


def test_what_the_database_takes_at_once_is_written_once(pauses):
    assert insist(failing(), within=SOON, what="it") == 1
    assert pauses == []


@pytest.mark.django_db(transaction=True)
def test_it_is_tried_again_with_longer_and_longer_pauses(pauses):
    away = [OperationalError("the disk is full"), InterfaceError("the connection is closed"), OperationalError("away")]
    assert insist(failing(*away), within=SOON, what="it") == 4
    assert pauses == [0.1, 0.2, 0.4]


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_died_is_replaced(pauses):
    connection.ensure_connection()

    def write() -> str:
        if not pauses:
            connection.connection.close()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 'written'")
            return cursor.fetchone()[0]

    assert insist(write, within=SOON, what="it") == "written"


@pytest.mark.django_db(transaction=True)
def test_it_gives_up_when_the_time_is_over(pauses):
    write = failing(*[OperationalError("away")] * 9)
    with pytest.raises(OperationalError, match="away"):
        insist(write, within=timedelta(0), what="it")


def test_what_another_attempt_would_meet_as_well_is_raised_at_once(pauses):
    with pytest.raises(IntegrityError):
        insist(failing(IntegrityError("twice")), within=SOON, what="it")
    assert pauses == []


@pytest.mark.django_db(transaction=True)
def test_a_process_that_is_to_end_waits_for_no_database(monkeypatch):
    monkeypatch.setattr(insisting, "ending", threading.Event())
    insisting.ending.set()
    begun = time.monotonic()
    with pytest.raises(OperationalError, match="away"):
        insist(failing(*[OperationalError("away")] * 9), within=timedelta(minutes=1), what="it")
    assert time.monotonic() - begun < 1
