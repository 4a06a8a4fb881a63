from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.engine.models import State, Timer
from apps.engine.runner import run_due
from apps.rosters import handlers
from apps.rosters.models import Roster

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_day_the_rosters_in_use_are_filled_up_to_the_horizon(roster, clock, team, settings):
    Roster.objects.create(slug="gone", name="Gone", team=team, retired_at=clock.now)
    clock.shift(days=1)
    handlers.roll_on(Timer())
    assert Timer.objects.filter(kind="rosters.materialise").count() == 1
    run_due()
    assert roster.shifts.order_by("during").last().end == clock.now + settings.ROSTER_HORIZON


def test_it_costs_the_same_for_one_roster_and_for_many_of_a_zone(roster, team, django_assert_num_queries):
    with CaptureQueriesContext(connection) as one:
        handlers.roll_on(Timer())
    for number in range(12):
        Roster.objects.create(slug=f"r{number}", name=f"R{number}", team=team, time_zone=roster.time_zone)
    with django_assert_num_queries(len(one)):
        handlers.roll_on(Timer())
    assert Timer.objects.filter(kind="rosters.materialise", state=State.PENDING).count() == 13


def test_a_day_without_a_worker_is_made_up_for(roster, clock):
    clock.shift(days=200)
    handlers.roll_on(Timer())
    run_due()
    assert roster.shifts.filter(during__contains=clock.now + timedelta(days=100)).exists()


def test_a_roster_that_was_deleted_meanwhile_is_let_go(clock, team):
    empty = Roster.objects.create(slug="empty", name="Empty", team=team)
    handlers.roll_on(Timer())
    empty.delete()
    run_due()
    assert Timer.objects.get(kind="rosters.materialise").state == State.DONE
