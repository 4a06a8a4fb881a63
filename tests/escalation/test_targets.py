"""Whom a level pages is found when it fires; whom it could not reach is on the timeline."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.contacts import serving
from apps.contacts.actions.endpoints import retire_endpoint, upsert_endpoint
from apps.contacts.models import EmergencyContact, MethodKind
from apps.core import clock as house_clock
from apps.escalation import outlook
from apps.escalation.actions import levels
from apps.escalation.models import LevelTarget, Policy, TargetKind
from apps.incidents import actions
from apps.incidents.models import EventKind, ResponseRole, RoleCandidate, Via
from apps.notifications import answers
from apps.notifications.models import Notification, NotificationKind
from apps.rosters import actions as rosters
from apps.rosters.models import LayerMember
from apps.rosters.queries import next_people_on, people_on
from apps.teams.actions import add_member
from apps.teams.models import TeamRole
from tests.escalation.building import House, aim, aim_anew, chain, cut_off, level_of, make_level, paged, states, texts
from tests.escalation.test_chain import let_pass
from tests.factories.incidents import declare
from tests.factories.rosters import put_on_call
from tests.factories.teams import make_person, make_team


@pytest.fixture
def role(db) -> ResponseRole:
    return ResponseRole.objects.get(key="commander")


@pytest.fixture
def policy(house: House) -> Policy:
    """The first level of a P0 pages whoever is its commander, the second Ceo."""
    policy = chain("P0", house.olga, house.ceo)
    aim_anew(policy, 1, kind=TargetKind.ROLE, role=ResponseRole.objects.get(key="commander"))
    return policy


def candidate(role, position, **who):
    RoleCandidate.objects.create(role=role, position=position, title=f"Candidate {position}", **who)


def leave(person):
    person.is_active = False
    person.save()


def declared(house, clock, *, commander=None):
    incident = declare(house.team, house.olga)
    if commander is not None:
        actions.assign_role(incident.pk, role="commander", person=commander, by=house.olga)
    let_pass(clock, clock.now)
    return incident


def test_a_role_is_its_holder(house, policy, role, clock):
    candidate(role, 1, person=house.tom)
    assert paged(declared(house, clock, commander=house.emma), 1) == [house.emma]


def test_a_role_that_nobody_took_is_its_primary(house, policy, role, clock):
    candidate(role, 1, person=house.tom)
    candidate(role, 2, person=house.emma)
    assert paged(declared(house, clock), 1) == [house.tom]


def test_a_holder_who_left_is_replaced_by_the_primary(house, policy, role, clock):
    candidate(role, 1, person=house.tom)
    incident = declare(house.team, house.olga)
    actions.assign_role(incident.pk, role="commander", person=house.emma, by=house.olga)
    leave(house.emma)
    let_pass(clock, clock.now)
    assert paged(incident, 1) == [house.tom]


def test_a_role_is_the_first_who_can_be_reached(house, policy, role, clock):
    for position, person in enumerate((house.tom, house.emma, house.carl), start=1):
        candidate(role, position, person=person)
    for person in (house.tom, house.emma):
        cut_off(person)
    incident = declared(house, clock)
    assert paged(incident, 1) == [house.carl]
    assert texts(incident, EventKind.LEVEL_FIRED) == [
        "Level 1, Level 1: Carl paged, not reached: Tom; Emma. The incident was declared."
    ]


def test_a_holder_who_cannot_be_reached_does_not_empty_the_level(house, policy, role, clock):
    candidate(role, 1, person=house.tom)
    cut_off(house.emma)
    incident = declared(house, clock, commander=house.emma)
    assert paged(incident, 1) == [house.tom]
    assert "not reached: Emma" in texts(incident, EventKind.LEVEL_FIRED)[0]


def test_a_roster_as_a_candidate_is_whoever_is_on_call(house, policy, role, clock):
    candidate(role, 1, person=house.tom)
    candidate(role, 2, roster=put_on_call(make_team("security"), house.carl))
    cut_off(house.tom)
    assert paged(declared(house, clock), 1) == [house.carl]


def test_a_title_that_nobody_bears_is_passed_over(house, policy, role, clock):
    candidate(role, 1)
    candidate(role, 2, contact=EmergencyContact.objects.create(group="emergency", key="lead", person=house.tom))
    assert paged(declared(house, clock), 1) == [house.tom]


def test_a_team_s_own_candidates_stand_for_all(house, policy, role, clock):
    candidate(role, 1, person=house.tom, team=house.team)
    candidate(role, 2, person=house.emma)
    cut_off(house.tom)
    incident = declared(house, clock)
    assert states(incident) == {1: "skipped", 2: "fired"}


def test_a_level_names_whom_of_it_nobody_could_reach(house, role, clock):
    policy = chain("P0", house.olga, house.ceo)
    for person in (house.tom, house.emma):
        aim(policy, 1, kind=TargetKind.PERSON, person=person)
    aim(policy, 1, kind=TargetKind.ROLE, role=role)
    cut_off(house.tom)
    leave(house.emma)
    incident = declared(house, clock)
    assert paged(incident, 1) == [house.olga]
    assert texts(incident, EventKind.LEVEL_FIRED) == [
        "Level 1, Level 1: Olga paged, not reached: Tom; Emma; Commander: nobody. The incident was declared."
    ]


def test_an_empty_level_names_everybody_who_was_tried(house, policy, role, clock):
    candidate(role, 1, person=house.tom)
    for person in (house.tom, house.emma):
        cut_off(person)
    incident = declared(house, clock, commander=house.emma)
    assert level_of(incident, 1).reason == "nobody could be paged (Emma; Tom)"
    assert paged(incident, 2) == [house.ceo]


def test_who_would_be_paged_is_who_can_be_reached(house, policy, role, clock):
    candidate(role, 1, person=house.tom)
    candidate(role, 2, person=house.emma)
    cut_off(house.tom)
    incident = declare(house.team, house.olga)
    level = level_of(incident, 1)
    assert outlook.prospects(incident, [level])[level.pk].people == [house.emma]


def test_a_person_behind_two_targets_is_paged_once(house, policy, role, clock):
    candidate(role, 1, person=house.tom)
    aim(policy, 1, kind=TargetKind.PERSON, person=house.tom)
    incident = declared(house, clock)
    assert texts(incident, EventKind.LEVEL_FIRED) == ["Level 1, Level 1: Tom paged. The incident was declared."]


# ------------------------------------------------------------------------------------------------ rosters and teams


def take_turns(team, *people):
    """A roster of which the people hold a day each, the first now."""
    roster = put_on_call(team, people[0])
    layer = roster.layers.get()
    for position, person in enumerate(people[1:], start=2):
        add_member(person, team, TeamRole.RESPONDER)
        LayerMember.objects.create(layer=layer, person=person, position=position)
    rosters.materialise(roster, now=house_clock.now())
    return roster


def test_the_next_of_a_roster_is_who_takes_over(house, clock):
    roster = take_turns(make_team("ai"), house.tom, house.emma, house.carl)
    policy = chain("P0", house.olga)
    aim_anew(policy, 1, kind=TargetKind.NEXT, roster=roster)
    [holder] = people_on(roster, clock.now)
    [following] = next_people_on(roster, clock.now)
    assert holder != following
    assert paged(declared(house, clock), 1) == [following]
    clock.shift(days=1)
    assert people_on(roster, clock.now) == [following]


def test_an_override_is_respected_and_so_is_who_takes_over_after_it(house, clock):
    roster = take_turns(make_team("ai"), house.tom)
    manager = make_person("Mia", roster.team, TeamRole.MANAGER)
    add_member(house.carl, roster.team, TeamRole.RESPONDER)
    rosters.add_override(roster, person=house.carl, start=clock.now, end=clock.now + timedelta(hours=2), by=manager)
    policy = chain("P0", house.olga)
    aim_anew(policy, 1, kind=TargetKind.ROSTER, roster=roster)
    aim(policy, 1, kind=TargetKind.NEXT, roster=roster)
    assert paged(declared(house, clock), 1) == [house.tom, house.carl]


def test_a_roster_whose_next_is_nobody_else_empties_the_level_which_goes_on_at_once(house, clock):
    roster = take_turns(make_team("ai"), house.tom)
    policy = chain("P0", house.olga, house.ceo)
    aim_anew(policy, 1, kind=TargetKind.NEXT, roster=roster)
    incident = declared(house, clock)
    assert states(incident) == {1: "skipped", 2: "fired"}
    assert level_of(incident, 1).reason == "nobody could be paged (Ai (next): nobody)"


def test_a_team_is_its_active_members_who_respond(house, clock):
    ai = make_team("ai")
    for person, of_team in (
        (house.tom, TeamRole.RESPONDER),
        (house.emma, TeamRole.COMMANDER),
        (house.carl, TeamRole.STAKEHOLDER),
        (house.ceo, TeamRole.MANAGER),
    ):
        add_member(person, ai, of_team)
    add_member(house.tom, ai, TeamRole.COMMANDER)
    left = make_person("Lea", ai, TeamRole.RESPONDER)
    leave(left)
    policy = chain("P0", house.olga)
    aim_anew(policy, 1, kind=TargetKind.TEAM, team=ai)
    assert set(paged(declared(house, clock), 1)) == {house.tom, house.emma}


def test_a_team_of_which_nobody_can_be_reached_empties_the_level_which_goes_on_at_once(house, clock):
    policy = chain("P0", house.olga, house.ceo)
    aim_anew(policy, 1, kind=TargetKind.TEAM, team=house.team)
    cut_off(house.olga)
    incident = declared(house, clock)
    assert states(incident) == {1: "skipped", 2: "fired"}
    assert level_of(incident, 1).reason == "nobody could be paged (Olga)"


def test_every_target_of_a_level_is_paged_once(house, clock):
    roster = take_turns(make_team("ai"), house.tom)
    policy = chain("P0", house.olga)
    aim(policy, 1, kind=TargetKind.ROSTER, roster=roster)
    aim(policy, 1, kind=TargetKind.PERSON, person=house.tom)
    aim(policy, 1, kind=TargetKind.TEAM, team=house.team)
    incident = declared(house, clock)
    assert set(paged(incident, 1)) == {house.olga, house.tom}
    sent = Notification.objects.filter(incident=incident, kind=NotificationKind.PAGE)
    assert sorted(page.person.name for page in sent) == ["Olga", "Tom"]


def test_a_target_names_what_its_kind_says(house):
    level = chain("P0", house.olga).levels.get()
    for wrong in ({"kind": "team"}, {"kind": "next", "team": house.team}, {"kind": "on_call", "team": house.team}):
        with pytest.raises(IntegrityError, match="level_target_names_what_its_kind_says"), transaction.atomic():
            LevelTarget.objects.create(level=level, **wrong)


def test_finding_people_costs_the_same_however_many_they_are(house, clock, django_assert_num_queries):
    policy = chain("P0", house.olga)
    aim_anew(policy, 1, kind=TargetKind.TEAM, team=house.team)
    incident = declare(house.team, house.olga)
    level = level_of(incident, 1)
    with CaptureQueriesContext(connection) as captured:
        assert len(levels.who(level, incident, at=clock.now).people) == 1
    for name in ("Ann", "Ben", "Cem", "Dan"):
        make_person(name, house.team, TeamRole.RESPONDER)
    with django_assert_num_queries(len(captured)):
        assert len(levels.who(level, incident, at=clock.now).people) == 5


def test_a_webhook_is_told_by_who_stands_behind_it_until_it_is_retired(house, clock, monkeypatch):
    monkeypatch.setitem(serving._served, MethodKind.WEBHOOK, lambda: True)
    endpoint = upsert_endpoint(slug="tool", name="Tool", url="https://tool.example/hook")
    policy = chain("P0", house.olga, house.ceo)
    aim_anew(policy, 1, kind=TargetKind.WEBHOOK, webhook=endpoint)
    incident = declared(house, clock)
    assert posted(incident, endpoint) == 1
    assert states(incident) == {1: "skipped", 2: "fired"}
    assert paged(incident, 2) == [house.ceo]
    assert level_of(incident, 1).reason == "nobody could be paged (only Tool told)"
    retire_endpoint(endpoint)
    incident = declared(house, clock)
    assert posted(incident, endpoint) == 0
    assert states(incident) == {1: "skipped", 2: "fired"}
    assert level_of(incident, 1).reason == "nobody could be paged (Tool: nobody)"


def posted(incident, endpoint) -> int:
    """How many pages went to the endpoint."""
    return Notification.objects.filter(incident=incident, person=endpoint.person, kind=NotificationKind.PAGE).count()


@pytest.fixture
def endpoint(db, monkeypatch):
    monkeypatch.setitem(serving._served, MethodKind.WEBHOOK, lambda: True)
    return upsert_endpoint(slug="tool", name="Tool", url="https://tool.example/hook")


def test_an_endpoint_beside_people_is_told_whoever_s_turn_it_is_and_takes_no_turn(house, clock, endpoint):
    policy = chain("P0", house.olga)
    aim(policy, 1, kind=TargetKind.PERSON, person=house.tom)
    aim(policy, 1, kind=TargetKind.WEBHOOK, webhook=endpoint)
    make_level(policy, 1, round_robin=True)
    turns = []
    for _ in range(3):
        incident = declared(house, clock)
        assert posted(incident, endpoint) == 1
        turns += [person for person in paged(incident, 1) if person != endpoint.person]
    assert turns == [house.olga, house.tom, house.olga]


def test_an_endpoint_is_nobody_who_could_still_answer(house, clock, endpoint):
    policy = chain("P0", house.olga, house.ceo)
    aim(policy, 1, kind=TargetKind.WEBHOOK, webhook=endpoint)
    incident = declared(house, clock)
    assert texts(incident, EventKind.LEVEL_FIRED) == [
        "Level 1, Level 1: Olga paged, Tool told. The incident was declared."
    ]
    answers.decline_incident(incident.pk, by=house.olga, via=Via.WEB)
    assert paged(incident, 2) == [house.ceo]


def test_a_chain_of_endpoints_alone_comes_to_nobody(house, clock, endpoint):
    policy = chain("P0", house.olga)
    aim_anew(policy, 1, kind=TargetKind.WEBHOOK, webhook=endpoint)
    incident = declared(house, clock)
    assert posted(incident, endpoint) == 1
    assert len(texts(incident, EventKind.NOBODY_PAGED)) == 1
