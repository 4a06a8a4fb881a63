"""Pages by phone: what rings, what is said, which keys do what, and which calls do not count."""

from __future__ import annotations

import pytest

from apps.contacts import actions as contacts
from apps.contacts.models import MethodKind, Verification
from apps.engine.runner import run_due
from apps.incidents import actions as incidents
from apps.incidents.models import EventKind, Via
from apps.notifications import actions as notifications
from apps.notifications.models import Channel, DeliveryState, NotificationKind, Urgency
from apps.teams.models import TeamRole
from tests.factories.incidents import declare
from tests.factories.teams import make_person
from tests.integrations.conftest import page, reach, sent_by
from tests.integrations.twilio.conftest import ACCOUNT, HERS, OURS, asks, refusal, said

SITE = "https://incidents.example.com"


@pytest.fixture
def told(telephone, olga, incident):
    return page(olga, incident)


@pytest.fixture
def call(told):
    run_due()
    return sent_by(told, Channel.VOICE)


@pytest.fixture
def answer(call, calls_back):
    """Somebody, or something, answers the call."""
    return lambda by="human": calls_back(f"/hooks/twilio/voice/{call.message_id}/", AnsweredBy=by, CallSid="CA1")


@pytest.fixture
def press(call, calls_back):
    return lambda key: calls_back(f"/hooks/twilio/voice/{call.message_id}/key/", Digits=key, CallSid="CA1")


@pytest.fixture
def ends(call, calls_back):
    return lambda **how: calls_back(f"/hooks/twilio/voice/status/{call.message_id}/", CallSid="CA1", **how)


def state_of(call):
    call.refresh_from_db()
    return call.state


def test_a_page_is_one_call_as_twilio_wants_it(twilio, call, incident):
    [request] = twilio.received
    assert request.path == f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
    assert request.headers["X-ADO-Incident"] == incident.reference
    assert request.form == {
        "To": [HERS],
        "From": [OURS],
        "Url": [f"{SITE}/hooks/twilio/voice/{call.message_id}/"],
        "Method": ["POST"],
        "MachineDetection": ["Enable"],
        "Timeout": ["30"],
        "StatusCallback": [f"{SITE}/hooks/twilio/voice/status/{call.message_id}/"],
        "StatusCallbackMethod": ["POST"],
        "StatusCallbackEvent": ["initiated", "ringing", "answered", "completed"],
    }
    assert state_of(call) == DeliveryState.SENT


def test_a_person_hears_number_and_severity_first_and_which_keys_there_are(answer, call, incident):
    response = answer()
    assert said(response).startswith(
        f"This is A D O Incidents. Incident {incident.pk}, severity P 0, Critical. Agent pipeline down. "
        "You are paged as level 1. Press 4 to acknowledge, 6 to resolve, 8 to pass it on, "
        "9 to hear this again."
    )
    assert asks(response)["numDigits"] == "1"
    assert asks(response)["action"] == f"{SITE}/hooks/twilio/voice/{call.message_id}/key/"
    assert state_of(call) == DeliveryState.DELIVERED


def test_a_drill_is_said_to_be_one(telephone, olga, team, calls_back):
    told = page(olga, declare(team, drill=True))
    run_due()
    response = calls_back(f"/hooks/twilio/voice/{sent_by(told, Channel.VOICE).message_id}/", AnsweredBy="human")
    assert said(response).startswith("This is A D O Incidents. This is a drill. Incident")


def test_4_acknowledges_and_stops_the_others_at_once(answer, press, call, incident, olga, team):
    waiting = page(make_person("Sam", team, TeamRole.RESPONDER), incident)
    answer()
    response = press("4")
    assert said(response) == f"Incident {incident.pk} acknowledged. Goodbye."
    assert asks(response) is None
    [event] = incident.timeline.filter(kind=EventKind.ACKNOWLEDGED)
    assert (event.actor, event.via) == (olga, Via.VOICE)
    assert state_of(call) == DeliveryState.READ
    assert waiting.deliveries.get(channel=Channel.EMAIL).state == DeliveryState.CANCELLED
    press("4")
    assert incident.timeline.filter(kind=EventKind.ACKNOWLEDGED).count() == 1


def test_8_passes_it_on_once(answer, press, call, incident, olga):
    answer()
    response = press("8")
    assert said(response) == f"Incident {incident.pk} declined. Goodbye."
    assert asks(response) is None
    [event] = incident.timeline.filter(kind=EventKind.PAGE_DECLINED)
    assert (event.actor, event.via) == (olga, Via.VOICE)
    assert state_of(call) == DeliveryState.READ
    assert "You answered the page" in said(press("8"))
    assert incident.timeline.filter(kind=EventKind.PAGE_DECLINED).count() == 1


