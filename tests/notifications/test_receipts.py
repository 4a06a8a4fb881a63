"""What a provider tells afterwards: arrived, read, or not arrived after all."""

from __future__ import annotations

import uuid

import pytest

from apps.contacts.models import MethodKind
from apps.engine.runner import run_due
from apps.incidents import actions as incidents
from apps.incidents.models import EventKind
from apps.notifications import actions, receipts
from apps.notifications.models import Channel, DeliveryState, NotificationKind, Until
from tests.factories.incidents import declare
from tests.notifications.conftest import add_method

D, R, F, S = DeliveryState.DELIVERED, DeliveryState.READ, DeliveryState.FAILED, DeliveryState.SENT


@pytest.fixture
def incident(team):
    return declare(team)


@pytest.fixture
def call(carried, incident, olga):
    """A call to Olga's only number, which the provider has."""
    olga.contact_methods.all().delete()
    add_method(olga, MethodKind.VOICE, "+4930901820")
    add_method(olga, MethodKind.EMAIL, "olga@example.com")
    notification = actions.notify(
        olga, incident=incident, kind=NotificationKind.PAGE, step="level:1", level=1, subject="Down",
        text="It is down.", until=Until.ACKNOWLEDGED,
    )  # fmt: skip
    run_due()
    return notification.deliveries.get(channel=Channel.VOICE)


def told(call, *states) -> str:
    for state in states:
        receipts.record(call.message_id, state, reason="It reached a voicemail." if state == F else "")
    call.refresh_from_db()
    return call.state


@pytest.mark.parametrize(
    ("states", "ends"),
    [((D,), D), ((R,), R), ((D, R), R), ((R, D), R), ((F,), F), ((F, D), F), ((D, F), D), ((D, D), D)],
)
def test_a_receipt_moves_a_delivery_on_and_never_back(call, states, ends):
    assert call.state == S
    assert told(call, *states) == ends


def test_a_call_that_reached_a_voicemail_does_not_count_and_the_next_way_is_tried_at_once(carried, call, incident):
    assert not [message for message in carried[Channel.EMAIL].sent if message.is_page]
    told(call, F)
    run_due()
    assert [message.address for message in carried[Channel.EMAIL].sent if message.is_page] == ["olga@example.com"]
    assert call.last_error == "It reached a voicemail."


def test_a_voicemail_after_the_answer_makes_nobody_ring_again(carried, call, incident, olga):
    incidents.acknowledge(incident.pk, by=olga)
    told(call, F)
    run_due()
    assert not [message for message in carried[Channel.EMAIL].sent if message.is_page]


def test_when_nothing_is_left_to_try_the_timeline_says_so(carried, call, incident, olga):
    olga.contact_methods.filter(kind=MethodKind.EMAIL).delete()
    told(call, F)
    assert incident.timeline.filter(kind=EventKind.NOTIFICATION_FAILED).count() == 1


def test_a_receipt_that_overtakes_the_record_of_sending_stands(call):
    type(call).objects.filter(pk=call.pk).update(state=DeliveryState.SENDING, sent_at=None)
    assert told(call, D) == D
    assert call.sent_at is not None


def test_an_address_that_the_network_does_not_know_counts_against_the_method(call):
    receipts.record(call.message_id, F, reason="Unknown subscriber", refused=True)
    call.method.refresh_from_db()
    assert call.method.failures == 1


def test_a_message_that_nobody_sent_changes_nothing(db):
    assert receipts.record(uuid.uuid4(), D) is False
