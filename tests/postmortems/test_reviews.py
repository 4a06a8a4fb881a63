"""Reviews: made on resolve, filled in from the record, finished (R28, R29)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.core.errors import Invalid, NotAllowed, RuleViolation
from apps.engine.runner import run_due
from apps.incidents import actions as incidents
from apps.incidents import clocks
from apps.incidents.models import ClockName, Detection, EventKind, Status
from apps.postmortems import actions, queries
from apps.postmortems.models import Postmortem, ReviewQuestion, ReviewStatus
from apps.teams.models import TeamRole
from tests.factories.incidents import declare, resolve
from tests.factories.teams import make_person


def reviewed(incident):
    run_due()
    return Postmortem.objects.get(incident=incident)


def text_of(review, key):
    return review.answers.get(key=key).answer


def write(review, key, text, by):
    return actions.answer(review.answers.get(key=key).pk, text=text, by=by)


@pytest.mark.parametrize("drill", [False, True])
def test_a_resolved_incident_has_a_review_with_every_question(clock, team, responder, drill):
    review = reviewed(resolve(declare(team, drill=drill), responder))
    assert review.status == ReviewStatus.DRAFT
    assert review.answers.count() == ReviewQuestion.objects.count()
    assert review.incident.timeline.filter(kind=EventKind.REVIEW_STARTED).count() == 1


def test_the_commander_leads_the_review(clock, team, responder, commander):
    incident = declare(team)
    incidents.assign_role(incident.pk, role="commander", person=commander, by=commander)
    assert reviewed(resolve(incident, responder)).lead == commander


def test_making_the_review_twice_is_making_it_once(clock, team, responder):
    review = reviewed(resolve(declare(team), responder))
    actions.follow(review.incident_id)
    assert actions.open_review(review.incident_id, by=responder) == review
    assert review.answers.count() == ReviewQuestion.objects.count()


def test_a_fault_in_the_review_does_not_undo_the_resolution(clock, team, responder, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError("a fault")

    monkeypatch.setattr("apps.postmortems.actions.reviews.facts_of", fail)
    incident = resolve(declare(team), responder)
    run_due()
    incident.refresh_from_db()
    assert incident.status == Status.RESOLVED
    assert not Postmortem.objects.exists()


def test_the_timeline_questions_are_answered_from_the_record(clock, team, responder):
    incident = declare(team, responder, detection=Detection.MONITORING)
    clock.shift(minutes=12)
    incidents.acknowledge(incident.pk, by=responder)
    clock.shift(minutes=18)
    incidents.transition(incident.pk, to=Status.IDENTIFIED, by=responder)
    clock.shift(minutes=45)
    incidents.transition(incident.pk, to=Status.MONITORING, by=responder)
    clock.shift(hours=1)
    review = reviewed(resolve(incident, responder))
    assert text_of(review, "detection") == "Monitoring alert. Declared by Rita at 2026-03-02 11:00 CET."
    assert text_of(review, "response") == "Acknowledged after 12 min; the target of 15 min was met."
    assert text_of(review, "investigation") == "The cause was identified 30 min after the declaration."
    assert text_of(review, "resolution") == "The fix was in place 45 min after the cause was identified."
    assert text_of(review, "recovery") == "Resolved after 2 h 15 min; the target of 2 h was missed."


def test_the_impact_is_taken_from_the_latest_assessment(clock, team, responder):
    incident = declare(team)
    incidents.assess_impact(incident.pk, by=responder, users_affected=10)
    incidents.assess_impact(
        incident.pk, by=responder, users_affected=120, customers_affected=4, availability_percent="62.5",
        revenue_impact="2500.00", media_attention=True,
    )  # fmt: skip
    clock.shift(minutes=50)
    review = reviewed(resolve(incident, responder))
    assert text_of(review, "users_affected") == "120 users, 4 customers"
    assert text_of(review, "downtime") == "50 min from declaration to resolution, at 62.500 % availability."
    assert text_of(review, "revenue_impact") == "2500.00"
    assert text_of(review, "reputation_impact") == "Attention of the media."


def test_what_nobody_recorded_stays_open(clock, team, responder):
    review = reviewed(resolve(declare(team), responder))
    for key in ("investigation", "users_affected", "revenue_impact", "reputation_impact", "primary_cause"):
        answer = review.answers.get(key=key)
        assert (answer.answer, answer.filled_in) == ("", False)


def test_a_review_is_finished_once_its_primary_cause_is_known(clock, team, responder):
    review = reviewed(resolve(declare(team), responder))
    with pytest.raises(RuleViolation) as refused:
        actions.finish(review.pk, by=responder)
    assert [missing.text for missing in refused.value.missing] == ["Primary cause"]
    write(review, "primary_cause", "A full disk.", responder)
    clock.shift(days=2)
    review = actions.finish(review.pk, by=responder)
    assert (review.status, review.finished_at, review.finished_by) == (ReviewStatus.FINISHED, clock.now, responder)
    assert review.incident.clocks.get(name=ClockName.REVIEW).met_at == clock.now
    assert review.incident.timeline.filter(kind=EventKind.REVIEW_FINISHED).count() == 1


def test_finishing_twice_is_finishing_once(clock, team, responder):
    review = reviewed(resolve(declare(team), responder))
    write(review, "primary_cause", "A full disk.", responder)
    first = actions.finish(review.pk, by=responder)
    clock.shift(hours=1)
    assert actions.finish(review.pk, by=responder).finished_at == first.finished_at
    assert review.incident.timeline.filter(kind=EventKind.REVIEW_FINISHED).count() == 1


def test_a_finished_review_is_corrected_but_keeps_what_it_needs(clock, team, responder):
    review = reviewed(resolve(declare(team), responder))
    write(review, "primary_cause", "A full disk.", responder)
    actions.finish(review.pk, by=responder)
    write(review, "primary_cause", "A full log disk.", responder)
    with pytest.raises(RuleViolation):
        write(review, "primary_cause", " ", responder)
    assert text_of(review, "primary_cause") == "A full log disk."


def test_the_first_edit_begins_the_review_and_the_history_says_who_wrote(clock, team, responder):
    review = reviewed(resolve(declare(team), responder))
    answer = write(review, "went_well", "The backup.", responder)
    review.refresh_from_db()
    assert review.status == ReviewStatus.IN_REVIEW
    assert answer.history.first().history_user == responder


def test_a_reopened_incident_takes_its_review_up_again(clock, team, responder):
    incident = declare(team)
    review = reviewed(resolve(incident, responder))
    write(review, "primary_cause", "A full disk.", responder)
    write(review, "recovery", "It took long.", responder)
    actions.finish(review.pk, by=responder)
    clock.shift(hours=1)
    incidents.reopen(incident.pk, by=responder)
    review = reviewed(incident)
    assert (review.status, review.finished_at) == (ReviewStatus.DRAFT, None)
    with pytest.raises(RuleViolation):
        actions.finish(review.pk, by=responder)
    clock.shift(hours=1)
    review = reviewed(resolve(incident, responder))
    assert text_of(review, "primary_cause") == "A full disk."
    assert text_of(review, "recovery") == "It took long."
    assert text_of(review, "downtime") == "2 h from declaration to resolution."


def test_a_finished_review_is_taken_up_again_even_if_the_engine_slept_through_the_reopening(clock, team, responder):
    incident = declare(team)
    review = reviewed(resolve(incident, responder))
    write(review, "primary_cause", "A full disk.", responder)
    actions.finish(review.pk, by=responder)
    clock.shift(hours=1)
    incidents.reopen(incident.pk, by=responder)
    assert reviewed(resolve(incident, responder)).status == ReviewStatus.DRAFT


def test_before_the_resolution_there_is_nothing_to_review(clock, team, responder):
    with pytest.raises(RuleViolation):
        actions.open_review(declare(team).pk, by=responder)


def test_an_answer_of_another_review_is_refused(clock, team, responder):
    first, second = (reviewed(resolve(declare(team), responder)) for _ in range(2))
    with pytest.raises(Invalid):
        actions.edit(first.pk, by=responder, answers={second.answers.first().pk: "Not here."})


def test_a_new_lead_may_see_what_they_lead(clock, team, responder):
    review = reviewed(resolve(declare(team), responder))
    lead = make_person("Lena")
    actions.edit(review.pk, by=responder, lead=lead)
    assert list(queries.reviews_visible_to(lead)) == [review]


def test_a_stakeholder_reads_and_does_not_write(clock, team, responder):
    stakeholder = make_person("Stella", team, TeamRole.STAKEHOLDER)
    review = reviewed(resolve(declare(team), responder))
    assert list(queries.reviews_visible_to(stakeholder)) == [review]
    with pytest.raises(NotAllowed):
        actions.edit(review.pk, by=stakeholder, summary="Mine.")


def test_the_review_of_a_private_incident_is_as_hidden_as_the_incident(clock, team, responder, commander):
    administrator = make_person("Ada")
    administrator.is_superuser = True
    administrator.save()
    review = reviewed(resolve(declare(team, commander, private=True), commander))
    assert list(queries.reviews_visible_to(commander)) == [review]
    for other in (responder, administrator, make_person("Sid")):
        assert not queries.reviews_visible_to(other).exists()


def test_the_list_of_reviews_asks_the_database_the_same_however_long_it_is(
    clock, team, responder, django_assert_num_queries
):
    def shown():
        return [
            (review.incident.reference, review.incident.team.name, review.lead, review.open_items)
            for review in queries.reviews_visible_to(responder)
        ]

    for _ in range(6):
        reviewed(resolve(declare(team), responder))
    shown()
    with django_assert_num_queries(1):
        assert len(shown()) == 6


def test_both_deadlines_run_from_the_resolution(clock, team, responder):
    incident = resolve(declare(team), responder)
    assert clocks.running(incident, ClockName.CLOSURE).due_at == clock.now + timedelta(hours=24)
    assert clocks.running(incident, ClockName.REVIEW).due_at == clock.now + timedelta(days=5)


def test_a_target_that_was_edited_afterwards_does_not_change_what_is_recorded(clock, team, responder):
    incident = declare(team)
    clock.shift(minutes=12)
    incidents.acknowledge(incident.pk, by=responder)
    severity = incident.severity
    severity.response_time = timedelta(minutes=10)
    severity.save()
    review = reviewed(resolve(incident, responder))
    assert text_of(review, "response") == "Acknowledged after 12 min; the target of 15 min was met."
