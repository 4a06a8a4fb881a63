"""Pages by text message: the contract, what Twilio says of numbers, receipts, and answers."""

from __future__ import annotations

import uuid

import pytest

from apps.contacts import actions as contacts
from apps.contacts.models import MethodKind, Verification
from apps.core import http
from apps.engine.models import State, Timer
from apps.engine.runner import run_due
from apps.incidents import actions as incidents
from apps.incidents.models import EventKind, Incident, Via
from apps.integrations.models import TextReply
from apps.integrations.twilio import texting
from apps.notifications import actions, queries
from apps.notifications.models import Channel, DeliveryState, Notification, NotificationKind, Until, Urgency
from apps.notifications.transports import Message
from apps.teams.models import TeamRole
from tests.factories.incidents import declare
from tests.factories.teams import make_person
from tests.integrations.conftest import page, reach, sent_by
from tests.integrations.provider import Answer
from tests.integrations.twilio.conftest import ACCOUNT, HERS, OURS, refusal, written


@pytest.fixture
def told(phone, olga, incident):
    """Olga is paged; nothing was sent yet."""
    return page(olga, incident)


@pytest.fixture
def text(told):
    run_due()
    return sent_by(told, Channel.SMS)


def status_of(notification):
    return sent_by(notification, Channel.SMS).state


def test_a_page_is_one_text_message_as_twilio_wants_it(twilio, told, incident):
    run_due()
    [request] = twilio.received
    delivery = sent_by(told, Channel.SMS)
    assert request.path == f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    assert request.headers["Authorization"].startswith("Basic ")
    assert request.headers["X-ADO-Kind"] == "page"
    assert request.headers["X-ADO-Incident"] == incident.reference
    assert request.headers["X-ADO-Level"] == "1"
    form = {name: values[0] for name, values in request.form.items()}
    body = form.pop("Body")
    assert form == {
        "To": HERS,
        "From": OURS,
        "StatusCallback": f"https://incidents.example.com/hooks/twilio/sms/status/{delivery.message_id}/",
    }
    assert f"Reply 4 {incident.pk}=ack, NO {incident.pk}=pass on, 6 {incident.pk}=resolve\n" in body
    assert body.endswith(incident.get_absolute_url())
    assert len(body) <= 320
    assert (delivery.state, delivery.provider_id[:2]) == (DeliveryState.SENT, "SM")


@pytest.mark.parametrize("number", [7, 4711, 99_999])
def test_what_to_reply_is_no_longer_than_two_answers_in_whole_words(number):
    """So that a page which fits one segment of a text message with its address stays in it."""
    subject = f"[P0] INC-{number} level 1: Agent pipeline down"
    address = f"https://incidents.example.com/incidents/INC-{number}/"
    told = Notification(pk=1, incident=Incident(pk=number), kind=NotificationKind.PAGE)
    message = Message(
        key=uuid.uuid4(), address=HERS, kind=NotificationKind.PAGE, urgency=Urgency.HIGH, subject=subject, text="",
        brief=subject, covers=(told,), url=address, acknowledge_token="token",
    )  # fmt: skip
    written = texting.body(message)
    assert written.endswith(address)
    assert len(written) <= 160
    assert len(texting.how_to_reply(message)) <= len(f'Reply "4 {number}" to acknowledge, "6 {number}" to resolve.')


def test_a_page_by_hand_says_how_to_answer_it(twilio, phone, olga, team):
    actions.page_by_hand([olga], to="Olga", text="Call me", by=make_person("Sam", team, TeamRole.RESPONDER))
    run_due()
    told = olga.notifications.get()
    assert f"Reply 4 {told.code}=ack, NO {told.code}=pass on" in twilio.received[-1].form["Body"][0]


def test_several_pages_in_one_message_are_acknowledged_by_one_word(twilio, told, olga, team, clock, calls_back):
    run_due()
    others = [page(olga, declare(team)) for _ in range(3)]
    run_due()
    clock.shift(seconds=31)
    run_due()
    bodies = [request.form["Body"][0] for request in twilio.received]
    assert len(bodies) == 2
    assert 'Reply "4 all" to acknowledge all.' in bodies[1]
    assert "X-ADO-Incident" not in twilio.received[1].headers
    assert len(twilio.received[1].headers["X-ADO-Incidents"].split(",")) == 3
    calls_back("/hooks/twilio/sms/", MessageSid="SM1", From=HERS, Body="4 all")
    assert all(each.deliveries.exclude(channel="in_app").get().state != DeliveryState.PLANNED for each in others)
    assert not queries.pages_waiting_for(olga).exists()


