"""A running incident is handed to other people, or to another chain, who are paged at once and have to answer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.core.errors import Invalid, NotAllowed, RuleViolation
from apps.escalation import actions as escalation
from apps.escalation import proof, queries
from apps.incidents import actions
from apps.incidents.models import EventKind, Severity, Status, Via
from apps.notifications import answers
from apps.notifications import queries as reach
from apps.notifications.models import Notification, NotificationKind
from apps.teams.models import TeamRole
from tests.escalation.building import chain, cut_off, paged, repeat, rounds, states, texts
from tests.escalation.test_chain import let_pass
from tests.factories.incidents import declare, resolve
from tests.factories.teams import make_person, make_team


@pytest.fixture
def incident(house, clock):
    """A P0 that paged Olga; Tom after 15 min unless acknowledged, Emma and Carl later unless resolved."""
    chain("P0", house.olga, house.tom, house.emma, house.carl)
    found = declare(house.team)
    let_pass(clock, clock.now)
    return found


def reassign(incident, house, *people, by=None, reason="She knows it", **to):
    return escalation.reassign(incident.pk, people=people, reason=reason, by=by or house.olga, **to)


def page_of(incident, person) -> Notification:
    return Notification.objects.get(incident=incident, person=person, step__startswith="reassigned:")


def test_the_people_are_paged_at_once_and_the_others_no_more(incident, house, clock):
    reassign(incident, house, house.carl, house.ceo)
    for person in (house.carl, house.ceo):
        page = page_of(incident, person)
        assert (page.kind, page.level, page.urgency) == (NotificationKind.PAGE, None, "high")
    assert Notification.objects.get(person=house.olga, kind=NotificationKind.PAGE).stopped_at is not None
    assert texts(incident, EventKind.REASSIGNED) == ["Olga reassigns it to Carl, Ceo: She knows it"]


def test_what_waits_for_an_answer_is_skipped_and_what_enforces_the_resolution_keeps_its_time(incident, house, clock):
    reassign(incident, house, house.carl)
    assert states(incident) == {1: "fired", 2: "skipped", 3: "planned", 4: "planned"}
    assert "Level 2 skipped: reassigned to Carl" in texts(incident, EventKind.LEVEL_SKIPPED)
    let_pass(clock, clock.now.replace(hour=11, minute=1))
    assert paged(incident, 3) == [house.emma]


def test_it_counts_as_not_acknowledged_until_one_of_them_does(incident, house):
    actions.acknowledge(incident.pk, by=house.olga)
    reassign(incident, house, house.carl)
    incident.refresh_from_db()
    assert (incident.acknowledged_at, incident.acknowledged_by, incident.status) == (None, None, Status.DECLARED)
    assert answers.acknowledge(page_of(incident, house.carl), via=Via.SMS).done
    incident.refresh_from_db()
    assert (incident.acknowledged_by, incident.status) == (house.carl, Status.ACKNOWLEDGED)
    assert incident.clocks.filter(name="response").count() == 1
    assert page_of(incident, house.carl).stopped_at is not None


def test_how_far_the_work_has_come_stays(incident, house):
    actions.transition(incident.pk, to="identified", by=house.olga)
    reassign(incident, house, house.carl)
    incident.refresh_from_db()
    assert (incident.status, incident.acknowledged_at) == (Status.IDENTIFIED, None)


def test_when_everybody_of_them_declines_the_next_level_is_paged_at_once(incident, house):
    reassign(incident, house, house.carl, house.ceo)
    answers.decline_incident(incident.pk, by=house.carl, via=Via.WEB)
    assert states(incident) == {1: "fired", 2: "skipped", 3: "planned", 4: "planned"}
    answers.decline_incident(incident.pk, by=house.ceo, via=Via.WEB)
    assert paged(incident, 2) == [house.tom]
    assert "to whom it was reassigned declined" in texts(incident, EventKind.LEVEL_FIRED)[-1]
    assert states(incident) == {1: "fired", 2: "fired", 3: "planned", 4: "planned"}


def test_what_it_spared_counts_again_at_its_time_when_they_decline(house, clock):
    policy = chain("P0", house.olga, house.tom, house.emma)
    policy.levels.update(unless="acknowledged")
    repeat(policy, times=2, every=timedelta(hours=2))
    incident = declare(house.team)
    let_pass(clock, clock.now)
    reassign(incident, house, house.carl)
    let_pass(clock, clock.now + timedelta(minutes=150))
    answers.decline_incident(incident.pk, by=house.carl, via=Via.WEB)
    assert rounds(incident)[1][1] == "fired"
    assert rounds(incident)[2][0] == "skipped"
    assert rounds(incident)[3] == ["planned"] * 3
    assert proof.gaps() == []
    let_pass(clock, clock.now + timedelta(hours=3))
    assert rounds(incident) == {1: ["fired"] * 3, 2: ["skipped", "skipped", "fired"], 3: ["fired"] * 3}


def test_what_a_person_took_on_meanwhile_stays_spared(incident, house, clock):
    reassign(incident, house, house.carl, house.ceo)
    answers.decline_incident(incident.pk, by=house.carl, via=Via.WEB)
    assert answers.acknowledge(page_of(incident, house.ceo), via=Via.SMS).done
    assert states(incident)[2] == "skipped"


def test_when_the_chain_has_nobody_else_it_is_said(house, clock):
    chain("P0", house.olga)
    incident = declare(house.team)
    let_pass(clock, clock.now)
    reassign(incident, house, house.carl)
    answers.decline_incident(incident.pk, by=house.carl, via=Via.WEB)
    assert len(texts(incident, EventKind.NOBODY_PAGED)) == 1


def test_another_chain_begins_now_in_place_of_the_one_that_runs(incident, house, clock):
    other = chain("P2", house.emma, house.ceo, team=make_team("ai"), minutes=(0, 20))
    clock.shift(minutes=5)
    reassign(incident, house, policy=other)
    let_pass(clock, clock.now)
    assert paged(incident, 1) == [house.emma]
    assert [run.ended_at is None for run in incident.escalation_runs.order_by("pk")] == [False, True]
    assert "It was handed to this chain." in texts(incident, EventKind.LEVEL_FIRED)[-1]
    let_pass(clock, clock.now.replace(minute=26))
    assert paged(incident, 2) == [house.ceo]
    assert proof.gaps() == []


def test_who_is_paged_by_the_new_chain_was_perhaps_paged_before(incident, house, clock):
    other = chain("P1", house.olga, house.ceo)
    actions.acknowledge(incident.pk, by=house.olga)
    reassign(incident, house, policy=other)
    let_pass(clock, clock.now)
    assert Notification.objects.filter(person=house.olga, kind=NotificationKind.PAGE, stopped_at=None).count() == 1


def test_after_a_reassignment_a_severity_change_takes_the_chain_of_the_severity(incident, house, clock):
    chain("P1", house.ceo, house.carl)
    reassign(incident, house, house.emma)
    actions.change_severity(incident.pk, severity=Severity.objects.get(code="P1"), reason="One is up", by=house.olga)
    assert incident.escalation_runs.last().policy.severity.code == "P1"
    assert states(incident)[1] == "fired"
    assert proof.gaps() == []


def test_what_the_chain_it_was_reassigned_to_paged_is_not_paged_again_by_another_severity(incident, house, clock):
    chain("P1", house.ceo, house.carl)
    other = chain("P2", house.emma, house.ceo, team=make_team("ai"), minutes=(0, 20))
    clock.shift(minutes=5)
    reassign(incident, house, policy=other)
    let_pass(clock, clock.now.replace(minute=26))
    assert states(incident)[2] == "fired"
    actions.change_severity(incident.pk, severity=Severity.objects.get(code="P1"), reason="One is up", by=house.olga)
    let_pass(clock, clock.now.replace(minute=50))
    assert states(incident) == {1: "fired", 2: "fired"}
    pages = Notification.objects.filter(incident=incident, level=2)
    assert [page.person for page in pages] == [house.ceo]
    assert proof.gaps() == []


def test_whoever_gets_it_may_see_it(house, clock):
    chain("P0", house.olga)
    private = declare(house.team, house.olga, private=True)
    reassign(private, house, house.carl)
    assert private.involves(house.carl)
    assert answers.acknowledge(page_of(private, house.carl), via=Via.SMS).done


@pytest.mark.parametrize(
    ("to", "match"),
    [
        ({}, "Name the people"),
        ({"people": ["carl"], "policy": True}, "Name the people"),
        ({"people": ["carl"], "reason": "  "}, "Say why"),
        ({"people": ["stella"]}, "reads and changes nothing"),
        ({"people": ["tom"]}, "Nobody of Tom can be reached"),
        ({"policy": "empty"}, "has no levels"),
    ],
)
def test_what_cannot_be_understood_changes_nothing(incident, house, to, match):
    house.stella = make_person("Stella", house.team, TeamRole.STAKEHOLDER)
    cut_off(house.tom)
    policy = to.pop("policy", None)
    if policy == "empty":
        policy = chain("P1", house.olga)
        policy.levels.all().delete()
    elif policy:
        policy = incident.escalation_runs.get().policy
    people = [getattr(house, name) for name in to.pop("people", ())]
    with pytest.raises(Invalid, match=match):
        reassign(incident, house, *people, policy=policy, **to)
    assert not texts(incident, EventKind.REASSIGNED)
    assert states(incident)[2] == "planned"


def test_whom_no_page_reaches_is_said(incident, house):
    cut_off(house.tom)
    reassign(incident, house, house.tom, house.carl)
    assert texts(incident, EventKind.REASSIGNED) == ["Olga reassigns it to Tom, Carl (not reached: Tom): She knows it"]


def test_whom_no_page_reaches_is_not_among_those_to_whom_it_was_reassigned(incident, house):
    cut_off(house.carl)
    reassign(incident, house, house.carl, house.ceo)
    assert incident.timeline.get(kind=EventKind.REASSIGNED).data["people"] == [house.ceo.pk]
    assert not Notification.objects.filter(incident=incident, person=house.carl).exists()
    assert answers.decline(page_of(incident, house.ceo), via=Via.SMS).done
    assert states(incident)[2] == "fired"


def test_what_is_over_is_not_reassigned_and_a_stranger_reassigns_nothing(incident, house):
    with pytest.raises(NotAllowed):
        reassign(incident, house, house.carl, by=house.ceo)
    resolve(incident, house.olga)
    with pytest.raises(RuleViolation, match="nothing to reassign"):
        reassign(incident, house, house.carl)


def test_whoever_it_was_taken_from_is_asked_for_nothing_any_more(incident, house):
    reassign(incident, house, house.carl)
    assert not reach.waits_for_answer(house.olga, incident)
    assert reach.waits_for_answer(house.carl, incident)
    page = Notification.objects.get(person=house.olga, kind=NotificationKind.PAGE)
    assert (page.withdrawn_at, page.is_answered) == (page.stopped_at, False)


def test_what_was_answered_before_stays_answered(incident, house):
    actions.acknowledge(incident.pk, by=house.olga)
    reassign(incident, house, house.carl)
    page = Notification.objects.get(person=house.olga, kind=NotificationKind.PAGE)
    assert page.is_answered
    assert page.withdrawn_at is None


def test_whom_it_is_handed_back_to_is_asked_anew(incident, house, clock):
    reassign(incident, house, house.carl)
    clock.shift(minutes=2)
    reassign(incident, house, house.olga)
    assert reach.waits_for_answer(house.olga, incident)
    assert not reach.waits_for_answer(house.carl, incident)


def test_the_same_within_half_a_minute_is_the_same_and_pages_nobody_a_second_time(incident, house, clock):
    reassign(incident, house, house.carl, house.ceo)
    clock.shift(seconds=29)
    with pytest.raises(RuleViolation, match="Olga reassigned it to Ceo, Carl a moment ago"):
        reassign(incident, house, house.ceo, house.carl)
    assert Notification.objects.filter(person=house.carl, step__startswith="reassigned:").count() == 1
    reassign(incident, house, house.ceo)
    clock.shift(seconds=31)
    reassign(incident, house, house.ceo)
    assert len(texts(incident, EventKind.REASSIGNED)) == 3


def test_the_same_chain_is_begun_once(incident, house):
    other = chain("P3", house.emma)
    reassign(incident, house, policy=other)
    with pytest.raises(RuleViolation, match="a moment ago"):
        reassign(incident, house, policy=other)


def test_it_says_to_whom_it_was_handed_until_somebody_has_it(incident, house, clock):
    assert queries.reassigned_to(incident) is None
    reassign(incident, house, house.carl)
    incident.refresh_from_db()
    found = queries.reassigned_to(incident)
    assert (found.people, found.at) == ([house.carl], clock.now)
    actions.acknowledge(incident.pk, by=house.carl)
    incident.refresh_from_db()
    assert queries.reassigned_to(incident) is None


class TestWhileItIsHeld:
    """A hold is of whoever had it: handing it on ends it."""

    def test_who_declines_is_not_waited_for_until_the_end_of_a_hold_of_another(self, incident, house, clock):
        escalation.hold(incident.pk, minutes=480, by=house.olga)
        reassign(incident, house, house.carl)
        answers.decline_incident(incident.pk, by=house.carl, via=Via.SMS)
        let_pass(clock, clock.now)
        assert states(incident)[2] == "fired"

    def test_whoever_held_it_before_is_left_to_sleep(self, incident, house, clock):
        escalation.hold(incident.pk, minutes=60, by=house.olga)
        reassign(incident, house, house.carl)
        actions.acknowledge(incident.pk, by=house.carl)
        let_pass(clock, clock.now + timedelta(hours=2))
        assert not Notification.objects.filter(incident=incident, step__startswith="silence:").exists()

    def test_what_enforces_the_resolution_and_waited_is_paged_at_once(self, incident, house, clock):
        escalation.hold(incident.pk, minutes=480, by=house.olga)
        let_pass(clock, clock.now + timedelta(minutes=70))
        assert states(incident)[3] == "held"
        reassign(incident, house, house.carl)
        let_pass(clock, clock.now)
        assert states(incident)[3] == "fired"


def test_what_was_handed_to_others_is_not_declined(incident, house):
    reassign(incident, house, house.carl)
    with pytest.raises(RuleViolation, match="was handed to others"):
        answers.decline_incident(incident.pk, by=house.olga, via=Via.SMS)