def test_8_on_what_somebody_else_took_on_still_passes_it_on(answer, press, incident, team, olga):
    answer()
    incidents.acknowledge(incident.pk, by=make_person("Sam", team, TeamRole.RESPONDER))
    press("8")
    assert incident.timeline.filter(kind=EventKind.PAGE_DECLINED, actor=olga).count() == 1


def test_8_on_what_is_over_says_so(answer, press, incident, olga):
    answer()
    incidents.cancel(incident.pk, reason="mistake", by=olga)
    assert "nothing to decline" in said(press("8"))


def test_8_of_a_call_that_twilio_did_not_sign_passes_nothing_on(call, calls_back, incident):
    path = f"/hooks/twilio/voice/{call.message_id}/key/"
    assert calls_back(path, token="other", Digits="8", CallSid="CA1").status_code == 403
    assert not incident.timeline.filter(kind=EventKind.PAGE_DECLINED).exists()


def test_6_says_what_is_missing_before_it_is_resolved(answer, press, incident):
    answer()
    response = press("6")
    incident.refresh_from_db()
    assert incident.status == "monitoring"
    assert "is monitoring now. Before it is resolved:" in said(response)


def test_6_on_what_is_over_says_so(answer, press, incident, olga):
    answer()
    press("6")
    incidents.record_resolution(incident.pk, by=olga, verified=True)
    assert "resolved" in said(press("6"))
    assert "cannot become resolved" in said(press("6"))


def test_9_tells_it_again_and_another_key_does_nothing(answer, press, incident):
    first = answer()
    assert said(press("9")) == said(first)
    other = press("7")
    assert said(other).startswith("Key 7 does nothing here.")
    assert asks(other) is not None
    incident.refresh_from_db()
    assert incident.acknowledged_at is None


def test_several_pages_are_acknowledged_by_one_key(twilio, call, olga, team, clock, calls_back):
    several = [declare(team) for _ in range(3)]
    for incident in several:
        page(olga, incident)
    run_due()
    clock.shift(seconds=61)
    run_due()
    key = twilio.received[-1].form["Url"][0].removeprefix(f"{SITE}/hooks/twilio/voice/").strip("/")
    response = calls_back(f"/hooks/twilio/voice/{key}/", AnsweredBy="human")
    assert "3 pages." in said(response)
    assert "Press 4 to acknowledge all of them" in said(response)
    for other in ("6", "8"):
        assert asks(calls_back(f"/hooks/twilio/voice/{key}/key/", Digits=other)) is not None
    calls_back(f"/hooks/twilio/voice/{key}/key/", Digits="4")
    for incident in several:
        incident.refresh_from_db()
        assert incident.acknowledged_at is not None


@pytest.mark.parametrize("by", ["machine_start", "machine_end_beep", "machine_end_silence", "fax"])
def test_a_voicemail_does_not_count_and_the_next_step_is_taken_at_once(answer, call, told, olga, by, twilio):
    reach(olga, MethodKind.SMS, HERS)
    response = answer(by)
    assert said(response) == ""
    assert state_of(call) == DeliveryState.FAILED
    assert call.last_error == "The call reached a voicemail."
    run_due()
    assert twilio.received[-1].path.endswith("Messages.json")
    assert sent_by(told, Channel.SMS).state == DeliveryState.SENT


@pytest.mark.parametrize("status", ["busy", "no-answer", "failed", "canceled"])
def test_a_call_that_reached_nobody_fails(call, ends, status, telephone, incident):
    ends(CallStatus=status)
    assert state_of(call) == DeliveryState.FAILED
    telephone.refresh_from_db()
    assert telephone.failures == 0
    assert incident.timeline.filter(kind=EventKind.NOTIFICATION_FAILED).count() == 1


def test_a_call_that_is_under_way_is_as_it_was(call, ends):
    for status in ("initiated", "ringing", "in-progress", "nonsense", ""):
        ends(CallStatus=status)
        assert state_of(call) == DeliveryState.SENT


def test_somebody_who_heard_it_and_pressed_nothing_was_told(call, answer, ends):
    answer()
    ends(CallStatus="completed")
    assert state_of(call) == DeliveryState.DELIVERED


def test_a_call_of_which_nobody_knows_who_answered_counts_once_a_key_was_pressed(call, answer, ends, press):
    answer("unknown")
    assert state_of(call) == DeliveryState.SENT
    press("9")
    ends(CallStatus="completed", AnsweredBy="unknown")
    assert state_of(call) == DeliveryState.READ


