"""A chain that repeats is climbed again from its first level, as often as it says."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from apps.core.errors import RuleViolation
from apps.engine.models import State, Timer
from apps.escalation import actions as escalation
from apps.escalation import proof, queries
from apps.escalation.models import Policy
from apps.incidents import actions
from apps.incidents.models import EventKind, ImpactAssessment, Incident, Severity
from apps.notifications.models import Notification, NotificationKind
from tests.escalation.building import House, chain, cut_off, repeat, rounds, texts
from tests.escalation.test_chain import let_pass
from tests.factories.escalation import make_trigger
from tests.factories.incidents import declare, resolve

HOUR = timedelta(hours=1)


@pytest.fixture
def policy(house: House) -> Policy:
    """Olga at once, Tom after 15 minutes, unless it is acknowledged; Emma after 30 unless it is resolved; hourly."""
    return repeat(chain("P0", house.olga, house.tom, house.emma, minutes=(0, 15, 30)), times=2, every=HOUR)


def pages(incident: Incident) -> list[tuple[str, int]]:
    """Who was paged, and in which minute."""
    sent = Notification.objects.filter(incident=incident, kind=NotificationKind.PAGE).order_by("pk")
    return [
        (page.person.name, round((page.created_at - incident.declared_at).total_seconds() / 60))
        for page in sent.select_related("person")
    ]


def test_nobody_answers_and_everybody_is_paged_again_in_each_round(house, policy, clock):
    incident = declare(house.team, house.olga)
    let_pass(clock, clock.now + timedelta(hours=9))
    once = [("Olga", 0), ("Tom", 15), ("Emma", 30)]
    assert pages(incident) == [(name, minute + 60 * each) for each in range(3) for name, minute in once]
    assert rounds(incident) == {1: ["fired"] * 3, 2: ["fired"] * 3, 3: ["fired"] * 3}
    assert "Level 2 of round 3, Level 2: Tom paged. After 2 h 15 min the incident is not acknowledged." in texts(
        incident, EventKind.LEVEL_FIRED
    )


def test_an_answer_spares_whoever_it_spares_in_the_first_round_in_the_later_ones_too(house, policy, clock):
    incident = declare(house.team, house.olga)
    let_pass(clock, clock.now + timedelta(minutes=20))
    actions.acknowledge(incident.pk, by=house.olga)
    let_pass(clock, clock.now + timedelta(hours=9))
    assert pages(incident) == [("Olga", 0), ("Tom", 15), ("Emma", 30), ("Emma", 90), ("Emma", 150)]


def test_once_resolved_no_round_begins_and_one_line_says_so(house, policy, clock):
    incident = declare(house.team, house.olga)
    let_pass(clock, clock.now + timedelta(minutes=20))
    resolve(incident, house.olga)
    assert texts(incident, EventKind.LEVEL_SKIPPED) == ["Level 3 skipped: resolved", "Rounds 2 to 3 skipped: resolved"]
    assert rounds(incident) == {1: ["fired", "fired", "skipped"], 2: ["skipped"] * 3, 3: ["skipped"] * 3}
    assert not Timer.objects.filter(kind="escalation.level", state=State.PENDING).exists()


def test_an_empty_round_is_tried_again_at_its_time_and_not_at_once(house, policy, clock):
    people = {person: person.contact_methods.get() for person in (house.olga, house.tom, house.emma)}
    for person in people:
        cut_off(person)
    incident = declare(house.team, house.olga)
    let_pass(clock, clock.now + timedelta(minutes=50))
    assert pages(incident) == []
    people[house.tom].pk = None
    people[house.tom].save()
    let_pass(clock, clock.now + timedelta(minutes=30))
    assert pages(incident) == [("Tom", 60)]


def test_by_hand_a_number_means_the_round_that_runs(house, policy, clock):
    incident = declare(house.team, house.olga)
    let_pass(clock, clock.now + timedelta(minutes=65))
    escalation.escalate(incident.pk, level=3, reason="Stuck", by=house.olga)
    assert pages(incident) == [("Olga", 0), ("Tom", 15), ("Emma", 30), ("Olga", 60), ("Emma", 65)]
    assert rounds(incident) == {1: ["fired"] * 3, 2: ["fired", "passed", "fired"], 3: ["planned"] * 3}
    with pytest.raises(RuleViolation, match=r"already paged in this round; the next pages it at 2026-03-02 12:30 UTC"):
        escalation.escalate(incident.pk, level=3, reason="Stuck", by=house.olga)


def test_by_hand_after_the_last_level_the_next_round_begins_at_once(house, policy, clock):
    incident = declare(house.team, house.olga)
    let_pass(clock, clock.now + timedelta(minutes=40))
    escalation.escalate(incident.pk, reason="Stuck", by=house.olga)
    assert pages(incident)[-1] == ("Olga", 40)
    assert rounds(incident)[2] == ["fired", "planned", "planned"]


def test_a_trigger_raises_in_a_later_round_too(house, policy, clock):
    make_trigger("security", level=3)
    incident = declare(house.team, house.olga)
    let_pass(clock, clock.now + timedelta(minutes=62))
    escalation.escalate(incident.pk, trigger="security", reason="A token leaked", by=house.olga)
    assert pages(incident)[-1] == ("Emma", 62)


def test_what_an_assessment_newly_states_raises_in_the_round_that_runs(house, policy, clock):
    make_trigger("security", level=3)
    incident = declare(house.team, house.olga)
    let_pass(clock, clock.now + timedelta(minutes=62))
    actions.assess_impact(incident.pk, by=house.olga, security_implications=True)
    assert ImpactAssessment.objects.count() == 1
    assert pages(incident)[-1] == ("Emma", 62)


def test_a_worse_severity_that_does_not_repeat_goes_on_above_what_was_paged(house, policy, clock):
    repeat(chain("P1", house.olga, house.tom, minutes=(0, 15)), times=5, every=HOUR)
    Policy.objects.filter(severity__code="P0").update(repeats=0, repeat_every=None)
    incident = declare(house.team, house.olga, severity="P1")
    let_pass(clock, clock.now + timedelta(minutes=20))
    actions.change_severity(incident.pk, severity=Severity.objects.get(code="P0"), reason="Worse", by=house.olga)
    let_pass(clock, clock.now + timedelta(hours=9))
    assert pages(incident) == [("Olga", 0), ("Tom", 15), ("Emma", 30)]


def test_a_severity_changed_in_a_later_round_pages_only_the_highest_that_is_due(house, policy, clock):
    repeat(chain("P1", house.olga, house.tom, house.carl, minutes=(0, 5, 10)), times=2, every=HOUR)
    incident = declare(house.team, house.olga)
    let_pass(clock, clock.now + timedelta(minutes=62))
    actions.change_severity(incident.pk, severity=Severity.objects.get(code="P1"), reason="Better", by=house.olga)
    let_pass(clock, clock.now + timedelta(minutes=30))
    assert pages(incident)[3:] == [("Olga", 60), ("Tom", 65), ("Carl", 70)]


def test_a_chain_that_repeats_says_after_how_long(house):
    severity = Severity.objects.get(code="P0")
    with pytest.raises(IntegrityError, match="policy_that_repeats_says_how_often"):
        Policy.objects.create(severity=severity, repeats=1)


def test_a_round_never_begins_before_the_last_level_of_the_one_before(house, clock):
    repeat(chain("P0", house.olga, house.tom, minutes=(0, 45)), times=1, every=timedelta(minutes=10))
    incident = declare(house.team, house.olga)
    let_pass(clock, clock.now + timedelta(hours=4))
    assert pages(incident) == [("Olga", 0), ("Tom", 45), ("Olga", 45), ("Tom", 90)]


def test_the_proof_misses_a_page_of_a_later_round_although_the_first_round_paged_the_same_person(house, policy, clock):
    incident = declare(house.team, house.olga)
    let_pass(clock, clock.now + timedelta(minutes=61))
    assert proof.gaps() == []
    again = Notification.objects.filter(incident=incident, person=house.olga, kind=NotificationKind.PAGE).latest("pk")
    again.deliveries.all().delete()
    again.delete()
    assert [gap.text for gap in proof.gaps()] == [
        f"Level 1 of round 2 of {incident} was paged, and Olga was sent nothing."
    ]
    escalation.prove()
    assert proof.gaps() == []


def test_a_deleted_timer_of_a_later_round_is_found_and_planned_for_its_time(house, policy, clock):
    incident = declare(house.team, house.olga)
    let_pass(clock, clock.now)
    last = incident.escalation_runs.get().levels.get(round=3, number=3)
    Timer.objects.filter(key=f"escalation.level:{last.pk}").delete()
    assert [gap.text for gap in proof.gaps()] == [
        f"Level 3 of round 3 of {incident} was planned, and nothing would have paged it."
    ]
    escalation.prove()
    assert Timer.objects.get(key=f"escalation.level:{last.pk}").due_at == incident.declared_at + timedelta(minutes=150)


def test_where_it_stands_names_the_level_that_comes_next_in_the_round(house, policy, clock):
    incident = declare(house.team, house.olga)
    let_pass(clock, clock.now + timedelta(minutes=65))
    summary = queries.summaries([incident])[incident.pk]
    assert (summary.level, summary.next_level) == (3, 2)
    assert summary.next_at == incident.declared_at + timedelta(minutes=75)


def test_firing_a_level_costs_the_same_with_ten_rounds_to_come_as_with_none(house, clock):
    def cost(times: int) -> int:
        Policy.objects.all().delete()
        repeat(chain("P0", house.olga, house.tom), times=times, every=timedelta(hours=6))
        incident = declare(house.team, house.olga)
        level = incident.escalation_runs.get().levels.get(round=1, number=1)
        with CaptureQueriesContext(connection) as captured:
            escalation.fire_when_due(level.pk)
        assert pages(incident) == [("Olga", 0)]
        return len(captured)

    assert cost(times=10) == cost(times=0)
