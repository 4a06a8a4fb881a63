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
from apps.notifications import actions, delivery, transports
from apps.notifications.models import Channel, Delivery, DeliveryState, NotificationKind, Urgency
from apps.teams.models import TeamRole
from tests.factories.teams import make_person
from tests.notifications.conftest import add_method
from tests.notifications.storms import NUMBER, pages, states, storm


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
