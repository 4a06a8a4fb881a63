"""Whoever declines at the same moment as somebody else answers, or as a level falls due: one waits for the other."""

from __future__ import annotations

import pytest

from apps.core.errors import RuleViolation
from apps.escalation import actions as escalation
from apps.escalation.models import TargetKind
from apps.incidents import actions
from apps.incidents.models import EventKind, Via
from apps.notifications import answers
from apps.notifications.models import Notification, NotificationKind
from tests.escalation.building import aim, chain, level_of, make_house, paged, states, texts
from tests.escalation.test_races import one_waits_for_the_other
from tests.factories.incidents import declare
from tests.incidents.test_locking import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def house():
    return make_house()


@pytest.fixture
def incident(house):
    """A P0 whose first level paged Olga and Tom; then come Emma and Carl."""
    policy = chain("P0", house.olga, house.emma, house.carl)
    aim(policy, 1, kind=TargetKind.PERSON, person=house.tom)
    declared = declare(house.team)
    escalation.fire_when_due(level_of(declared, 1).pk)
    return declared


def decline(incident, by) -> None:
    answers.decline_incident(incident.pk, by=by, via=Via.SMS)


def test_of_two_who_decline_at_once_the_second_lets_the_chain_go_on(incident, house):
    one_waits_for_the_other(lambda: decline(incident, house.olga), lambda: decline(incident, house.tom))
    assert paged(incident, 2) == [house.emma]
    assert states(incident)[3] == "planned"
    assert Notification.objects.filter(person=house.emma, kind=NotificationKind.PAGE).count() == 1


def test_one_who_declines_twice_at_once_is_heard_once(incident, house):
    raised = at_once(*[lambda: decline(incident, house.olga)] * 3)
    assert [type(error) for error in raised] == [RuleViolation] * 2
    assert len(texts(incident, EventKind.PAGE_DECLINED)) == 1


def test_whoever_acknowledges_while_the_last_one_declines_stops_the_page_of_the_next_level(incident, house):
    decline(incident, house.olga)
    one_waits_for_the_other(
        lambda: decline(incident, house.tom), lambda: actions.acknowledge(incident.pk, by=house.olga)
    )
    assert paged(incident, 2) == [house.emma]
    assert Notification.objects.get(person=house.emma, kind=NotificationKind.PAGE).stopped_at is not None


def test_the_last_one_who_declines_while_somebody_acknowledges_wakes_nobody(incident, house):
    decline(incident, house.olga)
    one_waits_for_the_other(
        lambda: actions.acknowledge(incident.pk, by=house.olga), lambda: decline(incident, house.tom)
    )
    assert states(incident)[2] == "planned"


def test_a_level_that_falls_due_while_the_last_one_declines_is_paged_once(incident, house):
    decline(incident, house.olga)
    due = level_of(incident, 2).pk
    one_waits_for_the_other(lambda: decline(incident, house.tom), lambda: escalation.fire_when_due(due))
    assert len(texts(incident, EventKind.LEVEL_FIRED)) == 2
    assert states(incident) == {1: "fired", 2: "fired", 3: "planned"}


def test_who_declines_while_the_next_level_falls_due_wakes_nobody_else(incident, house):
    decline(incident, house.olga)
    due = level_of(incident, 2).pk
    one_waits_for_the_other(lambda: escalation.fire_when_due(due), lambda: decline(incident, house.tom))
    assert states(incident) == {1: "fired", 2: "fired", 3: "planned"}


def test_of_two_who_reassign_at_once_each_finds_what_the_other_did(incident, house):
    def to(person) -> None:
        escalation.reassign(incident.pk, people=[person], reason="They know it", by=house.olga)

    assert at_once(lambda: to(house.carl), lambda: to(house.ceo)) == []
    last = incident.timeline.filter(kind=EventKind.REASSIGNED).last().data["people"]
    going = Notification.objects.filter(step__startswith="reassigned:", stopped_at=None)
    assert list(going.values_list("person", flat=True)) == last
