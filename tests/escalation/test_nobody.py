"""A chain that comes to its end with nobody to page wakes who leads the team and who administrates, once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.engine.models import Lane
from apps.engine.runner import run_due
from apps.escalation import actions as escalation
from apps.escalation.models import OutsideHours
from apps.incidents import actions
from apps.incidents.models import EventKind, Via
from apps.notifications import answers, outcomes
from apps.notifications.models import Channel, Delivery, Notification, NotificationKind, Urgency
from apps.teams.actions import add_member
from apps.teams.models import TeamRole
from tests.escalation.building import chain, cut_off, make_level, repeat, states, texts
from tests.escalation.test_chain import let_pass
from tests.factories.incidents import declare, resolve
from tests.factories.teams import make_person


@pytest.fixture
def leaders(house):
    """A manager and a commander of the team, and an administrator; a responder and a stakeholder lead nothing."""
    make_person("Sue", house.team, TeamRole.STAKEHOLDER)
    manager, commander = make_person("Mia", house.team, TeamRole.MANAGER), make_person("Cora", house.team)
    add_member(commander, house.team, TeamRole.COMMANDER)
    return {manager, commander, make_person("Ada", None, TeamRole.ADMIN)}


def told(incident):
    """Who was woken because nobody could be paged, and how many messages each got."""
    return [page.person for page in Notification.objects.filter(step__startswith=f"nobody_paged:{incident.pk}:")]


def declared(house, clock, **known):
    incident = declare(house.team, **known)
    let_pass(clock, clock.now)
    return incident


def decline(incident, by):
    return answers.decline_incident(incident.pk, by=by, via=Via.WEB)


def fail(person):
    """Let every message to the person fail, by a provider's fault: the address stays in use."""
    for sent in Delivery.objects.filter(notification__person=person, channel=Channel.EMAIL):
        outcomes.end(outcomes.locked(sent.pk), "The mail server wants another sign-in.")
    run_due(lane=Lane.PAGES)


def test_where_every_level_is_empty_who_leads_and_who_administrates_is_woken(house, clock, leaders):
    chain("P0", house.olga, house.tom)
    for person in (house.olga, house.tom):
        cut_off(person)
    incident = declared(house, clock)
    assert states(incident) == {1: "skipped", 2: "skipped"}
    assert set(told(incident)) == leaders
    assert len(told(incident)) == len(leaders)
    page = Notification.objects.get(incident=incident, person__name="Mia", step__startswith="nobody_paged")
    assert (page.kind, page.urgency) == (NotificationKind.NOTICE, Urgency.HIGH)
    assert page.deliveries.filter(channel=Channel.EMAIL, state="sent").exists()
    assert texts(incident, EventKind.NOBODY_PAGED) == [
        "Nobody could be paged on level 1, nor above it. Nobody is left who could be paged: who leads the team and who "
        "administrates is told."
    ]


def test_without_a_policy_and_with_nobody_on_call_they_are_woken(house, clock, leaders):
    assert set(told(declared(house, clock))) == leaders


def test_where_an_empty_level_hands_over_nobody_else_is_woken(house, clock, leaders):
    chain("P0", house.olga, house.tom)
    cut_off(house.olga)
    assert told(declared(house, clock)) == []


def test_rounds_in_which_nobody_can_be_reached_either_are_not_waited_for(house, clock, leaders):
    repeat(chain("P0", house.olga), times=2, every=timedelta(hours=2))
    cut_off(house.olga)
    incident = declared(house, clock)
    assert set(told(incident)) == leaders
    let_pass(clock, clock.now + timedelta(hours=5))
    assert len(texts(incident, EventKind.NOBODY_PAGED)) == 1
    assert len(told(incident)) == len(leaders)


def test_a_level_that_waits_for_working_hours_and_has_somebody_is_waited_for(house, clock, leaders):
    clock.set(clock.now.replace(hour=1))
    make_level(chain("P0", house.olga, house.tom), 2, outside_hours=OutsideHours.WAIT)
    cut_off(house.olga)
    incident = declared(house, clock)
    assert (states(incident), told(incident)) == ({1: "skipped", 2: "held"}, [])


def test_a_level_that_waits_for_working_hours_and_has_nobody_is_not_waited_for(house, clock, leaders):
    clock.set(clock.now.replace(hour=1))
    make_level(chain("P0", house.olga, house.tom), 2, outside_hours=OutsideHours.WAIT)
    for person in (house.olga, house.tom):
        cut_off(person)
    assert set(told(declared(house, clock))) == leaders


