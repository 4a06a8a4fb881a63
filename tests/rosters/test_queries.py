from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from apps.rosters import actions, queries
from apps.rosters.models import Override, Roster
from apps.teams.actions import remove_member
from apps.teams.models import Team, TeamRole, User
from tests.rosters.building import layer_of, member

pytestmark = pytest.mark.django_db


def test_on_call_says_who_until_when_and_who_is_next(roster, clock, team, people):
    [duty] = queries.on_call(at=clock.now)
    assert (duty.roster, duty.team, duty.seat, duty.person) == (roster, team, 0, people[0])
    assert (duty.start, duty.end) == (clock.now, clock.now + timedelta(hours=22))
    assert (duty.next_person, duty.next_start) == (people[1], duty.end)


def test_the_handoff_instant_belongs_to_the_next_one(roster, clock, people):
    [duty] = queries.on_call(at=clock.now + timedelta(hours=22))
    assert duty.person == people[1]


def test_next_is_somebody_else(roster, clock, people):
    layer_of(roster, [people[0]], position=2, ends_on=clock.now.date() + timedelta(days=3))
    actions.materialise(roster, now=clock.now)
    [duty] = queries.on_call(at=clock.now)
    assert duty.person == people[0]
    assert duty.next_person == people[1]
    assert duty.next_start == clock.now + timedelta(days=4, hours=-2)


def test_a_roster_that_nobody_holds_is_shown_with_who_comes(clock, team, people):
    roster = Roster.objects.create(slug="late", name="Late", team=team)
    layer_of(roster, people, starts_on=clock.now.date() + timedelta(days=1))
    actions.materialise(roster, now=clock.now)
    [duty] = queries.on_call(at=clock.now)
    assert (duty.person, duty.start, duty.end) == (None, None, None)
    assert duty.next_person == people[0]


def second_seat(roster, clock, person, *, after=timedelta(0)):
    """Somebody beside whoever the layer says, for an hour: since a time at which the roster had two seats."""
    during = DateTimeTZRange(clock.now + after, clock.now + after + timedelta(hours=1))
    Override.objects.create(roster=roster, seat=1, person=person, during=during)
    actions.materialise(roster, now=clock.now)


def test_each_seat_that_is_held_is_an_entry(roster, clock, people):
    second_seat(roster, clock, people[2])
    assert [(duty.seat, duty.person) for duty in queries.on_call(at=clock.now)] == [(0, people[0]), (1, people[2])]
    assert queries.on_call_people(roster.team, clock.now) == [people[0], people[2]]


def test_an_empty_seat_below_one_that_is_held_is_an_entry_with_who_comes(
    roster, clock, people, django_assert_num_queries
):
    roster.layers.update(at_once=3, length=2)
    actions.materialise(roster, now=clock.now)
    roster.shifts.filter(seat__in=(0, 1), during__contains=clock.now).delete()
    with django_assert_num_queries(1):
        first, second, third = queries.on_call(at=clock.now)
    assert [(each.seat, each.person) for each in (first, second, third)] == [(0, None), (1, None), (2, people[2])]
    coming = {shift.seat: shift for shift in roster.shifts.filter(during__contains=third.end).select_related("person")}
    for each in (first, second):
        assert (each.next_person, each.next_start) == (coming[each.seat].person, third.end)
        assert (each.start, each.end) == (None, None)


def test_on_call_costs_the_same_for_one_roster_and_for_many(roster, clock, people, django_assert_num_queries):
    with django_assert_num_queries(1):
        queries.on_call(at=clock.now)
    for number in range(12):
        other = Roster.objects.create(
            slug=f"r{number}", name=f"R{number}", team=Team.objects.create(slug=f"t{number}", name=f"T{number}")
        )
        layer_of(other, people)
        actions.materialise(other, now=clock.now)
    with django_assert_num_queries(1):
        found = queries.on_call(at=clock.now)
        shown = {(duty.team.name, duty.roster.name, duty.person.name, duty.next_person.name) for duty in found}
    assert len(shown) == 13


