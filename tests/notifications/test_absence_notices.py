"""Whoever is away and was put in by name stays on call: the managers hear of it, and they themselves do."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.engine.runner import run_due
from apps.notifications.models import Notification, Urgency
from apps.rosters import actions as rosters
from apps.rosters.models import AbsenceKind
from apps.teams.models import TeamRole
from tests.factories.rosters import put_on_call
from tests.factories.teams import make_person


@pytest.fixture
def manager(team):
    return make_person("Mona", team, TeamRole.MANAGER)


@pytest.fixture
def sam(team):
    return make_person("Sam", team, TeamRole.RESPONDER)


@pytest.fixture
def roster(team, olga):
    return put_on_call(team, olga)


def told(person):
    return list(Notification.objects.filter(person=person, step__startswith="away_by_name:"))


def put_in(roster, person, manager, clock, *, after=timedelta(0)):
    return rosters.add_override(
        roster, person=person, start=clock.now + after, end=clock.now + after + timedelta(hours=8), by=manager
    )


def be_ill(person, clock):
    rosters.add_absence(person, start=clock.now, end=clock.now + timedelta(days=3), kind=AbsenceKind.SICK, by=person)
    run_due()


def test_a_shift_by_name_stays_and_the_managers_are_told_at_once(roster, manager, sam, clock):
    put_in(roster, sam, manager, clock)
    be_ill(sam, clock)
    [notice] = told(manager)
    assert (notice.subject, notice.urgency) == (f"Sam is away and still on call for {roster}", Urgency.HIGH)
    assert "2026-03-02 10:00 to 2026-03-02 18:00 UTC" in notice.text
    assert f"/rosters/{roster.slug}/" in notice.text
    assert told(sam) == []


def test_one_that_begins_in_some_days_can_wait_for_the_morning(roster, manager, sam, clock):
    put_in(roster, sam, manager, clock, after=timedelta(days=2))
    be_ill(sam, clock)
    assert [notice.urgency for notice in told(manager)] == [Urgency.LOW]


def test_turns_of_a_layer_and_what_lies_outside_the_leave_are_nobodys_news(roster, manager, olga, sam, clock):
    put_in(roster, sam, manager, clock, after=timedelta(days=4))
    be_ill(sam, clock)
    be_ill(olga, clock)
    assert told(manager) == []


def test_whoever_entered_it_knows(roster, manager, sam, clock):
    put_in(roster, sam, manager, clock)
    rosters.add_absence(sam, start=clock.now, end=clock.now + timedelta(days=3), by=manager)
    assert told(manager) == []
