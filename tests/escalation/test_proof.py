"""Whoever should be paged was, will be, or was left out for a reason; what is missing is found and repaired."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail

from apps.engine import actions as engine
from apps.engine.models import State, Timer
from apps.engine.registry import key_of_recurrence
from apps.engine.runner import run_due
from apps.escalation import actions, proof
from apps.escalation.actions import proving
from apps.escalation.handlers import proof_is_fresh
from apps.escalation.models import LevelState, Proof, RunLevel
from apps.escalation.queries import PROOF
from apps.incidents.actions import reopen
from apps.incidents.models import EventKind, Incident, Severity
from apps.notifications.models import Delivery, DeliveryState, Notification, NotificationKind
from tests.escalation.test_chain import declare, let_pass, pages
from tests.factories.incidents import resolve


@pytest.fixture
def incident(document, team, engineer) -> Incident:
    """A P0 whose first level was paged."""
    declared = declare(team, "P0")
    run_due()
    return declared


def texts() -> list[str]:
    return [gap.text for gap in proof.gaps()]


def page_of(incident) -> Delivery:
    return Delivery.objects.get(
        notification__incident=incident, notification__kind=NotificationKind.PAGE, channel="email"
    )


def test_nothing_is_missing_at_any_time_of_an_incident_that_nobody_touches(incident, clock):
    for _ in range(30):
        assert texts() == []
        let_pass(clock, clock.now + timedelta(minutes=10))


def test_a_deleted_timer_is_found_and_the_level_pages_at_its_time(incident, document, clock):
    Timer.objects.filter(kind="escalation.level", subject=f"incident:{incident.pk}").delete()
    assert texts() == [
        f"Level {number} of {incident} was planned, and nothing would have paged it." for number in (2, 3, 4, 5)
    ]
    assert len(actions.prove().gaps) == 4
    assert texts() == []
    let_pass(clock, incident.declared_at + timedelta(minutes=245))
    assert pages(incident) == [(level.level, level.after) for level in document.escalation["P0"]]


def test_a_dead_timer_is_found(incident):
    timer = Timer.objects.filter(kind="escalation.level", state=State.PENDING).earliest("due_at")
    Timer.objects.filter(pk=timer.pk).update(state=State.DEAD, finished_at=timer.due_at)
    assert texts() == [f"Level 2 of {incident} was planned, and nothing would have paged it."]


def test_a_level_that_is_held_is_planned_for_the_end_of_the_hold(incident, engineer, clock):
    actions.hold(incident.pk, minutes=60, by=engineer)
    let_pass(clock, incident.declared_at + timedelta(minutes=20))
    held = RunLevel.objects.get(run__incident=incident, state=LevelState.HELD)
    Timer.objects.filter(key=f"escalation.level:{held.pk}").delete()
    actions.prove()
    assert Timer.objects.get(key=f"escalation.level:{held.pk}", state=State.PENDING).due_at == held.run.held_until


def test_a_run_that_is_gone_is_found_and_begun_anew(incident):
    run = incident.escalation_runs.get()
    for level in run.levels.all():
        level.people.clear()
        level.delete()
    run.delete()
    Timer.objects.filter(kind="escalation.level").delete()
    assert texts() == [f"{incident} did not climb its chain."]
    actions.prove()
    assert incident.escalation_runs.get().levels.count() == 5


def test_a_run_that_ended_too_early_goes_on_and_pages_nobody_a_second_time(incident, clock):
    let_pass(clock, incident.declared_at + timedelta(minutes=70))
    before = pages(incident)
    run = incident.escalation_runs.get()
    run.ended_at = clock.now
    run.save()
    actions.prove()
    run_due()
    assert incident.escalation_runs.last().ended_at is None
    assert pages(incident) == before
    assert texts() == []


def test_of_a_run_that_is_gone_only_the_highest_level_that_is_due_is_paged(incident, clock):
    let_pass(clock, incident.declared_at + timedelta(minutes=10))
    for level in incident.escalation_runs.get().levels.all():
        level.people.clear()
        level.delete()
    incident.escalation_runs.get().delete()
    clock.set(incident.declared_at + timedelta(minutes=70))
    actions.prove()
    run_due()
    assert dict(incident.escalation_runs.get().levels.values_list("number", "state")) == {
        1: "passed", 2: "passed", 3: "fired", 4: "planned", 5: "planned"
    }  # fmt: skip


def test_a_run_with_no_timers_at_all_is_found(document, team, engineer):
    incident = declare(team, "P0")
    Timer.objects.all().delete()
    found = texts()
    assert [text for text in found if "Level 1 of" in text]
    assert [text for text in found if "response clock" in text]
    actions.prove()
    run_due()
    assert [message.to for message in mail.outbox if message.extra_headers["X-ADO-Incident"] == str(incident)]


def test_a_level_whose_page_was_never_written_is_found(incident, engineer):
    page = Notification.objects.get(incident=incident, kind=NotificationKind.PAGE)
    page.deliveries.all().delete()
    page.delete()
    assert texts() == [f"Level 1 of {incident} was paged, and {engineer} was sent nothing."]
    actions.prove()
    run_due()
    assert page_of(incident).state == DeliveryState.SENT


def test_a_page_of_another_level_to_the_same_person_does_not_hide_that_one_is_missing(incident, engineer, clock):
    actions.fire_when_due(incident.escalation_runs.get().levels.get(number=2).pk)
    second = incident.escalation_runs.get().levels.get(number=2)
    second.people.add(engineer)
    assert texts() == [f"Level 2 of {incident} was paged, and {engineer} was sent nothing."]


def test_a_page_of_before_the_reopening_does_not_hide_that_one_is_missing(incident, engineer, clock):
    clock.shift(minutes=5)
    resolve(incident, engineer)
    clock.shift(minutes=5)
    reopen(incident.pk, by=engineer, reason="It is back")
    run_due()
    again = Notification.objects.filter(incident=incident, kind=NotificationKind.PAGE, level=1).latest("pk")
    again.deliveries.all().delete()
    again.delete()
    assert texts() == [f"Level 1 of {incident} was paged, and {engineer} was sent nothing."]


@pytest.mark.parametrize("state", [DeliveryState.PLANNED, DeliveryState.SENDING])
def test_a_delivery_that_is_stuck_is_found_and_sent(incident, engineer, state):
    Delivery.objects.filter(pk=page_of(incident).pk).update(state=state, sent_at=None)
    assert texts() == [
        f"A page for {incident} to {engineer} was {state.label.lower()}, and nothing would have sent it."
    ]
    before = len(mail.outbox)
    actions.prove()
    run_due()
    assert page_of(incident).state == DeliveryState.SENT
    again = [message for message in mail.outbox[before:] if message.extra_headers["X-ADO-Incident"] == str(incident)]
    assert [message.to for message in again] == [[engineer.email]]


def test_what_was_missing_is_an_incident_of_its_own_and_on_the_timeline_of_the_other(incident):
    Timer.objects.filter(kind="escalation.level").delete()
    raised = actions.prove().raised
    assert (raised.title, raised.severity, raised.team) == (proving.TITLE, incident.severity, incident.team)
    assert f"Level 2 of {incident} was planned" in raised.summary
    notes = incident.timeline.filter(kind=EventKind.NOTE, text__startswith="Repaired: Level 2")
    assert notes.count() == 1
    assert raised.escalation_runs.exists()


def test_what_is_missing_again_joins_the_incident_that_is_open(incident, clock):
    Timer.objects.filter(kind="escalation.level", subject=f"incident:{incident.pk}").delete()
    first = actions.prove().raised
    clock.shift(minutes=1)
    Timer.objects.filter(kind="escalation.level", subject=f"incident:{incident.pk}").delete()
    assert actions.prove().raised == first
    assert first.timeline.filter(kind=EventKind.NOTE, text__startswith="More was missing").count() == 1


def test_two_that_prove_within_the_same_minute_are_one(incident):
    assert actions.prove() is not None
    assert actions.prove() is None
    assert Proof.objects.count() == 1


def test_a_proof_costs_the_same_for_many_incidents_as_for_few(
    incident, team, django_assert_num_queries, django_assert_max_num_queries
):
    with django_assert_max_num_queries(11) as few:
        assert proof.gaps() == []
    for _ in range(5):
        declare(team, "P2")
    run_due()
    with django_assert_num_queries(len(few.captured_queries)):
        assert proof.gaps() == []


def test_an_incident_that_no_policy_covers_pages_the_on_call_and_nothing_is_missing(incident, team, engineer):
    Severity.objects.get(code="P3").escalation_policies.all().delete()
    uncovered = declare(team, "P3")
    run_due()
    assert texts() == []
    assert page_of(uncovered).state == DeliveryState.SENT
    assert page_of(uncovered).notification.person == engineer


class TestWhetherItIsProvedAtAll:
    @pytest.fixture(autouse=True)
    def nothing_happened_yet(self, db, clock):
        Proof.objects.all().delete()
        Timer.objects.all().delete()

    def test_before_anybody_works_there_is_nothing_to_complain_of(self):
        assert proof_is_fresh() == ""

    def test_where_every_proof_fails_from_the_first_on_it_is_said(self, clock):
        engine.schedule(PROOF, key=key_of_recurrence(PROOF))
        clock.shift(minutes=5)
        assert proof_is_fresh() == ""
        clock.shift(seconds=1)
        assert proof_is_fresh() == "For 301 s it was not proved that nobody was forgotten."

    def test_a_proof_is_good_for_five_minutes(self, clock):
        actions.prove()
        clock.shift(minutes=5)
        assert proof_is_fresh() == ""
        clock.shift(seconds=1)
        assert proof_is_fresh() == "For 301 s it was not proved that nobody was forgotten."
