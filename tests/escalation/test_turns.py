"""A level that pages one of its people after the other."""

from __future__ import annotations

import threading
from collections import Counter

import pytest
from django.db import connection, transaction

from apps.catalog.models import Service
from apps.escalation import actions as escalation
from apps.escalation import outlook, proof, turns
from apps.escalation.models import Policy, TargetKind, Turn
from apps.incidents.models import EventKind, Severity
from apps.procedures.simulation import simulate
from tests.escalation.building import House, aim, chain, cut_off, level_of, make_house, make_level, paged, texts
from tests.escalation.test_chain import let_pass
from tests.factories.incidents import declare
from tests.incidents.test_locking import at_once


def in_turn(house: House) -> Policy:
    """One of Olga, Tom and Emma."""
    policy = chain("P0", house.olga, house.ceo)
    for person in (house.tom, house.emma):
        aim(policy, 1, kind=TargetKind.PERSON, person=person)
    make_level(policy, 1, round_robin=True)
    return policy


@pytest.fixture
def policy(house: House) -> Policy:
    return in_turn(house)


def turn(house: House) -> str:
    """Who is paged by the first level of another incident."""
    incident = declare(house.team, house.olga)
    escalation.fire_when_due(level_of(incident, 1).pk)
    [person] = paged(incident, 1)
    return person.name


def test_one_is_paged_and_the_next_time_the_next(house, policy):
    assert [turn(house) for _ in range(7)] == ["Olga", "Tom", "Emma", "Olga", "Tom", "Emma", "Olga"]


def test_the_run_notes_whom(house, policy):
    turn(house)
    incident = declare(house.team, house.olga)
    escalation.fire_when_due(level_of(incident, 1).pk)
    assert texts(incident, EventKind.LEVEL_FIRED) == [
        "Level 1, Level 1: Tom (whose turn it was of 3) paged. The incident was declared."
    ]


def test_who_cannot_be_reached_loses_no_turn_and_holds_up_nobody(house, policy):
    method = house.tom.contact_methods.get()
    cut_off(house.tom)
    assert [turn(house) for _ in range(3)] == ["Olga", "Emma", "Olga"]
    method.pk = None
    method.save()
    assert [turn(house) for _ in range(4)] == ["Tom", "Emma", "Olga", "Tom"]


def test_who_joins_is_next_and_then_takes_turns_like_everybody(house, policy):
    assert [turn(house) for _ in range(3)] == ["Olga", "Tom", "Emma"]
    aim(policy, 1, kind=TargetKind.PERSON, person=house.carl)
    assert [turn(house) for _ in range(5)] == ["Carl", "Olga", "Tom", "Emma", "Carl"]


def test_who_leaves_is_left_out_and_the_order_of_the_others_stays(house, policy):
    assert turn(house) == "Olga"
    policy.levels.get(number=1).targets.filter(person=house.tom).delete()
    assert [turn(house) for _ in range(3)] == ["Emma", "Olga", "Emma"]


def test_a_level_has_turns_of_its_own(house, policy):
    for person in (house.tom, house.emma):
        aim(policy, 2, kind=TargetKind.PERSON, person=person)
    make_level(policy, 2, round_robin=True)
    assert [turn(house), turn(house)] == ["Olga", "Tom"]
    incident = declare(house.team, house.olga)
    escalation.escalate(incident.pk, level=2, reason="Stuck", by=house.olga)
    assert paged(incident, 2) == [house.ceo]


def test_with_nobody_left_it_goes_on_at_once(house, policy, clock):
    for person in (house.olga, house.tom, house.emma):
        cut_off(person)
    incident = declare(house.team, house.olga)
    let_pass(clock, clock.now)
    assert paged(incident, 2) == [house.ceo]
    assert not Turn.objects.exists()


def test_the_turns_of_a_policy_that_was_edited_go_on(house, policy):
    turn(house)
    make_level(policy, 1, name="Renamed")
    assert turn(house) == "Tom"


def test_a_level_that_is_gone_from_the_policy_pages_its_first(house, policy):
    turn(house)
    incident = declare(house.team, house.olga)
    policy.levels.all().delete()
    escalation.fire_when_due(level_of(incident, 1).pk)
    assert paged(incident, 1) == [house.olga]


def test_looking_who_would_be_paged_takes_nobody_s_turn(house, policy, clock):
    turn(house)
    incident = declare(house.team, house.olga)
    level = level_of(incident, 1)
    for _ in range(2):
        assert outlook.prospects(incident, [level])[level.pk].people == [house.tom]
        assert escalation.rehearse(incident.pk, by=house.olga, level=1).people == [house.tom]
    api = Service.objects.create(slug="api", name="API", team=house.team)
    simulate(Severity.objects.get(code="P0"), api, at=clock.now)
    assert turn(house) == "Tom"


def test_the_proof_asks_only_for_the_page_of_whose_turn_it_was(house, policy):
    turn(house)
    assert proof.gaps() == []


class TestAtTheSameMoment:
    pytestmark = pytest.mark.django_db(transaction=True)

    @pytest.fixture
    def crowd(self, transactional_db, clock) -> House:
        return make_house()

    def test_incidents_that_fire_at_once_page_everybody_equally_often(self, crowd):
        in_turn(crowd)
        incidents = [declare(crowd.team, crowd.olga) for _ in range(6)]
        levels = [level_of(incident, 1).pk for incident in incidents]
        assert at_once(*[lambda pk=pk: escalation.fire_when_due(pk) for pk in levels]) == []
        assert Counter(paged(incident, 1)[0].name for incident in incidents) == {"Olga": 2, "Tom": 2, "Emma": 2}

    def test_a_simulation_that_runs_keeps_no_page_waiting(self, crowd):
        in_turn(crowd)
        incident = declare(crowd.team, crowd.olga)
        other = declare(crowd.team, crowd.olga)
        fired = threading.Event()

        def fire() -> None:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '10s'")
            escalation.fire_when_due(level_of(other, 1).pk)
            fired.set()
            connection.close()

        with transaction.atomic(), turns.for_show():
            escalation.fire_when_due(level_of(incident, 1).pk)
            thread = threading.Thread(target=fire)
            thread.start()
            assert fired.wait(20)
            transaction.set_rollback(True)
        thread.join()
        assert paged(other, 1) == [crowd.olga]