@pytest.mark.parametrize("code", [21211, 21612, 21614])
def test_a_number_that_twilio_refuses_is_given_up_and_counted(twilio, told, phone, code, olga):
    twilio.answer = lambda _: refusal(code)
    run_due()
    phone.refresh_from_db()
    assert status_of(told) == DeliveryState.FAILED
    assert phone.failures == 1
    assert str(code) in sent_by(told, Channel.SMS).last_error


def test_a_number_that_answered_stop_at_twilio_is_used_no_more_and_is_not_broken(twilio, told, phone):
    twilio.answer = lambda _: refusal(21610)
    run_due()
    phone.refresh_from_db()
    assert status_of(told) == DeliveryState.FAILED
    assert phone.opted_out_at is not None
    assert (phone.failures, phone.disabled_at) == (0, None)


@pytest.mark.parametrize("status", [400, 401, 403])
def test_another_refusal_is_final_and_nobodys_address_is_blamed(twilio, told, phone, status):
    twilio.answer = lambda _: refusal(20003, status)
    run_due()
    phone.refresh_from_db()
    assert status_of(told) == DeliveryState.FAILED
    assert phone.failures == 0


@pytest.mark.parametrize("status", [500, 503])
def test_a_fault_of_twilios_is_tried_again(twilio, told, status, clock):
    take, twilio.answer = twilio.answer, lambda _: Answer(status, b"oops")
    run_due()
    assert status_of(told) == DeliveryState.PLANNED
    twilio.answer = take
    clock.shift(seconds=10)
    run_due()
    assert status_of(told) == DeliveryState.SENT


def test_twilio_is_given_the_patience_it_asks_for(twilio, told, clock):
    twilio.answer = lambda _: refusal(20429, 429, Retry_After="40")
    run_due()
    timer = Timer.objects.get(key=f"notifications.deliver:{sent_by(told, Channel.SMS).pk}")
    assert timer.state == State.PENDING
    assert 40 <= (timer.due_at - clock.now).total_seconds() <= 43


@pytest.mark.parametrize("answer", [Answer(200, b"<html>"), Answer.of({}), Answer.of({"sid": 7}), Answer.of([1])])
def test_success_with_nonsense_is_sent_once_more_and_marked(twilio, told, answer, clock):
    take, twilio.answer = twilio.answer, lambda _: answer
    run_due()
    assert status_of(told) == DeliveryState.UNKNOWN
    twilio.answer = take
    clock.shift(seconds=10)
    run_due()
    delivery = sent_by(told, Channel.SMS)
    assert delivery.state == DeliveryState.SENT
    assert delivery.unknown_at is not None
    assert len(twilio.received) == 2


@pytest.mark.parametrize("fault", ["hang", "close"])
def test_an_exchange_that_breaks_leaves_the_outcome_unknown(twilio, told, fault, monkeypatch):
    monkeypatch.setattr(http, "READ_SECONDS", 0.3)
    twilio.fault = fault
    run_due()
    assert status_of(told) == DeliveryState.UNKNOWN


def test_where_nobody_answers_nothing_was_sent_and_the_next_way_is_taken_at_once(
    twilio, told, settings, olga, incident, clock
):
    reach(olga, MethodKind.VOICE, HERS)
    run_due()
    clock.shift(minutes=1)  # what was sent before is no storm any more
    other = page(olga, incident, step="level:2")
    settings.TWILIO_API_URL = "http://127.0.0.1:9"
    run_due()
    assert other.deliveries.get(channel=Channel.SMS).state == DeliveryState.PLANNED
    assert other.deliveries.get(channel=Channel.VOICE).attempts == 1


