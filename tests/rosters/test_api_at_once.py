"""Two who write rosters over the API at the same moment: one is first, the other is told."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections

from apps.rosters.models import Roster
from apps.teams.models import Scope
from tests.api.clients import client_of
from tests.rosters.test_api_writing import PLATFORM, ROSTERS

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(manager, write: Callable[..., object]) -> list[int]:
    """The statuses of what ``write`` answers to two clients, each given its own and a number, in order."""
    together = Barrier(2)

    def one(number: int) -> int:
        client = client_of(manager, scope=Scope.MANAGE)
        try:
            together.wait(timeout=30)
            return write(client, number).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as threads:
        return sorted(threads.map(one, range(2)))


def test_of_two_changes_of_one_version_one_is_made(roster, manager):
    version = client_of(manager).get(PLATFORM).json()["version"]
    changes = [{"name": "First", "version": version}, {"time_zone": "UTC", "version": version, "accept_gaps": True}]
    assert at_once(manager, lambda client, number: client.patch(PLATFORM, changes[number], format="json")) == [200, 409]
    roster.refresh_from_db()
    assert (roster.name == "First") != (roster.time_zone == "UTC")


@pytest.mark.parametrize(
    "slugs", [("one", "other"), ("same", "same")], ids=["two primary ones of a team", "two of one slug"]
)
def test_of_two_new_rosters_that_cannot_both_be_one_is_made(team, manager, slugs):
    def make(client, number):
        is_primary = slugs[0] != slugs[1]
        body = {"name": "New", "slug": slugs[number], "team": "platform", "is_primary": is_primary, "accept_gaps": True}
        return client.post(ROSTERS, body, format="json")

    made, refused = at_once(manager, make)
    assert (made, refused in (400, 409)) == (201, True)
    assert Roster.objects.count() == 1