def test_a_call_of_which_nobody_knows_who_answered_does_not_count(call, answer, ends):
    answer("unknown")
    ends(CallStatus="completed", AnsweredBy="unknown")
    assert state_of(call) == DeliveryState.FAILED


def test_what_was_answered_meanwhile_is_said_to_be(call, answer, incident, team):
    incidents.acknowledge(incident.pk, by=make_person("Sam", team, TeamRole.RESPONDER))
    assert said(answer()).startswith("Somebody has answered this meanwhile")


def test_keys_of_a_call_of_long_ago_do_nothing(call, answer, press, clock, incident):
    clock.shift(hours=2)
    assert asks(press("4")) is None
    incident.refresh_from_db()
    assert incident.acknowledged_at is None


def test_a_call_about_nothing_says_goodbye(twilio, db, calls_back):
    path = "/hooks/twilio/voice/00000000-0000-0000-0000-000000000000/"
    assert "nothing to tell" in said(calls_back(path, AnsweredBy="human"))
    assert asks(calls_back(f"{path}key/", Digits="4")) is None


def test_a_key_of_a_text_message_is_no_call(twilio, olga, incident, calls_back):
    reach(olga, MethodKind.SMS, HERS)
    told = page(olga, incident)
    run_due()
    key = sent_by(told, Channel.SMS).message_id
    calls_back(f"/hooks/twilio/voice/{key}/key/", Digits="4")
    incident.refresh_from_db()
    assert incident.acknowledged_at is None


def test_a_notice_asks_for_nothing(telephone, olga, incident, calls_back):
    told = notifications.notify(
        olga, incident=incident, kind=NotificationKind.NOTICE, step="n", urgency=Urgency.HIGH, subject="News",
        text="INC-7 & others <b>\x07",
    )  # fmt: skip
    run_due()
    response = calls_back(f"/hooks/twilio/voice/{sent_by(told, Channel.VOICE).message_id}/", AnsweredBy="human")
    assert "Incident 7 & others <b>" in said(response)
    assert "acknowledge" not in said(response)
    key = sent_by(told, Channel.VOICE).message_id
    assert asks(calls_back(f"/hooks/twilio/voice/{key}/key/", Digits="4")) is not None
    incident.refresh_from_db()
    assert incident.acknowledged_at is None


def test_a_number_that_cannot_be_called_is_refused(twilio, told, telephone):
    twilio.answer = lambda _: refusal(21214)
    run_due()
    telephone.refresh_from_db()
    assert telephone.failures == 1


def test_a_phone_is_verified_by_a_code_that_is_spoken_digit_by_digit_twice(twilio, olga, calls_back):
    method = contacts.add_method(olga, kind=MethodKind.VOICE, value=HERS, by=olga)
    verification = contacts.request_code(method, by=olga)
    run_due()
    response = calls_back(f"/hooks/twilio/voice/{verification.nonce}/", AnsweredBy="human")
    spelled = ", ".join(contacts.code_of(verification))
    assert said(response).count(spelled) == 2
    contacts.confirm_code(method, code=spelled.replace(", ", ""), by=olga)
    method.refresh_from_db()
    assert method.is_usable


def test_a_code_is_told_to_no_voicemail(twilio, olga, calls_back):
    method = contacts.add_method(olga, kind=MethodKind.VOICE, value=HERS, by=olga)
    verification = contacts.request_code(method, by=olga)
    run_due()
    response = calls_back(f"/hooks/twilio/voice/{verification.nonce}/", AnsweredBy="machine_start")
    assert said(response) == ""
    assert Verification.objects.get().failure == "The call reached a voicemail."


def test_the_hooks_of_a_call_cost_few_queries(answer, press, django_assert_max_num_queries):
    with django_assert_max_num_queries(30):
        answer()
    with django_assert_max_num_queries(90):
        press("4")


def test_a_summary_of_which_everything_was_answered_is_said_to_be(twilio, call, olga, team, clock, calls_back):
    several = [declare(team) for _ in range(2)]
    for incident in several:
        page(olga, incident)
    run_due()
    clock.shift(seconds=61)
    run_due()
    key = twilio.received[-1].form["Url"][0].removeprefix(f"{SITE}/hooks/twilio/voice/").strip("/")
    sam = make_person("Sam", team, TeamRole.RESPONDER)
    incidents.acknowledge(several[0].pk, by=sam)
    assert not said(calls_back(f"/hooks/twilio/voice/{key}/")).startswith("Somebody has answered")
    incidents.acknowledge(several[1].pk, by=sam)
    assert said(calls_back(f"/hooks/twilio/voice/{key}/")).startswith("Somebody has answered this meanwhile")