def test_receipts_are_kept(text, told, calls_back):
    status = f"/hooks/twilio/sms/status/{text.message_id}/"
    for word in ("queued", "sent"):
        assert calls_back(status, MessageStatus=word, MessageSid="SM1").status_code == 204
        assert status_of(told) == DeliveryState.SENT
    calls_back(status, MessageStatus="delivered", MessageSid="SM1")
    assert status_of(told) == DeliveryState.DELIVERED
    calls_back(status, MessageStatus="undelivered", ErrorCode="30008")
    assert status_of(told) == DeliveryState.DELIVERED
    calls_back(status, MessageStatus="read")
    assert status_of(told) == DeliveryState.READ


@pytest.mark.parametrize(
    ("code", "failures"), [("30003", 0), ("30005", 1), ("30006", 1), ("30008", 0), ("", 0), ("nonsense", 0)]
)
def test_a_message_that_did_not_arrive_is_as_good_as_not_sent(text, told, phone, calls_back, code, failures, incident):
    calls_back(f"/hooks/twilio/sms/status/{text.message_id}/", MessageStatus="undelivered", ErrorCode=code)
    phone.refresh_from_db()
    assert status_of(told) == DeliveryState.FAILED
    assert phone.failures == failures
    assert incident.timeline.filter(kind=EventKind.NOTIFICATION_FAILED).count() == 1


def test_a_receipt_of_nothing_we_sent_changes_nothing(twilio, db, calls_back):
    path = "/hooks/twilio/sms/status/00000000-0000-0000-0000-000000000000/"
    assert calls_back(path, MessageStatus="delivered").status_code == 204


def test_what_is_not_signed_by_twilio_changes_nothing(text, told, incident, outside, calls_back, settings):
    status = f"/hooks/twilio/sms/status/{text.message_id}/"
    for path, form in (
        (status, {"MessageStatus": "delivered"}),
        ("/hooks/twilio/sms/", {"MessageSid": "SM9", "From": HERS, "Body": "4"}),
        (f"/hooks/twilio/voice/{text.message_id}/", {"AnsweredBy": "human"}),
        (f"/hooks/twilio/voice/{text.message_id}/key/", {"Digits": "4"}),
        (f"/hooks/twilio/voice/status/{text.message_id}/", {"CallStatus": "busy"}),
    ):
        assert outside.post(path, form).status_code == 403
        assert calls_back(path, token="other", **form).status_code == 403
        assert outside.post(path, form, headers={"X-Twilio-Signature": "ü"}).status_code == 403
        assert outside.get(path).status_code == 405
    settings.TWILIO_AUTH_TOKEN = ""
    assert calls_back(status, token="", MessageStatus="delivered").status_code == 403
    incident.refresh_from_db()
    assert incident.acknowledged_at is None
    assert status_of(told) == DeliveryState.SENT


def test_the_signature_covers_the_query_and_every_value(twilio, db, outside, calls_back):
    assert calls_back("/hooks/twilio/sms/?a=1&b=%20", MessageSid="SM1", From=HERS, Body="hällo").status_code == 200
    assert calls_back("/hooks/twilio/sms/", MessageSid="SM2", From=HERS, MediaUrl=["b", "a"]).status_code == 200


def test_a_reply_acknowledges_and_stops_the_others_at_once(text, told, incident, olga, team, calls_back):
    sam = make_person("Sam", team, TeamRole.RESPONDER)
    waiting = page(sam, incident)
    response = calls_back("/hooks/twilio/sms/", MessageSid="SM1", From=HERS, Body=f"4 {incident.pk}")
    assert written(response) == f"{incident} acknowledged."
    incident.refresh_from_db()
    assert incident.acknowledged_at is not None
    [event] = incident.timeline.filter(kind=EventKind.ACKNOWLEDGED)
    assert (event.actor, event.via) == (olga, Via.SMS)
    assert waiting.deliveries.get(channel=Channel.EMAIL).state == DeliveryState.CANCELLED


