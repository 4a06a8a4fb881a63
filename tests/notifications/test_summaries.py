"""A summary is one message: each page in it is still answered, marked and sent another way by itself."""

from __future__ import annotations

import pytest

from apps.contacts.models import MethodKind
from apps.core.errors import ProviderError
from apps.engine.runner import run_due
from apps.incidents import actions as incidents
from apps.notifications import answers, delivery, links
from apps.notifications.bundling import Turn
from apps.notifications.models import Channel, Delivery, DeliveryState
from apps.notifications.transports import OutcomeUnknown, Unreachable
from tests.factories.incidents import resolve
from tests.notifications.conftest import add_method
from tests.notifications.storms import NUMBER, pages, states, storm


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


@pytest.mark.parametrize("missing", [1, 2], ids=["the leading one", "another"])
def test_what_arrived_another_way_meanwhile_is_left_out_when_the_summary_is_tried_again(
    carried, team, olga, phone, clock, missing
):
    affected = storm(team, olga, 4)
    run_due()
    add_method(olga, MethodKind.EMAIL, "olga@home.example")
    sms, mail = carried[Channel.SMS], carried[Channel.EMAIL]

    def refuse_one(message):
        if affected[missing] in [page.incident for page in message.covers]:
            raise ProviderError("Refused.", permanent=True)

    sms.fails, mail.meanwhile = Unreachable("Nobody answers."), refuse_one
    clock.shift(seconds=30)
    run_due()
    sms.fails = None
    for _ in range(4):
        clock.shift(seconds=30)
        run_due()
    by_mail = [message.incident for message in pages(mail)]
    assert by_mail == [each for each in affected[1:] if each != affected[missing]]
    assert [[page.incident for page in message.covers] for message in pages(sms)] == [
        [affected[0]],
        [affected[missing]],
    ]
