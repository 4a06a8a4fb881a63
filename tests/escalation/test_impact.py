"""An assessment of the impact raises by itself, where a trigger says so (R10)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from apps.escalation import actions as escalation
from apps.incidents import actions
from apps.incidents.models import EventKind, Severity
from tests.escalation.building import chain, cut_off, paged, states, texts
from tests.escalation.test_chain import let_pass
from tests.factories.escalation import make_trigger
from tests.factories.incidents import declare, resolve

FACTS = [
    ("several_customers", {"customers_affected": 2}, {"customers_affected": 1}),
    ("revenue", {"revenue_impact": Decimal("0.01")}, {"revenue_impact": Decimal(0)}),
    ("security", {"security_implications": True}, {"security_implications": False}),
    ("media", {"media_attention": True}, {"media_attention": False}),
]


@pytest.fixture
def incident(house, clock):
    """A P0 whose first level was paged; each fact raises to level 3."""
    for key, *_ in FACTS:
        make_trigger(key, level=3)
    chain("P0", house.olga, house.tom, house.emma, house.carl, house.ceo)
    declared = declare(house.team, house.olga)
    let_pass(clock, clock.now)
    return declared


def assess(incident, house, **known):
    return actions.assess_impact(incident.pk, by=house.olga, **known)


@pytest.mark.parametrize(("key", "fact", "less"), FACTS)
def test_a_fact_raises_to_the_level_of_its_trigger_in_the_name_of_who_assessed(incident, house, key, fact, less):
    assess(incident, house, **less)
    assert states(incident)[3] == "planned"
    assess(incident, house, **fact)
    assert states(incident) == {1: "fired", 2: "passed", 3: "fired", 4: "planned", 5: "planned"}
    raised = incident.timeline.get(kind=EventKind.ESCALATED)
    assert (raised.actor, raised.data["trigger"], raised.data["reason"]) == (house.olga, key, "Impact assessed")
    assert raised.text == f"Olga escalates to level 3, Level 3: {key.title()}. Impact assessed"


def test_what_is_not_known_raises_nothing(incident, house):
    assess(incident, house, users_affected=10_000, note="Everybody")
    assert states(incident)[2] == "planned"


def test_several_facts_at_once_page_a_level_once(incident, house):
    assess(incident, house, **{name: value for _, fact, _ in FACTS for name, value in fact.items()})
    assert states(incident) == {1: "fired", 2: "passed", 3: "fired", 4: "planned", 5: "planned"}
    assert len(texts(incident, EventKind.ESCALATED)) == 1


def test_several_facts_at_once_do_not_climb_past_an_empty_level_one_by_one(incident, house):
    cut_off(house.emma)
    assess(incident, house, security_implications=True, media_attention=True)
    assert states(incident) == {1: "fired", 2: "passed", 3: "skipped", 4: "fired", 5: "planned"}
    assess(incident, house, customers_affected=30)
    assert states(incident)[5] == "planned"


def test_a_fact_that_stood_in_the_assessment_before_is_not_new(incident, house):
    make = escalation.escalate
    make(incident.pk, level=2, reason="Stuck", by=house.olga)
    assess(incident, house, security_implications=True)
    assess(incident, house, users_affected=5)
    assert len(texts(incident, EventKind.ESCALATED)) == 2


def test_a_trigger_raises_once_in_a_run(incident, house):
    for person in (house.emma, house.carl, house.ceo):
        cut_off(person)
    for known in (True, False, True):
        assess(incident, house, security_implications=known)
    assert len(texts(incident, EventKind.ESCALATED)) == 1


def test_a_level_that_was_paged_is_left_alone_and_the_assessment_stands(incident, house, clock):
    let_pass(clock, incident.declared_at + timedelta(minutes=61))
    assert states(incident)[3] == "fired"
    assessment = assess(incident, house, security_implications=True)
    assert incident.impact_assessments.get() == assessment
    assert not texts(incident, EventKind.ESCALATED)
    assert len(texts(incident, EventKind.LEVEL_FIRED)) == 3


def test_a_level_below_one_that_was_paged_is_not_raised_to(incident, house):
    escalation.escalate(incident.pk, level=4, reason="Stuck", by=house.olga)
    assess(incident, house, security_implications=True)
    assert states(incident)[3] == "passed"


def test_a_mild_incident_is_raised_to_a_level_of_a_worse_one(incident, house, clock):
    chain("P3", house.olga, house.tom, minutes=(0, 480))
    mild = declare(house.team, house.olga, severity="P3")
    assess(mild, house, media_attention=True)
    assert paged(mild, 3) == [house.emma]


def test_where_no_chain_has_the_level_the_assessment_stands_and_it_is_said(house, clock):
    chain("P0", house.olga, house.tom)
    make_trigger("security", level=3)
    incident = declare(house.team, house.olga)
    assessment = assess(incident, house, security_implications=True)
    assert incident.impact_assessments.get() == assessment
    assert texts(incident, EventKind.NOTE) == [
        "Security, but it does not raise: No chain has a level 3 for P0 Critical or worse of the team Platform."
    ]


def test_a_trigger_that_is_retired_raises_nothing(house):
    chain("P0", house.olga, house.tom)
    trigger = make_trigger("security", level=2)
    trigger.is_active = False
    trigger.save()
    incident = declare(house.team, house.olga)
    assess(incident, house, security_implications=True)
    assert states(incident) == {1: "planned", 2: "planned"}


def test_a_resolved_incident_is_assessed_in_silence(incident, house):
    resolve(incident, house.olga)
    assess(incident, house, security_implications=True)
    assert not texts(incident, EventKind.ESCALATED)


def test_what_still_holds_after_a_reopening_is_news_to_the_new_response(incident, house, clock):
    assess(incident, house, security_implications=True)
    resolve(incident, house.olga)
    clock.shift(hours=1)
    actions.reopen(incident.pk, by=house.olga)
    let_pass(clock, clock.now)
    assert states(incident)[3] == "planned"
    assess(incident, house, users_affected=5)
    assert states(incident)[3] == "fired"


def test_another_severity_does_not_make_an_old_fact_new(incident, house, clock):
    chain("P1", house.olga, house.tom, house.emma)
    assess(incident, house, security_implications=True)
    clock.shift(minutes=1)
    actions.change_severity(incident.pk, severity=Severity.objects.get(code="P1"), reason="Milder", by=house.olga)
    assess(incident, house, users_affected=5)
    assert len(texts(incident, EventKind.ESCALATED)) == 1


def test_a_reassignment_does_not_make_an_old_fact_new(incident, house, clock):
    other = chain("P2", house.olga, house.tom, house.emma, house.carl)
    assess(incident, house, security_implications=True)
    clock.shift(minutes=1)
    escalation.reassign(incident.pk, policy=other, reason="Theirs", by=house.olga)
    assess(incident, house, users_affected=5)
    assert len(texts(incident, EventKind.ESCALATED)) == 1
