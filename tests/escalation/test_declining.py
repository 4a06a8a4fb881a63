"""Whoever was paged says that they cannot: once nobody is left who could answer, the chain goes on at once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.core.errors import NotAllowed, RuleViolation
from apps.engine.models import Lane, State, Timer
from apps.engine.runner import run_due
from apps.escalation import actions as escalation
from apps.escalation.models import LevelTarget, OutsideHours, TargetKind
from apps.incidents import actions
from apps.incidents.models import EventKind, Via
from apps.notifications import answers, outcomes
from apps.notifications.models import Channel, Delivery, Notification, NotificationKind
from apps.notifications.transports import AddressRefused
from tests.escalation.building import aim, chain, cut_off, level_of, make_level, paged, states, texts
from tests.escalation.test_chain import let_pass
from tests.factories.incidents import declare, resolve


def decline(incident, by, reason="I am on a train"):
    return answers.decline_incident(incident.pk, by=by, via=Via.WEB, reason=reason)


@pytest.fixture
def incident(house, clock):
    """A P0 whose first level paged Olga and Tom."""
    policy = chain("P0", house.olga, house.emma, house.carl, house.ceo)
    aim(policy, 1, kind=TargetKind.PERSON, person=house.tom)
    found = declare(house.team)
    let_pass(clock, clock.now)
    return found


def test_while_somebody_of_the_level_is_left_the_chain_keeps_its_times(incident, house):
    decline(incident, house.olga)
    assert states(incident)[2] == "planned"
    assert texts(incident, EventKind.PAGE_DECLINED) == ["Olga cannot take it on: I am on a train"]


def test_when_everybody_declined_the_next_level_is_paged_at_once_and_says_why(incident, house):
    decline(incident, house.olga)
    decline(incident, house.tom)
    assert paged(incident, 2) == [house.emma]
    assert "Everybody who was paged on level 1 declined." in texts(incident, EventKind.LEVEL_FIRED)[-1]
    assert not Timer.objects.filter(key=f"escalation.level:{level_of(incident, 2).pk}", state=State.PENDING).exists()
    assert states(incident)[3] == "planned"


def test_who_left_the_organisation_is_not_waited_for(incident, house):
    house.tom.is_active = False
    house.tom.save()
    decline(incident, house.olga)
    assert states(incident)[2] == "fired"


def test_an_empty_level_is_passed_over(incident, house):
    cut_off(house.emma)
    for person in (house.olga, house.tom):
        decline(incident, person)
    assert states(incident) == {1: "fired", 2: "skipped", 3: "fired", 4: "planned"}


def test_a_hold_is_respected(incident, house):
    escalation.hold(incident.pk, minutes=30, by=house.olga)
    for person in (house.olga, house.tom):
        decline(incident, person)
    assert states(incident)[2] == "held"


def test_of_an_acknowledged_incident_a_decline_pages_nobody(incident, house):
    actions.acknowledge(incident.pk, by=house.olga)
    decline(incident, house.tom)
    assert states(incident)[2] == "planned"


def test_an_earlier_level_that_declines_after_a_later_one_fired_changes_nothing(incident, house, clock):
    let_pass(clock, clock.now.replace(minute=16))
    for person in (house.olga, house.tom):
        decline(incident, person)
    assert states(incident) == {1: "fired", 2: "fired", 3: "planned", 4: "planned"}
    decline(incident, house.emma)
    assert paged(incident, 3) == [house.carl]


def test_at_the_end_of_the_chain_the_timeline_says_that_nobody_is_left(incident, house):
    escalation.escalate(incident.pk, level=4, reason="Stuck", by=house.olga)
    decline(incident, house.ceo)
    assert texts(incident, EventKind.NOTE) == [
        "Everybody who was paged on level 4 declined. No level of the chain is left to be paged."
    ]


def test_one_declines_once_and_only_what_one_was_paged_for(incident, house):
    with pytest.raises(NotAllowed, match="Carl was not paged"):
        decline(incident, house.carl)
    decline(incident, house.olga)
    with pytest.raises(RuleViolation, match="answered the page"):
        decline(incident, house.olga)
    assert len(texts(incident, EventKind.PAGE_DECLINED)) == 1


def test_whoever_holds_the_link_declines_by_it_as_well(incident, house):
    LevelTarget.objects.all().delete()  # the run has its own snapshot
    for person in (house.olga, house.tom):
        page = Notification.objects.get(person=person, kind=NotificationKind.PAGE)
        assert answers.decline(page, via=Via.SMS).done
    assert states(incident)[2] == "fired"


def test_after_a_reopening_earlier_pages_count_no_more(incident, house, clock):
    resolve(incident, house.olga)
    clock.shift(minutes=5)
    actions.reopen(incident.pk, by=house.olga)
    let_pass(clock, clock.now)
    decline(incident, house.olga)
    assert states(incident)[2] == "planned"
    decline(incident, house.tom)
    assert states(incident)[2] == "fired"


def test_a_level_that_waits_for_working_hours_goes_on_waiting(house, clock):
    clock.set(clock.now.replace(hour=1))
    make_level(chain("P0", house.olga, house.emma), 2, outside_hours=OutsideHours.WAIT)
    incident = declare(house.team)
    let_pass(clock, clock.now)
    decline(incident, house.olga)
    assert states(incident)[2] == "held"
    assert "when working hours" in level_of(incident, 2).reason


def test_a_level_that_an_empty_one_hands_over_to_is_held_once(house, clock):
    clock.set(clock.now.replace(hour=1))
    make_level(chain("P0", house.olga, house.tom, house.emma), 3, outside_hours=OutsideHours.WAIT)
    cut_off(house.tom)
    incident = declare(house.team)
    let_pass(clock, clock.now)
    decline(incident, house.olga)
    assert states(incident) == {1: "fired", 2: "skipped", 3: "held"}
    assert len(texts(incident, EventKind.ESCALATION_HELD)) == 1


def test_the_next_round_keeps_its_time(house, clock):
    policy = chain("P0", house.olga, house.emma)
    policy.repeats, policy.repeat_every = 1, timedelta(hours=2)
    policy.save()
    incident = declare(house.team)
    let_pass(clock, clock.now)
    decline(incident, house.olga)
    decline(incident, house.emma)
    run = incident.escalation_runs.get()
    assert list(run.levels.filter(round=2).values_list("state", flat=True)) == ["planned", "planned"]
    assert "No level of the chain is left to be paged." in texts(incident, EventKind.NOTE)[-1]


def fail_for_good(person, code=550):
    """Let every page of the person on its way be refused for good by their only address."""
    for sent in Delivery.objects.filter(notification__person=person, channel=Channel.EMAIL):
        outcomes.end(
            outcomes.locked(sent.pk), f"{code} no such user", error=AddressRefused(f"{code} no such user", gone=True)
        )


def test_who_turns_out_to_be_reached_by_nothing_is_not_waited_for(incident, house):
    fail_for_good(house.tom)
    run_due(lane=Lane.PAGES)
    assert states(incident)[2] == "planned"
    fail_for_good(house.olga)
    run_due(lane=Lane.PAGES)
    assert paged(incident, 2) == [house.emma]
    said = "Everybody who was paged on level 1 declined or cannot be reached."
    assert said in texts(incident, EventKind.LEVEL_FIRED)[-1]


def test_a_page_that_failed_while_its_receiver_can_still_be_reached_leaves_the_chain_its_times(incident, house):
    for person in (house.olga, house.tom):
        for sent in Delivery.objects.filter(notification__person=person, channel=Channel.EMAIL):
            outcomes.end(outcomes.locked(sent.pk), "The mail server wants another sign-in.")
    run_due(lane=Lane.PAGES)
    assert len(texts(incident, EventKind.NOTIFICATION_FAILED)) == 2
    assert states(incident)[2] == "planned"
