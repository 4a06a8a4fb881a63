"""A storm is bundled per person and channel: the first page at once, the next in one summary."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import pytest
from django.db import Error as DatabaseFailure
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.contacts import actions as contacts
from apps.contacts.models import MethodKind
from apps.core.errors import ProviderError
from apps.engine.models import Lane, Timer
from apps.engine.runner import run_due
from apps.incidents import actions as incidents
from apps.notifications import actions, answers, delivery, links, transports
from apps.notifications.bundling import Turn
from apps.notifications.models import Channel, Delivery, DeliveryState, NotificationKind, Until, Urgency
from apps.notifications.transports import OutcomeUnknown, Unreachable
from apps.teams.models import TeamRole
from tests.factories.incidents import declare, resolve
from tests.factories.teams import make_person
from tests.notifications.conftest import add_method

NUMBER = "+4930901820"


@pytest.fixture
def phone(olga):
    """The only way to reach Olga."""
    olga.contact_methods.all().delete()
    return add_method(olga, MethodKind.SMS, NUMBER)


def storm(team, person, number, *, kind=NotificationKind.PAGE):
    """So many incidents at once, each of which pages the person."""
    found = []
    for _ in range(number):
        incident = declare(team, severity="P3")
        actions.notify(
            person,
            incident=incident,
            kind=kind,
            step="level:1",
            level=1,
            subject=f"{incident} is down",
            text="It is down.",
            until=Until.ACKNOWLEDGED if kind == NotificationKind.PAGE else Until.SENT,
        )
        found.append(incident)
    return found


def pages(recorder):
    return [message for message in recorder.sent if message.is_page]


def states(incidents_):
    deliveries = Delivery.objects.filter(
        notification__incident__in=incidents_, notification__kind=NotificationKind.PAGE, channel=Channel.SMS
    )
    return [each.state for each in deliveries.order_by("pk")]


def test_the_first_page_goes_at_once_and_the_others_in_one_summary(carried, team, olga, phone, clock):
    affected = storm(team, olga, 30)
    run_due()
    [first] = pages(carried[Channel.SMS])
    assert first.incident == affected[0]
    clock.shift(seconds=30)
    run_due()
    _, summary = pages(carried[Channel.SMS])
    assert summary.subject.startswith("29 more pages: INC-")
    assert [page.incident for page in summary.covers] == affected[1:]
    assert summary.incident is None
    assert summary.headers["X-ADO-Incidents"] == ",".join(f"{each.reference}:1" for each in affected[1:])
    assert states(affected) == [DeliveryState.SENT] * 30


def test_two_people_and_two_channels_of_one_person_do_not_hold_one_another_back(carried, team, olga, phone):
    add_method(olga, MethodKind.VOICE, NUMBER)
    sam = make_person("Sam", team, TeamRole.RESPONDER)
    sam.contact_methods.all().delete()
    add_method(sam, MethodKind.SMS, "+4930901821")
    storm(team, olga, 2)
    storm(team, sam, 2)
    run_due()
    assert sorted(message.address for message in pages(carried[Channel.SMS])) == [NUMBER, "+4930901821"]


def test_a_mailbox_bears_a_handful_before_it_is_bundled(carried, team, olga, clock):
    storm(team, olga, 10)
    run_due()
    assert len(pages(carried[Channel.EMAIL])) == 6
    clock.shift(minutes=1)
    run_due()
    assert len(pages(carried[Channel.EMAIL])) == 7
    assert len(pages(carried[Channel.EMAIL])[-1].covers) == 4


def test_what_comes_after_the_storm_is_a_page_of_its_own(carried, team, olga, phone, clock):
    storm(team, olga, 3)
    run_due()
    clock.shift(seconds=30)
    run_due()
    clock.shift(minutes=5)
    [late] = storm(team, olga, 1)
    run_due()
    assert pages(carried[Channel.SMS])[-1].incident == late


def test_one_page_that_waited_alone_goes_out_as_itself(carried, team, olga, phone, clock):
    _, second = storm(team, olga, 2)
    run_due()
    clock.shift(seconds=30)
    run_due()
    assert pages(carried[Channel.SMS])[-1].incident == second


def test_a_page_that_comes_when_the_wait_is_over_takes_those_that_waited_along(carried, team, olga, phone, clock):
    storm(team, olga, 4)
    run_due()
    clock.shift(seconds=31)
    [new] = storm(team, olga, 1)
    Timer.objects.filter(payload__delivery=Delivery.objects.get(notification__incident=new, channel="sms").pk).update(
        due_at=clock.now.replace(year=2020)
    )
    run_due()
    _, summary = pages(carried[Channel.SMS])
    assert len(summary.covers) == 4


def test_what_was_answered_while_it_waited_is_in_no_summary(carried, team, olga, phone, clock):
    affected = storm(team, olga, 4)
    run_due()
    incidents.acknowledge(affected[1].pk, by=olga)
    clock.shift(seconds=30)
    run_due()
    assert [page.incident for page in pages(carried[Channel.SMS])[-1].covers] == affected[2:]


def test_what_is_answered_while_the_summary_is_made_ready_is_left_out(carried, team, olga, phone, clock, monkeypatch):
    affected = storm(team, olga, 4)
    run_due()
    begin = delivery._begin

    def answered_just_now(delivery_id):
        turn, message = begin(delivery_id)
        if turn is Turn.WITH_OTHERS:
            incidents.acknowledge(affected[2].pk, by=olga)
        return turn, message

    monkeypatch.setattr(delivery, "_begin", answered_just_now)
    clock.shift(seconds=30)
    run_due()
    assert [page.incident for page in pages(carried[Channel.SMS])[-1].covers] == [affected[1], affected[3]]
    assert states([affected[2]]) == [DeliveryState.CANCELLED]


def test_when_the_leading_page_of_a_summary_is_answered_the_others_go_out_all_the_same(
    carried, team, olga, phone, clock
):
    affected = storm(team, olga, 4)
    run_due()
    carried[Channel.SMS].fails = Unreachable("Nobody answers.")
    clock.shift(seconds=30)
    run_due()
    lead = Delivery.objects.exclude(bundled=None).get()
    incidents.acknowledge(lead.notification.incident_id, by=olga)
    carried[Channel.SMS].fails = None
    for _ in range(4):
        clock.shift(seconds=30)
        run_due()
    told = [page.incident for message in pages(carried[Channel.SMS]) for page in message.covers]
    assert sorted(told, key=lambda incident: incident.pk) == [
        incident for incident in affected if incident != lead.notification.incident
    ]


def test_a_summary_of_unknown_outcome_is_sent_once_more_and_each_page_is_marked(carried, team, olga, phone, clock):
    affected = storm(team, olga, 4)
    run_due()
    carried[Channel.SMS].fails = OutcomeUnknown("Broke off.")
    clock.shift(seconds=30)
    run_due()
    assert states(affected[1:]) == [DeliveryState.UNKNOWN] * 3
    carried[Channel.SMS].fails = None
    clock.shift(seconds=10)
    run_due()
    assert states(affected[1:]) == [DeliveryState.SENT] * 3
    marked = Delivery.objects.filter(unknown_at__isnull=False)
    assert {each.notification.incident for each in marked} == set(affected[1:])


FAILURES = {
    "nobody answers": lambda: Unreachable("Nobody answers."),
    "busy": lambda: ProviderError("Try again later."),
    "refused": lambda: ProviderError("Refused.", permanent=True),
    "unknown": lambda: OutcomeUnknown("Broke off."),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_summary_that_fails_while_its_leading_page_is_answered_loses_none_of_the_others(
    carried, team, olga, phone, clock, failure
):
    affected = storm(team, olga, 4)
    run_due()
    sms = carried[Channel.SMS]

    def answered_just_now(message):
        if affected[1] in [page.incident for page in message.covers]:
            incidents.acknowledge(affected[1].pk, by=olga)

    sms.meanwhile, sms.fails = answered_just_now, FAILURES[failure]()
    add_method(olga, MethodKind.VOICE, NUMBER)  # where a refusal leads
    clock.shift(seconds=30)
    run_due()
    sms.meanwhile, sms.fails = (lambda _: None), None
    for _ in range(6):
        clock.shift(seconds=40)
        run_due()
    told = {page.incident for message in (*pages(sms), *pages(carried[Channel.VOICE])) for page in message.covers}
    assert told == {affected[0], *affected[2:]}
    assert affected[1] not in told


def test_when_a_summary_of_unknown_outcome_waits_to_be_repeated_and_its_leading_page_is_answered_the_others_go_out(
    carried, team, olga, phone, clock
):
    affected = storm(team, olga, 4)
    run_due()
    carried[Channel.SMS].fails = OutcomeUnknown("Broke off.")
    clock.shift(seconds=30)
    run_due()
    lead = Delivery.objects.exclude(bundled=None).get()
    incidents.acknowledge(lead.notification.incident_id, by=olga)
    carried[Channel.SMS].fails = None
    for _ in range(6):
        clock.shift(seconds=40)
        run_due()
    told = {page.incident for message in pages(carried[Channel.SMS]) for page in message.covers}
    assert told == {affected[0], *affected[1:]} - {lead.notification.incident}


def test_a_page_that_was_stopped_before_it_was_handed_over_says_nothing_of_its_provider(
    carried, team, olga, phone, clock, monkeypatch
):
    [affected] = storm(team, olga, 1)
    about_to_send = delivery._about_to_send

    def answered_just_now(delivery_id):
        incidents.acknowledge(affected.pk, by=olga)
        return about_to_send(delivery_id)

    monkeypatch.setattr(delivery, "_about_to_send", answered_just_now)
    ended: list[type[BaseException] | None] = []

    @contextmanager
    def watched(_):
        try:
            yield
        except BaseException as error:
            ended.append(type(error))
            raise
        else:
            ended.append(None)

    monkeypatch.setattr(transports, "through", watched)
    run_due(lane=Lane.PAGES)
    assert ended == [delivery._Needless]
    assert not pages(carried[Channel.SMS])


def test_a_method_that_was_stopped_after_the_page_was_planned_is_not_used(carried, team, olga, phone, clock):
    storm(team, olga, 1)
    contacts.opt_out(NUMBER)
    run_due()
    assert not carried[Channel.SMS].sent


@pytest.mark.parametrize("left_as", [DeliveryState.PLANNED, DeliveryState.UNKNOWN, DeliveryState.SENDING])
def test_what_the_engine_gives_up_goes_another_way_however_it_was_left(carried, team, olga, phone, clock, left_as):
    [affected] = storm(team, olga, 1)
    run_due()
    add_method(olga, MethodKind.VOICE, NUMBER)
    left = Delivery.objects.get(notification__incident=affected, channel=Channel.SMS, notification__level=1)
    Delivery.objects.filter(pk=left.pk).update(state=left_as)
    delivery.give_up(left.pk, "Twelve attempts failed.")
    run_due()
    assert [message.incident for message in pages(carried[Channel.VOICE])] == [affected]


def test_whoever_paged_by_hand_hears_that_it_reached_nobody(carried, team, olga, phone, clock):
    sam = make_person("Sam", team, TeamRole.RESPONDER)
    carried[Channel.SMS].fails = ProviderError("Refused.", permanent=True)
    actions.page_by_hand([olga], to="Olga", text="Please call me.", by=sam)
    run_due()
    assert "Your page did not reach Olga" in carried[Channel.EMAIL].subjects


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_begin_what_waited_for_the_same_phone_do_not_lock_one_another_out(carried, team, olga, phone):
    storm(team, olga, 8)
    waiting = list(Delivery.objects.filter(channel=Channel.SMS, notification__kind=NotificationKind.PAGE))
    Delivery.objects.filter(pk__in=[each.pk for each in waiting]).update(held_back=True)
    together, failed = threading.Barrier(4), []

    def work(one: Delivery) -> None:
        try:
            together.wait(5)
            delivery.attempt(one.pk)
        except DatabaseFailure as error:
            failed.append(error)
        finally:
            connection.close()

    workers = [threading.Thread(target=work, args=(each,)) for each in waiting[-4:]]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(20)
    assert failed == []
    [summary] = pages(carried[Channel.SMS])
    assert len(summary.covers) == 8


def test_a_resolved_incident_is_in_no_summary(carried, team, olga, phone, clock):
    affected = storm(team, olga, 3)
    run_due()
    resolve(affected[1], olga)
    clock.shift(seconds=30)
    run_due()
    assert pages(carried[Channel.SMS])[-1].incident == affected[2]


def test_one_link_acknowledges_all_pages_of_a_summary(carried, team, olga, phone, clock):
    affected = storm(team, olga, 4)
    run_due()
    clock.shift(seconds=30)
    run_due()
    meant = links.pages_of(pages(carried[Channel.SMS])[-1].acknowledge_token)
    assert all(answer.done for answer in answers.acknowledge_all(meant, via="email"))
    for incident in affected[1:]:
        incident.refresh_from_db()
        assert incident.acknowledged_by == olga


def test_notices_are_bundled_by_themselves_and_hold_back_no_page(carried, team, olga, phone, clock):
    storm(team, olga, 5, kind=NotificationKind.NOTICE)
    run_due()
    assert len(carried[Channel.SMS].sent) == 2
    storm(team, olga, 1)
    run_due()
    assert pages(carried[Channel.SMS])


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_begin_at_once_send_one_page_and_let_the_other_wait(carried, team, olga, phone):
    """The clock runs in the threads, which is as good for both."""
    storm(team, olga, 2)
    deliveries = list(Delivery.objects.filter(channel=Channel.SMS, notification__kind=NotificationKind.PAGE))
    together = threading.Barrier(2)

    def work(one: Delivery) -> None:
        try:
            together.wait(5)
            delivery.attempt(one.pk)
        finally:
            connection.close()

    workers = [threading.Thread(target=work, args=(each,)) for each in deliveries]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(20)
    assert len(pages(carried[Channel.SMS])) == 1
    assert Delivery.objects.filter(held_back=True, state=DeliveryState.PLANNED).count() == 1


def test_beginning_a_delivery_costs_the_same_however_many_wait(carried, team, olga, phone, clock):
    def queries_of_a_late_page(number: int) -> int:
        storm(team, olga, number)
        run_due()
        last = Delivery.objects.filter(channel=Channel.SMS, notification__urgency=Urgency.HIGH).last()
        Delivery.objects.filter(pk=last.pk).update(attempts=0, held_back=False)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            delivery.attempt(last.pk)
        return len(captured)

    few = queries_of_a_late_page(3)
    assert queries_of_a_late_page(20) == few
