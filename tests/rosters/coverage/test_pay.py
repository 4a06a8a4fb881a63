"""Hours on call for pay: by kind, in each person's own days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db.models import Max, Min

from apps.core.errors import Invalid
from apps.rosters import actions, coverage
from apps.rosters.models import Roster
from tests.rosters.building import layer_of

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def lines(first, last, rosters=None):
    found = coverage.pay(rosters if rosters is not None else Roster.objects.all(), first=first, last=last)
    return {line.person.name: line for line in found}


def test_a_day_is_the_persons_own(clock, roster, people):
    """Anna has Monday 10:00 to Tuesday 08:00 UTC, which in Auckland is Monday 23:00 to Tuesday 21:00."""
    people[0].time_zone = "Pacific/Auckland"
    people[0].save()
    monday, tuesday = date(2026, 3, 2), date(2026, 3, 3)
    assert lines(monday, monday)["anna"].hours.total == HOUR
    assert lines(tuesday, tuesday)["anna"].hours.total == 21 * HOUR
    assert lines(monday, tuesday)["anna"].nights == 1


def test_hours_of_a_week_add_up_to_the_week(clock, roster):
    found = lines(date(2026, 3, 9), date(2026, 3, 15))
    assert list(found) == ["anna", "ben", "cleo"]
    assert sum((line.hours.total for line in found.values()), timedelta()) == timedelta(days=7)
    assert sum((line.hours.weekend for line in found.values()), timedelta()) == timedelta(days=2)


def test_what_was_held_in_a_roster_that_is_retired_is_paid(clock, roster, manager):
    clock.shift(days=1)
    actions.retire(roster, by=manager)
    assert lines(date(2026, 3, 1), date(2026, 3, 31))["anna"].hours.total == 22 * HOUR


def test_who_stands_in_is_paid_once_and_only_while_they_do(clock, team, roster, manager, people):
    other = Roster.objects.create(
        slug="holiday", name="Holiday", team=team, stands_in_for=roster,
        stands_in_during=(clock.now + 24 * HOUR, clock.now + 48 * HOUR),
    )  # fmt: skip
    layer_of(other, [manager], starts_on=date(2026, 3, 1))
    actions.materialise(other, now=clock.now)
    assert lines(date(2026, 3, 1), date(2026, 3, 31))["mona"].hours.total == 24 * HOUR
    assert [
        line.hours.total
        for line in coverage.pay(Roster.objects.filter(pk=other.pk), first=date(2026, 3, 1), last=date(2026, 3, 31))
    ] == [24 * HOUR]


def test_only_the_rosters_that_are_asked_for(roster):
    assert lines(date(2026, 3, 9), date(2026, 3, 15), Roster.objects.none()) == {}


@pytest.mark.parametrize(("first", "last"), [("2026-03-02", "2026-03-01"), ("2026-01-01", "2027-01-02")])
def test_days_that_cannot_be_are_refused(first, last):
    with pytest.raises(Invalid) as refused:
        lines(date.fromisoformat(first), date.fromisoformat(last))
    assert refused.value.field == "to"


def test_a_whole_year_is_not_too_much(clock, roster, django_assert_num_queries):
    """From the first filling, on 2 March at ten, to the last second that it filled, each instant is paid once."""
    filled = roster.shifts.aggregate(Min("during__startswith"), Max("during__endswith"))
    with django_assert_num_queries(3):
        found = lines(date(2026, 1, 1), date(2026, 12, 31))
    assert list(found) == ["anna", "ben", "cleo"]
    since, until = filled.values()
    assert sum((line.hours.total for line in found.values()), timedelta()) == until - since
    assert all(line.hours.total > (until - since) / 4 for line in found.values())
