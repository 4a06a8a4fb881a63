"""What managers do with several rows at once waits for others in the order in which everybody locks: rosters first."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.urls import reverse

from apps.core import clock as house_clock
from apps.rosters import actions
from apps.rosters.admin import leave as leave_page
from apps.rosters.admin import rosters as rosters_page
from apps.rosters.models import Absence, Roster
from tests.incidents.test_locking import at_once
from tests.rosters.admin_forms import ROSTERS, signed_in
from tests.rosters.building import layer_of

pytestmark = pytest.mark.django_db(transaction=True)

DAY = timedelta(days=1)
#: So long whoever comes between may take to get there, in seconds.
PATIENCE = 20
LEAVE = reverse("admin:rosters_absence_changelist")


@pytest.fixture
def two(team, people):
    """Two rosters of Anna and Ben; the one that is listed first has the higher id."""
    found = []
    for slug, name in (("zulu", "Zulu"), ("alpha", "Alpha")):
        roster = Roster.objects.create(slug=slug, name=name, team=team)
        layer_of(roster, people[:2])
        actions.materialise(roster)
        found.append(roster)
    return found


class Between:
    """Lets somebody come between the first row of a list that is acted on and the others."""

    def __init__(self) -> None:
        self._first_row_is_done = threading.Event()
        self._came = threading.Event()

    def after_the_first_row(self, act: Callable) -> Callable:
        """``act``, which after its first row stops until somebody waits for what it locked, or has come and gone."""

        def acting(*given, **named):
            done = act(*given, **named)
            if not self._first_row_is_done.is_set():
                self._first_row_is_done.set()
                until(lambda: self._came.is_set() or somebody_waits())
            return done

        return acting

    @contextmanager
    def come(self) -> Iterator[None]:
        """Do what is within once the first row is done."""
        assert self._first_row_is_done.wait(PATIENCE)
        yield
        self._came.set()


def until(so: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENCE
    while not so():
        assert time.monotonic() < ends
        time.sleep(0.02)


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return cursor.fetchone()[0] > 0


def test_rosters_are_copied_while_somebody_takes_leave(two, people, manager, monkeypatch):
    between = Between()
    monkeypatch.setattr(rosters_page.actions, "copy", between.after_the_first_row(actions.copy))
    client, now = signed_in(manager), house_clock.now()

    def copy():
        assert (
            client.post(ROSTERS, {"action": "copy", "_selected_action": [each.pk for each in two]}).status_code == 302
        )

    def take_leave():
        with between.come():
            actions.add_absence(people[0], start=now + DAY, end=now + 2 * DAY, by=people[0])

    assert at_once(copy, take_leave) == []
    assert Roster.objects.count() == 4
    assert not people[0].shifts.filter(during__overlap=Absence.objects.get().during).exists()


def test_leave_of_several_is_taken_back_while_somebody_changes_their_rosters(two, people, manager, monkeypatch):
    first, second = two
    first.layers.get().members.exclude(person=people[1]).delete()
    second.layers.get().members.exclude(person=people[0]).delete()
    now = house_clock.now()
    leave = [
        actions.add_absence(person, start=now + number * DAY, end=now + (number + 1) * DAY, by=person)
        for number, person in enumerate(people[:2], start=1)
    ]
    between = Between()
    monkeypatch.setattr(leave_page.actions, "remove_absence", between.after_the_first_row(actions.remove_absence))
    client = signed_in(manager)
    taken_back = {"action": "delete_selected", "_selected_action": [each.pk for each in leave], "post": "yes"}

    def take_back():
        assert client.post(LEAVE, taken_back).status_code == 302

    def change():
        with between.come(), transaction.atomic():
            assert len(actions.lock([roster.pk for roster in two])) == 2

    assert at_once(take_back, change) == []
    assert not Absence.objects.exists()
