"""Who looks over the shoulder of whoever is on call: entered, taken back, and found when somebody is paged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from apps.core.errors import Invalid, NotAllowed, RuleViolation
from apps.rosters import actions, queries
from apps.rosters.models import Roster, Shadow
from apps.teams.models import Team, TeamRole
from tests.rosters.building import layer_of, member, shown

pytestmark = pytest.mark.django_db

TIMES = {"start": datetime(2026, 3, 3, tzinfo=UTC), "end": datetime(2026, 3, 6, tzinfo=UTC)}


@pytest.fixture
def dan(team):
    return member("dan@example.com", team, TeamRole.RESPONDER)


def watched(people, at):
    return [(shadow.person.name, person) for shadow, person in queries.shadows_of(people, at)]


def test_a_shadow_is_found_while_whoever_is_on_call_is_paged(roster, people, dan):
    anna, ben, cleo = people
    before = shown(roster)
    actions.add_shadow(roster, person=dan, by=dan, **TIMES)
    bens, cleos = datetime(2026, 3, 3, 12, tzinfo=UTC), datetime(2026, 3, 4, 12, tzinfo=UTC)
    assert watched(people, bens) == [("dan", ben.pk)]
    assert watched(people, cleos) == [("dan", cleo.pk)]
    assert watched([anna, cleo], bens) == [], "who holds no seat is not watched, whyever they are paged"
    assert watched(people, TIMES["start"] - timedelta(seconds=1)) == watched(people, TIMES["end"]) == []
    assert shown(roster) == before, "a shadow holds no seat"


def test_a_shadow_of_one_person_sees_the_pages_of_that_person_only(roster, people, dan):
    _, _, cleo = people
    actions.add_shadow(roster, person=dan, of=cleo, by=dan, **TIMES)
    assert watched(people, datetime(2026, 3, 3, 12, tzinfo=UTC)) == []
    assert watched(people, datetime(2026, 3, 4, 12, tzinfo=UTC)) == [("dan", cleo.pk)]


def test_whoever_is_on_call_themselves_is_no_shadow_meanwhile(roster, people):
    _, ben, cleo = people
    actions.add_shadow(roster, person=ben, by=ben, **TIMES)
    assert watched(people, datetime(2026, 3, 3, 12, tzinfo=UTC)) == []
    assert watched(people, datetime(2026, 3, 4, 12, tzinfo=UTC)) == [("ben", cleo.pk)]


def test_nobody_is_a_shadow_who_left_or_where_the_roster_is_retired(roster, people, dan, manager, clock):
    actions.add_shadow(roster, person=dan, by=manager, **TIMES)
    noon = datetime(2026, 3, 3, 12, tzinfo=UTC)
    dan.is_active = False
    dan.save()
    assert watched(people, noon) == []
    dan.is_active = True
    dan.save()
    assert watched(people, noon) != []
    actions.retire(roster, by=manager)
    assert watched(people, noon) == []
    with pytest.raises(RuleViolation):
        actions.add_shadow(roster, person=dan, by=manager, start=TIMES["end"], end=TIMES["end"] + timedelta(days=1))


def test_shadows_of_several_rosters_are_found_in_one_query(roster, people, dan, team, clock, django_assert_num_queries):
    other = Roster.objects.create(slug="other", name="Other", team=team)
    layer_of(other, people)
    actions.materialise(other, now=clock.now)
    for each in (roster, other):
        actions.add_shadow(each, person=dan, by=dan, **TIMES)
        actions.add_shadow(each, person=people[0], by=people[0], **TIMES)
    with django_assert_num_queries(1):
        assert len(watched(people, datetime(2026, 3, 3, 12, tzinfo=UTC))) == 4


def test_only_they_themselves_and_managers_enter_it_and_take_it_back(roster, people, dan, manager, team):
    anna, *_ = people
    stranger = member("sam@example.com", Team.objects.create(slug="ai", name="AI"), TeamRole.MANAGER)
    reader = member("stella@example.com", team, TeamRole.STAKEHOLDER)
    for by, person in ((anna, dan), (stranger, dan), (reader, reader)):
        with pytest.raises(NotAllowed):
            actions.add_shadow(roster, person=person, by=by, **TIMES)
    shadow = actions.add_shadow(roster, person=dan, by=manager, **TIMES)
    assert shadow.created_by == manager
    for by in (anna, stranger):
        with pytest.raises(NotAllowed):
            actions.remove_shadow(shadow, by=by)
    actions.remove_shadow(shadow, by=dan)
    assert not Shadow.objects.exists()
    assert [(row.history_type, row.history_user) for row in Shadow.history.order_by("history_id")] == [
        ("+", manager), ("-", dan),
    ]  # fmt: skip


def test_what_was_is_kept_when_it_is_taken_back(roster, dan, clock):
    shadow = actions.add_shadow(roster, person=dan, by=dan, start=clock.now - timedelta(days=9), end=TIMES["end"])
    assert shadow.start == clock.now
    clock.shift(hours=2)
    actions.remove_shadow(shadow, by=dan)
    shadow.refresh_from_db()
    assert shadow.end == clock.now
    with pytest.raises(RuleViolation):
        actions.remove_shadow(shadow, by=dan)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"end": TIMES["start"]}, "end"),
        ({"start": datetime(2026, 1, 1, tzinfo=UTC), "end": datetime(2026, 1, 2, tzinfo=UTC)}, "end"),
        ({"end": datetime(2028, 1, 1, tzinfo=UTC)}, "end"),
        ({"of": "dan"}, "of"),
        ({"of": "gone"}, "of"),
        ({"person": "gone"}, "user"),
        ({"person": "stranger"}, "user"),
    ],
    ids=str,
)
def test_a_mistake_is_told_by_its_field(roster, dan, manager, change, field):
    known = {
        "dan": dan,
        "gone": member("gone@example.com", roster.team, TeamRole.RESPONDER, is_active=False),
        "stranger": member("sam@example.com", Team.objects.create(slug="ai", name="AI"), TeamRole.RESPONDER),
    }
    told = {"person": "dan", **TIMES, **change}
    told = {name: known.get(value, value) if isinstance(value, str) else value for name, value in told.items()}
    with pytest.raises(Invalid) as refused:
        actions.add_shadow(roster, by=manager, **told)
    assert refused.value.field == field
    assert not Shadow.objects.exists()


def test_nobody_is_a_shadow_twice_at_once(roster, dan, manager):
    actions.add_shadow(roster, person=dan, by=dan, **TIMES)
    with pytest.raises(Invalid, match="within that time already"):
        actions.add_shadow(
            roster, person=dan, by=manager, start=TIMES["end"] - timedelta(hours=1), end=TIMES["end"] + timedelta(1)
        )
    actions.add_shadow(roster, person=dan, by=dan, start=TIMES["end"], end=TIMES["end"] + timedelta(days=1))
    with pytest.raises(IntegrityError, match="shadow_once_at_a_time"), transaction.atomic():
        Shadow.objects.create(roster=roster, person=dan, during=DateTimeTZRange(TIMES["start"], TIMES["end"]))


def test_a_roster_that_stands_in_has_its_shadows_in_the_other(roster, dan, team):
    during = DateTimeTZRange(TIMES["start"], TIMES["end"])
    week = Roster.objects.create(
        slug="week", name="Holiday week", team=team, stands_in_for=roster, stands_in_during=during
    )
    with pytest.raises(RuleViolation, match="stands in"):
        actions.add_shadow(week, person=dan, by=dan, **TIMES)
