"""A swap moves the pages: from its instant on, to whoever took the shift, and back at its end."""

from __future__ import annotations

from datetime import time, timedelta

import pytest

from apps.notifications.models import NotificationKind
from apps.rosters import actions as rosters
from apps.rosters.models import Layer, LayerMember, Roster, Rotation
from apps.rosters.rules import Window
from apps.teams.actions import add_member
from apps.teams.models import TeamRole
from tests.escalation.building import paged
from tests.escalation.test_chain import let_pass
from tests.factories.incidents import declare


@pytest.fixture
def roster(house, clock) -> Roster:
    """Olga and Tom take turns of a day, handed over at noon UTC; Olga has the one that runs."""
    for person in (house.olga, house.tom):
        add_member(person, house.team, TeamRole.RESPONDER)
    roster = Roster.objects.create(slug="days", name="Days", team=house.team, time_zone="UTC", is_primary=True)
    layer = Layer.objects.create(
        roster=roster, name="Days", rotation=Rotation.DAYS, length=1, handoff_time=time(12),
        starts_on=clock.now.date() - timedelta(days=1 if clock.now.time() < time(12) else 0),
    )  # fmt: skip
    for position, person in enumerate((house.olga, house.tom)):
        LayerMember.objects.create(layer=layer, person=person, position=position)
    rosters.materialise(roster, now=clock.now)
    return roster


def whom_an_incident_pages(house, clock):
    """Declare one now, let it page, and return whom."""
    incident = declare(house.team)
    let_pass(clock, clock.now)
    return paged(incident, 1)


def test_pages_go_to_whoever_took_the_shift_from_that_instant_on(house, clock, roster):
    running = roster.shifts.get(during__contains=clock.now)
    start, end = clock.now + timedelta(hours=1), running.end
    tomorrow = Window(running.end, running.end + timedelta(days=1))
    swap = rosters.ask_for_swap(roster, by=house.olga, asked_of=house.tom, start=start, end=end, in_return=tomorrow)
    assert whom_an_incident_pages(house, clock) == [house.olga]
    rosters.accept_swap(swap, by=house.tom)
    clock.shift(minutes=59)
    assert whom_an_incident_pages(house, clock) == [house.olga]
    clock.shift(minutes=1)
    assert whom_an_incident_pages(house, clock) == [house.tom]
    clock.shift(seconds=(end - clock.now).total_seconds())
    assert whom_an_incident_pages(house, clock) == [house.olga]
    clock.shift(days=1)
    assert whom_an_incident_pages(house, clock) == [house.olga]


def test_a_level_that_is_due_after_the_swap_pages_whoever_took_the_shift(house, clock, roster):
    """People are found when a level fires, not when the incident is declared."""
    incident = declare(house.team)
    swap = rosters.ask_for_swap(
        roster, by=house.olga, asked_of=house.tom, start=clock.now, end=clock.now + timedelta(hours=1)
    )
    rosters.accept_swap(swap, by=house.tom)
    let_pass(clock, clock.now)
    assert paged(incident, 1) == [house.tom]


def test_whoever_is_away_is_not_paged(house, clock, roster):
    rosters.add_absence(house.olga, start=clock.now, end=clock.now + timedelta(hours=1), by=house.olga)
    assert whom_an_incident_pages(house, clock) == [house.tom]
    clock.shift(hours=1)
    assert whom_an_incident_pages(house, clock) == [house.olga]


def test_all_who_hold_a_seat_are_paged_at_the_same_moment(house, clock, roster):
    """No seat waits for another, and the second is paged also where the first is empty."""
    roster.layers.update(at_once=2)
    rosters.materialise(roster, now=clock.now)
    incident = declare(house.team)
    let_pass(clock, clock.now)
    assert set(paged(incident, 1)) == {house.olga, house.tom}
    pages = incident.notifications.filter(kind=NotificationKind.PAGE, level=1)
    assert {page.created_at for page in pages} == {clock.now}
    rosters.add_absence(house.olga, start=clock.now, end=clock.now + timedelta(hours=1), by=house.olga)
    assert whom_an_incident_pages(house, clock) == [house.tom]
