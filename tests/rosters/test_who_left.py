"""Whoever left, or responds for no team any more, holds no seat: for pages, for coverage, and where it is shown."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.rosters import actions, queries
from apps.rosters.coverage import WeakPointKind, gaps_of
from apps.rosters.coverage.pay import PayLine, pay
from apps.rosters.coverage.words import weak_point_in_words
from apps.rosters.models import Roster, SwapState
from apps.rosters.rules import Window
from apps.teams.actions import add_member, remove_member
from apps.teams.models import Team, TeamRole, User
from tests.rosters.building import layer_of, member
from tests.rosters.coverage.test_report import of_roster

pytestmark = pytest.mark.django_db

WEEK = timedelta(days=7)


def leave_for_good(person):
    person.is_active = False
    person.save()


def lose_the_last_role(person):
    for membership in person.memberships.all():
        remove_member(membership)


def only_read_from_now_on(person):
    add_member(person, person.memberships.get().team, TeamRole.STAKEHOLDER)
    remove_member(person.memberships.get(role=TeamRole.RESPONDER))


def paid(roster: Roster) -> list[PayLine]:
    """For the week in which the tests begin."""
    return pay(Roster.objects.filter(pk=roster.pk), first=date(2026, 3, 1), last=date(2026, 3, 8))


GOING = pytest.mark.parametrize("go", [leave_for_good, lose_the_last_role, only_read_from_now_on])


@pytest.fixture
def solo(clock, team, people):
    """Anna alone, day and night."""
    roster = Roster.objects.create(slug="solo", name="Solo", team=team, time_zone="UTC", is_primary=True)
    layer_of(roster, people[:1])
    actions.materialise(roster, now=clock.now)
    return roster


@GOING
def test_nobody_is_paged_nor_shown_in_their_place(solo, clock, team, people, go):
    go(people[0])
    assert queries.on_call_people(team, clock.now) == []
    assert queries.people_on(solo, clock.now) == []
    assert queries.on_call_by_team([team], clock.now) == {}
    [shown] = queries.on_call(at=clock.now)
    assert (shown.person, shown.start, shown.next_person) == (None, None, None)


@GOING
def test_nobody_comes_next_in_their_place(roster, clock, people, go):
    go(people[1])
    [shown] = queries.on_call(at=clock.now)
    assert (shown.person, shown.next_person) == (people[0], people[2])
    assert queries.next_people_on(roster, clock.now) == [people[2]]


@GOING
def test_what_they_hold_is_a_gap(solo, clock, people, go):
    week = Window(clock.now, clock.now + WEEK)
    assert of_roster(solo, week).gaps == []
    go(people[0])
    [gap] = of_roster(solo, week).gaps
    assert (gap.parts, gap.since, gap.until) == ((week,), None, None)
    assert gaps_of(Roster.objects.all(), week) == [(solo, [gap])]


@GOING
def test_nobody_is_asked_about_what_they_held_no_more(solo, clock, people, go):
    go(people[0])
    watch = actions.GapWatch([solo.pk], by=people[1])
    solo.layers.all().delete()
    actions.materialise(solo)
    assert watch.made() == []


@GOING
def test_the_gap_stays_the_same_while_their_shifts_go_by(roster, clock, people, go):
    go(people[0])
    actions.add_override(
        roster, person=people[1], start=clock.now + timedelta(days=1), end=clock.now + WEEK, by=people[1]
    )
    [first, *_] = of_roster(roster, Window(clock.now, clock.now + WEEK)).gaps
    clock.shift(hours=12)
    [later, *_] = of_roster(roster, Window(clock.now, clock.now + WEEK)).gaps
    assert (first.since, first.until) == (later.since, later.until)


@GOING
def test_the_report_says_who_holds_it_in_name_only_and_who_is_left(roster, clock, people, go):
    go(people[0])
    go(people[1])
    report = of_roster(roster, Window(clock.now, clock.now + WEEK))
    found = {(point.kind, point.person) for point in report.weak_points}
    assert found == {
        (WeakPointKind.ONLY_ONE, people[2]), (WeakPointKind.LEFT, people[0]), (WeakPointKind.LEFT, people[1]),
    }  # fmt: skip
    told = [weak_point_in_words(point, clock.now.tzinfo) for point in report.weak_points]
    why = "anna has left and" if go is leave_for_good else "anna responds for no team and"
    assert any(words.startswith(why) for words in told)


def test_what_is_over_stays_on_the_record(roster, clock, people):
    before = clock.now
    clock.shift(days=2)
    leave_for_good(people[0])
    [shown] = queries.on_call(at=before)
    assert shown.person == people[0]


def test_whoever_left_holds_nothing_from_then_on_and_stays_on_the_record_until_then(roster, clock, people):
    before = clock.now
    clock.shift(hours=1)
    lose_the_last_role(people[0])
    [over] = people[0].shifts.all()
    assert (over.start, over.end) == (before, clock.now)
    assert [line.hours.total for line in paid(roster) if line.person == people[0]] == [timedelta(hours=1)]
    clock.shift(days=2)
    [shown] = queries.on_call(at=before)
    assert shown.person == people[0]
    [gone] = queries.on_call(at=before + timedelta(hours=2))
    assert gone.person is None


def test_whoever_left_is_not_filled_in_again(solo, clock, people):
    lose_the_last_role(people[0])
    clock.shift(days=1)
    actions.materialise(solo)
    assert not people[0].shifts.exists()


def test_who_is_given_the_role_again_holds_what_layers_and_overrides_say(roster, clock, team, people):
    override = {"start": clock.now + timedelta(days=1), "end": clock.now + timedelta(days=1, hours=1)}
    actions.add_override(roster, person=people[0], by=people[0], **override)
    before = list(roster.shifts.order_by("during").values_list("person", "during", "source"))
    lose_the_last_role(people[0])
    assert not people[0].shifts.exists()
    add_member(people[0], team, TeamRole.RESPONDER)
    assert list(roster.shifts.order_by("during").values_list("person", "during", "source")) == before


def test_who_is_given_the_role_again_holds_what_they_were_put_in_for_by_name(roster, clock, team, manager):
    """Elsewhere than where they take turns."""
    zoe = member("zoe@example.com", team, TeamRole.RESPONDER)
    start = clock.now + timedelta(days=1)
    actions.add_override(roster, person=zoe, start=start, end=start + WEEK, by=manager)
    lose_the_last_role(zoe)
    assert not zoe.shifts.exists()
    add_member(zoe, team, TeamRole.RESPONDER)
    [shift] = zoe.shifts.all()
    assert (shift.start, shift.end) == (start, start + WEEK)


def test_who_goes_and_comes_in_a_roster_that_stands_in_does_so_in_the_other(roster, clock, team, people, manager):
    zoe = member("zoe@example.com", team, TeamRole.RESPONDER)
    during = {"stands_in_for": roster, "stands_in_during": (clock.now, clock.now + WEEK)}
    week = Roster.objects.create(slug="week", name="Week", team=team, **during)
    layer_of(week, [zoe])
    actions.materialise(Roster.objects.get(pk=week.pk))
    held = list(zoe.shifts.order_by("roster", "during").values_list("roster", "during", "source"))
    assert {pk for pk, *_ in held} == {roster.pk, week.pk}
    lose_the_last_role(zoe)
    assert not zoe.shifts.exists()
    assert {shift.person for shift in roster.shifts.filter(during__overlap=during["stands_in_during"])} == set()
    add_member(zoe, team, TeamRole.RESPONDER)
    assert list(zoe.shifts.order_by("roster", "during").values_list("roster", "during", "source")) == held


def test_another_role_touches_no_roster_and_no_swap(roster, clock, team, people):
    anna, ben, _ = people
    mine = anna.shifts.filter(during__startswith__gt=clock.now).order_by("during").first()
    swap = actions.ask_for_swap(roster, by=anna, start=mine.start, end=mine.end, asked_of=ben)
    actions.add_override(roster, person=ben, start=mine.start, end=mine.end, by=ben)
    with CaptureQueriesContext(connection) as asked:
        add_member(ben, team, TeamRole.COMMANDER)
    assert not [each for each in asked if "UPDATE" in each["sql"] and "rosters_" in each["sql"]]
    swap.refresh_from_db()
    assert swap.state == SwapState.ASKED


def test_losing_a_role_costs_the_same_for_each_roster(team, people, clock):
    def cost(person: User, rosters: int) -> int:
        for number in range(rosters):
            roster = Roster.objects.create(slug=f"{person.pk}-{number}", name=f"{person.pk}-{number}", team=team)
            layer_of(roster, [person])
            actions.materialise(roster)
        with CaptureQueriesContext(connection) as asked:
            lose_the_last_role(person)
        return len(asked)

    one, two, four = (cost(person, number) for person, number in zip(people, (1, 2, 4), strict=True))
    assert four - two == 2 * (two - one)
    assert two - one <= 25


def test_whoever_comes_back_holds_what_is_theirs(solo, clock, team, people):
    leave_for_good(people[0])
    people[0].is_active = True
    people[0].save()
    assert queries.on_call_people(team, clock.now) == [people[0]]
    assert of_roster(solo, Window(clock.now, clock.now + WEEK)).gaps == []


def test_a_role_in_another_team_is_enough(solo, clock, team, people):
    other = Team.objects.create(slug="other", name="Other")
    add_member(people[0], other, TeamRole.RESPONDER)
    remove_member(people[0].memberships.get(team=team))
    assert queries.on_call_people(team, clock.now) == [people[0]]