def test_when_everybody_declined_and_no_level_is_left_they_are_woken(house, clock, leaders):
    chain("P0", house.olga, house.tom)
    incident = declared(house, clock)
    decline(incident, house.olga)
    assert told(incident) == []
    decline(incident, house.tom)
    assert set(told(incident)) == leaders


def test_while_another_round_is_to_come_they_are_not_woken(house, clock, leaders):
    repeat(chain("P0", house.olga), times=1, every=timedelta(hours=2))
    incident = declared(house, clock)
    decline(incident, house.olga)
    assert told(incident) == []


def test_who_declined_is_not_woken_again(house, clock, leaders):
    add_member(house.olga, house.team, TeamRole.COMMANDER)
    chain("P0", house.olga)
    incident = declared(house, clock)
    decline(incident, house.olga)
    assert set(told(incident)) == leaders


def test_when_the_last_page_arrives_nowhere_they_are_woken(house, clock, leaders):
    chain("P0", house.olga, house.tom)
    incident = declared(house, clock)
    fail(house.olga)
    assert told(incident) == []
    let_pass(clock, clock.now + timedelta(minutes=16))
    fail(house.tom)
    assert set(told(incident)) == leaders
    assert "No message arrives at anybody who was paged on level 2." in texts(incident, EventKind.NOBODY_PAGED)[0]


def test_while_somebody_of_the_last_level_is_reached_they_are_not_woken(house, clock, leaders):
    chain("P0", house.olga)
    incident = declared(house, clock)
    escalation.reassign(incident.pk, people=[house.tom, house.emma], reason="Theirs", by=house.olga)
    run_due()
    fail(house.tom)
    assert told(incident) == []
    fail(house.emma)
    assert set(told(incident)) == leaders


def test_when_silence_finds_nobody_they_are_woken_once(house, clock, leaders):
    policy = chain("P0", house.olga)
    policy.asks_again_after = timedelta(minutes=30)
    policy.save()
    incident = declared(house, clock)
    actions.acknowledge(incident.pk, by=house.olga)
    cut_off(house.olga)
    let_pass(clock, clock.now + timedelta(hours=3))
    assert set(told(incident)) == leaders
    assert len(texts(incident, EventKind.NOBODY_PAGED)) == 1


def test_when_a_person_calls_for_others_and_nobody_can_be_paged_they_are_woken(house, clock, leaders):
    chain("P0", house.olga, house.tom)
    incident = declared(house, clock)
    cut_off(house.tom)
    escalation.escalate(incident.pk, level=2, reason="Stuck", by=house.olga)
    assert set(told(incident)) == leaders


def test_an_empty_level_of_an_acknowledged_incident_wakes_no_administrator(house, clock, leaders):
    make_level(chain("P0", house.olga, house.tom), 2, unless="resolved")
    incident = declared(house, clock)
    actions.acknowledge(incident.pk, by=house.olga)
    cut_off(house.tom)
    let_pass(clock, clock.now + timedelta(minutes=20))
    assert (states(incident)[2], told(incident)) == ("skipped", [])


def test_who_may_not_see_a_private_incident_reads_nothing_of_it(house, clock, leaders):
    chain("P0", house.olga)
    cut_off(house.olga)
    incident = declared(house, clock, private=True, title="The payroll leaked")
    assert set(told(incident)) == leaders
    for page in Notification.objects.filter(step__startswith="nobody_paged"):
        assert (incident.title in f"{page.subject} {page.text}") == (page.person.name == "Cora")


def test_the_incident_page_says_so_until_somebody_is_found(house, clock, client, leaders):
    chain("P0", house.olga)
    cut_off(house.olga)
    incident = declared(house, clock)
    client.force_login(house.olga)
    part = f"{incident.get_absolute_url()}parts/head/"
    assert "Nobody could be paged." in client.get(part).content.decode()
    escalation.reassign(incident.pk, people=[house.tom], reason="His", by=house.olga)
    assert "Nobody could be paged." not in client.get(part).content.decode()


def test_what_is_over_says_nothing_of_it(house, clock, client, leaders):
    chain("P0", house.olga)
    cut_off(house.olga)
    incident = declared(house, clock)
    resolve(incident, house.olga)
    client.force_login(house.olga)
    assert (
        "Nobody could be paged." not in client.get(f"{incident.get_absolute_url()}parts/escalation/").content.decode()
    )
