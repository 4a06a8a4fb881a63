"""What the proof finds besides the chain, and that it repairs nothing that was answered meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.engine.models import State, Timer
from apps.escalation import actions as escalation
from apps.escalation import proof
from apps.escalation.actions import proving
from apps.incidents import actions
from apps.incidents.models import EventKind, ResponseRole
from apps.notifications import actions as notifications
from apps.notifications.models import Delivery, DeliveryState, Notification, NotificationKind
from tests.escalation.building import chain, texts
from tests.escalation.test_chain import let_pass
from tests.factories.incidents import declare
from tests.factories.teams import make_team


@pytest.fixture
def incident(house, clock):
    """A P0 that paged Olga; Tom after 15 min unless acknowledged."""
    chain("P0", house.olga, house.tom)
    found = declare(house.team)
    let_pass(clock, clock.now)
    assert missing() == []
    return found


def missing() -> list[str]:
    return [gap.text for gap in proof.gaps()]


def forget(notifications) -> None:
    """As if they had never been written."""
    Timer.objects.filter(key__in=[f"notifications.deliver:{each.pk}" for each in of(notifications)]).delete()
    of(notifications).delete()
    notifications.delete()


def of(notifications):
    return Delivery.objects.filter(notification__in=notifications)


def pages_of(incident, person):
    return Notification.objects.filter(incident=incident, person=person, kind=NotificationKind.PAGE)


def mail_of(**known) -> Delivery:
    return Delivery.objects.get(channel="email", **known)


def test_after_an_acknowledgement_a_missing_page_is_not_sent_any_more(incident, house):
    forget(pages_of(incident, house.olga))
    assert len(missing()) == 1
    actions.acknowledge(incident.pk, by=house.olga)
    assert missing() == []
    escalation.prove()
    assert not pages_of(incident, house.olga).exists()


def test_a_level_that_was_raised_to_after_the_acknowledgement_is_paged_all_the_same(incident, house, clock):
    actions.acknowledge(incident.pk, by=house.olga)
    clock.shift(minutes=1)
    escalation.escalate(incident.pk, reason="Two of us are needed", by=house.olga)
    forget(pages_of(incident, house.tom))
    escalation.prove()
    assert pages_of(incident, house.tom).exists()


def test_what_is_answered_between_the_look_and_the_repair_is_left_alone(incident, house):
    forget(pages_of(incident, house.olga))
    (gap,) = proof.gaps()
    actions.acknowledge(incident.pk, by=house.olga)
    assert proving._repaired(gap) is proving.Outcome.NEEDLESS
    assert not pages_of(incident, house.olga).exists()
    assert texts(incident, EventKind.NOTE)[-1:] != [f"Repaired: {gap.text}"]


def test_a_gap_that_cannot_be_repaired_keeps_no_other_from_it(incident, house, monkeypatch):
    other = declare(house.team)
    Timer.objects.filter(kind="escalation.level").delete()
    plan = proof.levels.plan

    def fails_for_the_first(level, of):
        if of == incident:
            raise ValueError("Broken")
        plan(level, of)

    monkeypatch.setattr(proof.levels, "plan", fails_for_the_first)
    proved = escalation.prove()
    assert proved.gaps
    assert all(str(other) in text for text in proved.gaps)
    assert proved.unrepaired
    assert all(str(incident) in text for text in proved.unrepaired)
    assert f"{proved.unrepaired[0]} It could NOT be repaired." in proved.raised.summary
    assert Timer.objects.filter(kind="escalation.level", subject=f"incident:{other.pk}").exists()


def test_what_cannot_be_repaired_is_raised_once_and_stays_on_record(incident, clock, monkeypatch):
    plan = proof.levels.plan
    monkeypatch.setattr(proof.levels, "plan", lambda level, of: None if of == incident else plan(level, of))
    Timer.objects.filter(kind="escalation.level", subject=f"incident:{incident.pk}").delete()
    first = escalation.prove()
    assert (first.gaps, len(first.unrepaired), first.raised.title) == ([], 1, proving.TITLE)
    assert not texts(incident, EventKind.NOTE)
    clock.shift(minutes=1)
    second = escalation.prove()
    assert (second.unrepaired[:1], second.raised) == (first.unrepaired, None)
    assert not texts(first.raised, EventKind.NOTE)


def test_a_page_that_a_clock_dates_a_moment_before_its_level_is_not_missing(incident, house, clock):
    pages_of(incident, house.olga).update(created_at=clock.now - timedelta(seconds=2))
    assert missing() == []


def test_a_role_that_a_deactivated_person_leaves_is_asked_for_without_an_alarm(incident, house, clock):
    for role in ResponseRole.objects.all():
        actions.assign_role(incident.pk, role=role.key, person=house.olga, by=house.olga)
    let_pass(clock, clock.now + timedelta(minutes=6))
    assert missing() == []
    house.olga.is_active = False
    house.olga.save()
    assert f"Nobody else would have been asked for the vacant roles of {incident}." in missing()
    proved = escalation.prove()
    assert (len(proved.gaps), proved.raised) == (1, None)
    assert Timer.objects.filter(key=f"incidents.role_backup:{incident.pk}", state=State.PENDING).exists()


def test_a_deleted_timer_of_the_backups_is_found(incident):
    Timer.objects.filter(kind="incidents.role_backup").delete()
    assert missing() == [f"Nobody else would have been asked for the vacant roles of {incident}."]
    escalation.prove()
    assert Timer.objects.filter(key=f"incidents.role_backup:{incident.pk}", state=State.PENDING).exists()
    assert missing() == []


def test_once_every_role_is_called_vacant_nothing_is_missing(incident, house, clock):
    let_pass(clock, clock.now + timedelta(minutes=6))
    assert texts(incident, EventKind.ROLE_VACANT)
    assert missing() == []


def test_a_page_of_unknown_outcome_that_nothing_would_repeat_is_found(incident, house, clock):
    delivery = mail_of(notification__in=pages_of(incident, house.olga))
    Timer.objects.filter(key=f"notifications.deliver:{delivery.pk}").delete()
    Delivery.objects.filter(pk=delivery.pk).update(state=DeliveryState.UNKNOWN, unknown_at=clock.now)
    assert missing() == [
        f"A page for {incident} to Olga was outcome unknown, and nothing would have sent it once more."
    ]
    escalation.prove()
    let_pass(clock, clock.now)
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.SENT


def test_what_was_repeated_and_is_still_unknown_is_settled(incident, house, clock):
    delivery = mail_of(notification__in=pages_of(incident, house.olga))
    assert Timer.objects.filter(key=f"notifications.deliver:{delivery.pk}", state=State.DONE).exists()
    Delivery.objects.filter(pk=delivery.pk).update(state=DeliveryState.UNKNOWN, unknown_at=clock.now)
    assert missing() == []


@pytest.mark.parametrize("state", [DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.PLANNED])
def test_what_is_bundled_into_a_message_that_is_over_goes_by_itself(incident, house, clock, state):
    lead = mail_of(notification__in=pages_of(incident, house.olga))
    Delivery.objects.filter(pk=lead.pk).update(state=state)
    other = declare(house.team)
    escalation.fire_when_due(other.escalation_runs.get().levels.get(number=1).pk)
    bundled = mail_of(notification__in=pages_of(other, house.olga))
    Timer.objects.filter(key=f"notifications.deliver:{bundled.pk}").delete()
    Delivery.objects.filter(pk=bundled.pk).update(bundled_into=lead)
    if state == DeliveryState.PLANNED:
        actions.cancel(incident.pk, reason="A false alarm", by=house.olga)  # nobody looks after its lead any more
        Delivery.objects.filter(pk__in=[lead.pk, bundled.pk]).update(state=state)
        Delivery.objects.filter(pk=bundled.pk).update(bundled_into=lead)
        Timer.objects.filter(key=f"notifications.deliver:{bundled.pk}").delete()
    found = f"A page for {other} to Olga was planned, and what it was to go with would not have sent it."
    assert found in missing()
    escalation.prove()
    let_pass(clock, clock.now)
    bundled.refresh_from_db()
    assert (bundled.bundled_into, bundled.state) == (None, DeliveryState.SENT)


def test_a_page_by_hand_without_its_timer_is_found_and_sent(incident, house, clock):
    notifications.page_by_hand([house.tom], to="Tom", text="Please look", by=house.olga)
    delivery = mail_of(notification__person=house.tom)
    Timer.objects.filter(key=f"notifications.deliver:{delivery.pk}").delete()
    assert missing() == ["A page by Olga to Tom was planned, and nothing would have sent it."]
    proved = escalation.prove()
    assert (proved.raised, len(proved.gaps)) == (None, 1)
    let_pass(clock, clock.now)
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.SENT


def test_whoever_was_asked_to_respond_and_sent_nothing_is_paged(incident, house):
    actions.ask_responders(incident.pk, people=[house.emma], by=house.olga)
    forget(Notification.objects.filter(person=house.emma))
    assert missing() == [f"Emma was asked to respond to {incident}, and was sent nothing."]
    escalation.prove()
    assert Notification.objects.get(person=house.emma).step.startswith("responder:")


def test_a_run_that_is_begun_anew_waits_for_silence_too(house, clock):
    policy = chain("P0", house.olga, house.tom)
    policy.asks_again_after = timedelta(minutes=30)
    policy.save()
    incident = declare(house.team)
    let_pass(clock, clock.now)
    actions.acknowledge(incident.pk, by=house.olga)
    incident.escalation_runs.update(ended_at=clock.now)
    escalation.prove()
    run = incident.escalation_runs.last()
    assert Timer.objects.filter(key=f"escalation.silence:{run.pk}", state=State.PENDING).exists()


def test_what_is_missing_is_raised_where_only_they_read_it_who_may(incident, house, clock):
    elsewhere = make_team("ai")
    private, theirs = declare(house.team, house.olga, private=True), declare(elsewhere)
    Timer.objects.filter(kind="escalation.level", subject=f"incident:{incident.pk}").delete()
    first = escalation.prove().raised
    assert (first.team, first.private) == (house.team, False)
    clock.shift(minutes=1)
    for lacking in (private, theirs, incident):
        Timer.objects.filter(kind="escalation.level", subject=f"incident:{lacking.pk}").delete()
    escalation.prove()
    raised = type(incident).objects.filter(title=proving.TITLE).order_by("pk")
    assert [(each.team, each.private) for each in raised] == [
        (house.team, False), (house.team, True), (elsewhere, False)
    ]  # fmt: skip
    told = [each.summary + "".join(texts(each, EventKind.NOTE)) for each in raised]
    assert [str(private) in text for text in told] == [False, True, False]
    assert [str(theirs) in text for text in told] == [False, False, True]
