"""Whoever waits for a lock is told that others are at it, and not that the database gave up."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction

from apps.core import locks
from apps.core.errors import Busy
from apps.teams.models import Team
from tests.factories.teams import make_team
from tests.incidents.test_locking import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def held(team: Team) -> None:
    Team.objects.select_for_update().get(pk=team.pk)


def test_of_two_that_wait_for_one_another_one_is_told():
    first, second = make_team("first"), make_team("second")
    together = threading.Barrier(2)

    def stays() -> None:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL deadlock_timeout = '1min'")  # the other looks first, and is the one that ends
            held(first)
            together.wait(10)
            held(second)

    def gives_way() -> None:
        with locks.patiently(30):
            held(second)
            together.wait(10)
            held(first)

    (told,) = at_once(stays, gives_way)
    assert isinstance(told, Busy)
