"""Waiting for locks of the database, and for how long."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction
from psycopg.errors import DeadlockDetected, LockNotAvailable

from apps.core.errors import Busy


@contextmanager
def patiently(seconds: float) -> Iterator[None]:
    """Run what is inside in a transaction, within the caller's if there is one, that waits so long for each lock.

    Raises Busy where one of them was not to be had, or two waited for one another; nothing of what was done inside is
    left then. Once it ended well, the rest of the caller's transaction waits no longer than that either.
    """
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{seconds * 1000:.0f}ms"])
            yield
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable | DeadlockDetected):
            raise Busy("Somebody else changes the same just now. Try again in a moment.") from error
        raise


@contextmanager
def alone(name: str, number: int) -> Iterator[bool]:
    """Whether nobody else is inside for the ``number`` of ``name``; asked without waiting, and held to the end.

    Not within a transaction, for what talks to a provider: it ends with the connection, however the process ends.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s), %s::int)", [name, number])
        (mine,) = cursor.fetchone() or (False,)
    try:
        yield mine
    finally:
        if mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtext(%s), %s::int)", [name, number])