@pytest.mark.parametrize("words", ["NO {}", "no {}", "{} no", "pass {}", "No"])
def test_what_the_message_says_passes_the_page_on(text, told, incident, olga, calls_back, words):
    response = calls_back("/hooks/twilio/sms/", MessageSid="SM1", From=HERS, Body=words.format(incident.pk))
    assert written(response) == f"{incident} declined."
    [event] = incident.timeline.filter(kind=EventKind.PAGE_DECLINED)
    assert (event.actor, event.via) == (olga, Via.SMS)
    again = calls_back("/hooks/twilio/sms/", MessageSid="SM2", From=HERS, Body=f"NO {incident.pk}")
    assert "You answered the page" in written(again)
    assert incident.timeline.filter(kind=EventKind.PAGE_DECLINED).count() == 1


def test_a_page_of_what_is_over_cannot_be_passed_on_by_a_reply(text, told, incident, olga, calls_back):
    incidents.cancel(incident.pk, reason="mistake", by=olga)
    response = calls_back("/hooks/twilio/sms/", MessageSid="SM1", From=HERS, Body=f"NO {incident.pk}")
    assert "nothing to decline" in written(response)
    assert not incident.timeline.filter(kind=EventKind.PAGE_DECLINED).exists()


def test_a_reply_that_comes_twice_is_carried_out_once(text, told, incident, olga, team, calls_back):
    first = calls_back("/hooks/twilio/sms/", MessageSid="SM1", From=HERS, Body="4")
    page(olga, another := declare(team))
    again = calls_back("/hooks/twilio/sms/", MessageSid="SM1", From=HERS, Body="4")
    assert written(again) == written(first) == f"{incident} acknowledged."
    another.refresh_from_db()
    assert another.acknowledged_at is None


def test_a_reply_whose_process_was_killed_is_carried_out_when_it_comes_again(text, told, incident, clock, calls_back):
    TextReply.objects.create(sid="SM1", at=clock.now)
    again = calls_back("/hooks/twilio/sms/", MessageSid="SM1", From=HERS, Body="4")
    assert written(again) == f"{incident} acknowledged."
    incident.refresh_from_db()
    assert incident.acknowledged_at is not None


def test_somebody_elses_page_is_not_answered_from_this_number(twilio, phone, team, incident, calls_back):
    sam = make_person("Sam", team, TeamRole.RESPONDER)
    page(sam, incident)
    response = calls_back("/hooks/twilio/sms/", MessageSid="SM1", From=HERS, Body=f"4 {incident.pk}")
    assert "You have no page" in written(response)
    incident.refresh_from_db()
    assert incident.acknowledged_at is None


def test_stop_and_start_hold_from_the_next_message_on(twilio, phone, olga, team, incident, calls_back):
    stopped = calls_back("/hooks/twilio/sms/", MessageSid="SM1", From=HERS, Body="Stop")
    assert written(stopped) is None
    page(olga, incident)
    run_due()
    assert not twilio.received
    started = calls_back("/hooks/twilio/sms/", MessageSid="SM2", From=HERS, Body="START")
    assert "again" in written(started)
    page(olga, incident, step="level:2", until=Until.RESOLVED)
    run_due()
    assert len(twilio.received) == 1


def test_a_number_is_verified_by_the_code_it_is_sent(twilio, olga):
    method = contacts.add_method(olga, kind=MethodKind.SMS, value=HERS, by=olga)
    contacts.request_code(method, by=olga)
    run_due()
    [request] = twilio.received
    code = request.form["Body"][0].split()[0]
    contacts.confirm_code(method, code=code, by=olga)
    method.refresh_from_db()
    assert method.is_usable


def test_a_code_that_did_not_arrive_is_said_where_it_is_waited_for(twilio, olga, calls_back):
    method = contacts.add_method(olga, kind=MethodKind.SMS, value=HERS, by=olga)
    verification = contacts.request_code(method, by=olga)
    run_due()
    calls_back(f"/hooks/twilio/sms/status/{verification.nonce}/", MessageStatus="undelivered", ErrorCode="30006")
    assert "landline" in Verification.objects.get().failure


def test_a_receipt_and_a_reply_cost_few_queries(text, told, calls_back, django_assert_max_num_queries):
    with django_assert_max_num_queries(20):
        calls_back(f"/hooks/twilio/sms/status/{text.message_id}/", MessageStatus="delivered")
    with django_assert_max_num_queries(75):
        calls_back("/hooks/twilio/sms/", MessageSid="SM1", From=HERS, Body="4")