def test_on_call_of_some_teams_or_one_roster(roster, clock, people):
    other = Roster.objects.create(slug="ai", name="AI", team=Team.objects.create(slug="ai", name="AI"))
    layer_of(other, people[1:])
    actions.materialise(other, now=clock.now)
    assert [duty.roster for duty in queries.on_call(at=clock.now, teams=[other.team])] == [other]
    assert [duty.roster for duty in queries.on_call(at=clock.now, roster=roster)] == [roster]
    assert [duty.roster for duty in queries.on_call(at=clock.now, teams=[])] == []


def test_the_primary_roster_is_who_is_paged_for_the_team(roster, clock, team, people, django_assert_num_queries):
    second = Roster.objects.create(slug="second", name="Second", team=team)
    layer_of(second, people[2:])
    actions.materialise(second, now=clock.now)
    with django_assert_num_queries(1):
        assert queries.on_call_people(team, clock.now) == [people[0]]
    assert queries.people_on(second, clock.now) == [people[2]]


def test_who_left_is_not_paged(roster, clock, team, people):
    people[0].is_active = False
    people[0].save()
    assert queries.on_call_people(team, clock.now) == []


def test_whoever_helps_another_team_sees_its_roster_until_their_last_shift_is_over(roster, clock, manager, people):
    helper = member("helper@example.com", Team.objects.create(slug="ai", name="AI"), TeamRole.RESPONDER)
    end = clock.now + timedelta(hours=2)
    actions.add_override(roster, person=helper, start=clock.now, end=end, by=manager)
    assert roster in queries.visible_rosters(helper)
    clock.set(end)
    assert roster not in queries.visible_rosters(helper)


def test_whoever_left_all_teams_sees_no_roster(roster, people):
    assert roster in queries.visible_rosters(people[0])
    remove_member(people[0].memberships.get())
    assert not queries.visible_rosters(User.objects.get(pk=people[0].pk)).exists()


def test_a_retired_roster_still_says_who_was_on_call(roster, clock, team, manager, people):
    before = clock.now
    clock.shift(hours=1)
    actions.retire(roster, by=manager)
    assert queries.on_call(at=clock.now) == []
    assert queries.on_call_people(team, before) == [people[0]]


def test_my_shifts_are_the_running_and_the_coming_ones(roster, clock, people):
    mine = list(queries.my_shifts(people[0], clock.now)[:2])
    assert [shift.start for shift in mine] == [clock.now, clock.now + timedelta(days=3, hours=-2)]


def test_shifts_between_are_those_that_reach_into_the_time(roster, clock, team):
    day = clock.now + timedelta(days=1)
    assert [shift.person.name for shift in queries.shifts_between(clock.now, day, teams=[team])] == ["anna", "ben"]
    assert not queries.shifts_between(clock.now, day, teams=[]).exists()


def test_who_takes_over_next_is_the_first_to_come_who_holds_nothing_now(roster, clock, people):
    assert queries.next_people_on(roster, clock.now) == [people[1]]
    assert queries.next_people_on(roster, clock.now + timedelta(hours=22)) == [people[2]]


def test_who_left_takes_over_from_nobody(roster, clock, people):
    people[1].is_active = False
    people[1].save()
    assert queries.next_people_on(roster, clock.now) == [people[2]]


def test_each_seat_has_its_next_and_nobody_is_next_twice(roster, clock, people):
    second_seat(roster, clock, people[2])
    second_seat(roster, clock, people[1], after=timedelta(hours=1))
    assert queries.next_people_on(roster, clock.now) == [people[1]]


def test_a_roster_that_nobody_holds_yet_has_a_first(clock, team, people):
    roster = Roster.objects.create(slug="late", name="Late", team=team)
    layer_of(roster, people, starts_on=clock.now.date() + timedelta(days=1))
    actions.materialise(roster, now=clock.now)
    assert queries.next_people_on(roster, clock.now) == [people[0]]


def test_a_retired_roster_has_no_next(roster, clock, manager, people):
    actions.retire(roster, by=manager)
    assert queries.next_people_on(roster, clock.now + timedelta(minutes=1)) == []
