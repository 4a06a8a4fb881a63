"""A call that rings for what somebody answered meanwhile is ended, and the next one need not wait for it."""

from __future__ import annotations

import pytest

from apps.engine.models import Breaker, State, Timer
from apps.engine.runner import run_due
from apps.incidents import actions as incidents
from apps.integrations.twilio.client import TwilioClient
from apps.notifications import actions as notifications
from apps.notifications.models import Channel, DeliveryState
from apps.teams.models import TeamRole
from tests.factories.incidents import declare
from tests.factories.teams import make_person
from tests.integrations.conftest import page, sent_by
from tests.integrations.provider import Answer
from tests.integrations.twilio.conftest import ACCOUNT, refusal


@pytest.fixture
def sam(team):
    return make_person("Sam", team, TeamRole.RESPONDER)


@pytest.fixture
def call(telephone, olga, incident):
    """Olga's telephone rings."""
    told = page(olga, incident)
    run_due()
    return sent_by(told, Channel.VOICE)


@pytest.fixture
def cancelled(twilio):
    """The calls that Twilio was asked to end, as it is asked."""
    return lambda: [
        request.path.removeprefix(f"/2010-04-01/Accounts/{ACCOUNT}/Calls/").removesuffix(".json")
        for request in twilio.received
        if request.form.get("Status") == ["canceled"]
    ]


@pytest.fixture
def ends(calls_back):
    return lambda call, status: calls_back(f"/hooks/twilio/voice/status/{call.message_id}/", CallStatus=status)


def test_an_acknowledgement_ends_the_calls_that_ring_for_others(call, cancelled, incident, sam, ends):
    incidents.acknowledge(incident.pk, by=sam)
    run_due()
    assert cancelled() == [call.provider_id]
    ends(call, "canceled")
    call.refresh_from_db()
    assert (call.state, call.last_error) == (DeliveryState.CANCELLED, "The call was ended while it rang.")


def test_one_who_cannot_take_it_on_is_not_rung_further(call, cancelled, incident, olga):
    notifications.decline_pages(incident, by=olga)
    run_due()
    assert cancelled() == [call.provider_id]


def test_a_call_that_was_answered_goes_on(call, calls_back, cancelled, incident, sam):
    calls_back(f"/hooks/twilio/voice/{call.message_id}/", AnsweredBy="human")
    incidents.acknowledge(incident.pk, by=sam)
    run_due()
    assert cancelled() == []


def test_a_call_of_some_minutes_ago_is_left_alone(call, cancelled, incident, sam, clock):
    clock.shift(minutes=3)
    incidents.acknowledge(incident.pk, by=sam)
    run_due()
    assert cancelled() == []


def test_an_acknowledgement_while_the_call_is_placed_ends_it_too(
    telephone, olga, incident, sam, cancelled, monkeypatch
):
    place = TwilioClient.create_call

    def acknowledged_meanwhile(client, **order):
        incidents.acknowledge(incident.pk, by=sam)
        return place(client, **order)

    monkeypatch.setattr(TwilioClient, "create_call", acknowledged_meanwhile)
    told = page(olga, incident)
    run_due()
    assert cancelled() == [sent_by(told, Channel.VOICE).provider_id]


@pytest.fixture
def summary(call, twilio, olga, team, clock):
    """One call that rings for two incidents, a minute after the first."""
    several = [declare(team) for _ in range(2)]
    told = [page(olga, each) for each in several]
    run_due()
    clock.shift(seconds=61)
    run_due()
    [leads] = [call for call in (sent_by(each, Channel.VOICE) for each in told) if call.bundled_into_id is None]
    return several, leads


def test_a_call_for_two_rings_until_both_are_answered(summary, cancelled, sam):
    (one, other), leads = summary
    incidents.acknowledge(one.pk, by=sam)
    run_due()
    assert cancelled() == []
    incidents.acknowledge(other.pk, by=sam)
    run_due()
    assert cancelled() == [leads.provider_id]


def test_what_waited_for_the_line_rings_at_once(call, twilio, incident, olga, team, sam, ends):
    told = page(olga, declare(team))
    run_due()
    assert sent_by(told, Channel.VOICE).state == DeliveryState.PLANNED
    incidents.acknowledge(incident.pk, by=sam)
    run_due()
    ends(call, "canceled")
    run_due()
    assert sent_by(told, Channel.VOICE).state == DeliveryState.SENT
    assert twilio.received[-1].path.endswith("Calls.json")


def test_a_provider_that_is_left_alone_is_not_asked_to_end_a_call(call, cancelled, incident, sam, clock):
    Breaker.objects.create(provider="twilio-voice", openings=1, open_until=clock.now)
    incidents.acknowledge(incident.pk, by=sam)
    run_due()
    assert cancelled() == []
    assert Breaker.objects.get().trial_until is None


@pytest.mark.parametrize("answer", [refusal(21220), Answer(500), refusal(20404, 404)], ids=["over", "broken", "gone"])
def test_a_call_that_cannot_be_ended_rings_on_and_wakes_nobody(call, twilio, incident, sam, answer, clock):
    ada = make_person("Ada", None, TeamRole.ADMIN)
    twilio.answer = lambda _: answer
    incidents.acknowledge(incident.pk, by=sam)
    for _ in range(5):
        run_due()
        clock.shift(minutes=1)
    assert not ada.notifications.exists()
    assert Breaker.objects.count() == 0, "it says nothing of whether calls can be placed"
    assert Timer.objects.get(kind=notifications.RECALL).state == State.DONE
    call.refresh_from_db()
    assert call.state == DeliveryState.SENT
