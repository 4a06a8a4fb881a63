"""Another severity is another chain: what was paged stays on record and is not repeated, a hold goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.engine.runner import run_due
from apps.escalation import actions as escalation
from apps.escalation import proof
from apps.incidents import actions
from apps.incidents.models import EventKind, Severity
from apps.notifications.models import Notification, NotificationKind
from tests.escalation.building import chain, cut_off, level_of, paged, states, texts
from tests.escalation.test_chain import let_pass
from tests.factories.incidents import declare, resolve


@pytest.fixture
def chains(house):
    """P0: 0, 15, 60, 120 minutes. P2: 0, 120 and 480 minutes. P3: 0 and 480 minutes."""
    chain("P0", house.olga, house.tom, house.emma, house.carl)
    chain("P2", house.olga, house.tom, house.emma, minutes=(0, 120, 480))
    chain("P3", house.olga, house.tom, minutes=(0, 480))


@pytest.fixture
def incident(house, chains, clock):
    """A P2 whose first level was paged."""
    declared = declare(house.team, house.olga, severity="P2")
    let_pass(clock, clock.now)
    return declared


def change(incident, code, by):
    severity = Severity.objects.get(code=code)
    actions.change_severity(incident.pk, severity=severity, reason="It is another", by=by)
    run_due()


def test_a_hold_goes_on(incident, house, clock):
    escalation.hold(incident.pk, minutes=60, by=house.olga)
    held_until = incident.escalation_runs.get().held_until
    let_pass(clock, incident.declared_at + timedelta(minutes=20))
    change(incident, "P0", house.olga)
    assert incident.escalation_runs.last().held_until == held_until
    assert states(incident) == {1: "fired", 2: "held", 3: "planned", 4: "planned"}
    let_pass(clock, held_until)
    assert (states(incident)[2], level_of(incident, 2).at) == ("fired", held_until)


def test_what_was_paged_stays_on_record_with_when_why_and_whom(incident, house, clock):
    before = level_of(incident, 1)
    clock.shift(minutes=10)
    change(incident, "P0", house.olga)
    clock.shift(minutes=1)
    change(incident, "P2", house.olga)
    after = level_of(incident, 1)
    assert after.run != before.run
    assert (after.state, after.at, after.reason) == ("fired", incident.declared_at, "The incident was declared.")
    assert paged(incident, 1) == [house.olga]
    assert len(texts(incident, EventKind.LEVEL_FIRED)) == 1


def test_what_was_paged_before_the_change_is_nothing_that_is_missing(incident, house, clock):
    change(incident, "P0", house.olga)
    assert paged(incident, 1) == [house.olga]
    assert proof.gaps() == []
    page = Notification.objects.get(person=house.olga, kind=NotificationKind.PAGE)
    page.deliveries.all().delete()
    page.delete()
    assert [gap.text for gap in proof.gaps()] == [f"Level 1 of {incident} was paged, and Olga was sent nothing."]


def test_levels_below_one_that_was_paged_are_not_paged_after_it(incident, house, clock):
    escalation.escalate(incident.pk, level=3, reason="Worse than it looks", by=house.olga)
    change(incident, "P0", house.olga)
    assert states(incident) == {1: "fired", 2: "passed", 3: "fired", 4: "planned"}
    assert level_of(incident, 2).reason == "a higher level was paged before"
    let_pass(clock, incident.declared_at + timedelta(minutes=70))
    assert not Notification.objects.filter(person=house.tom, kind=NotificationKind.PAGE).exists()


def test_of_the_levels_that_are_late_only_the_highest_is_paged(incident, house, clock):
    let_pass(clock, incident.declared_at + timedelta(minutes=70))
    change(incident, "P0", house.olga)
    assert states(incident) == {1: "fired", 2: "passed", 3: "fired", 4: "planned"}
    assert level_of(incident, 2).reason == "a higher level is due"


def test_a_level_that_the_new_chain_lacks_stays_paged(incident, house, clock):
    escalation.escalate(incident.pk, level=4, reason="Worse than it looks", by=house.olga)
    change(incident, "P3", house.olga)
    assert states(incident) == {1: "fired", 2: "passed", 4: "fired"}
    assert paged(incident, 4) == [house.carl]
    assert Notification.objects.filter(person=house.carl, kind=NotificationKind.PAGE).count() == 1


def test_at_the_declaration_every_level_whose_time_has_come_is_paged(house, clock):
    chain("P0", house.olga, house.tom, house.emma, minutes=(0, 0, 60))
    incident = declare(house.team, house.olga)
    let_pass(clock, clock.now)
    assert states(incident) == {1: "fired", 2: "fired", 3: "planned"}


def test_at_the_reopening_every_level_whose_time_has_come_is_paged(house, clock):
    chain("P0", house.olga, house.tom, house.emma, minutes=(0, 0, 60))
    incident = declare(house.team, house.olga)
    let_pass(clock, clock.now)
    resolve(incident, house.olga)
    clock.shift(hours=1)
    actions.reopen(incident.pk, by=house.olga)
    let_pass(clock, clock.now)
    assert states(incident) == {1: "fired", 2: "fired", 3: "planned"}
    assert level_of(incident, 1).at == level_of(incident, 2).at == clock.now


def test_a_level_that_nobody_could_be_paged_on_is_tried_again_by_the_new_chain(house, chains, clock):
    everybody = (house.olga, house.tom, house.emma)
    methods = {person: list(person.contact_methods.all()) for person in everybody}
    for person in everybody:
        cut_off(person)
    incident = declare(house.team, house.olga, severity="P2")
    let_pass(clock, clock.now)
    assert set(states(incident).values()) == {"skipped"}
    for person, found in methods.items():
        person.contact_methods.set(found, bulk=False)
    change(incident, "P0", house.olga)
    assert states(incident) == {1: "fired", 2: "planned", 3: "planned", 4: "planned"}
