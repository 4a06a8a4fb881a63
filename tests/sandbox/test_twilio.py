"""The sandbox speaks Twilio's contract: its own client and its own check of signatures say so."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from tests.sandbox.conftest import Heard, Running, wait_for

OURS = "+15005550006"
THEIRS = "+4915112345678"
ASKS = """<?xml version="1.0" encoding="UTF-8"?>
<Response><Gather numDigits="1" action="/voice/keys/?call=1" timeout="5"><Say>P0. Press 4 to acknowledge.</Say></Gather>
<Say>Nothing was pressed.</Say></Response>"""
THANKS = "<Response><Say>Acknowledged.</Say><Hangup/></Response>"


class Loopback(TwilioHttpClient):
    """Twilio's client, with another host in its addresses and the product's headers."""

    def __init__(self, url: str, **headers: str) -> None:
        super().__init__(timeout=10)
        self._base = urlsplit(url)
        self._headers = headers

    def request(self, method, url, params=None, data=None, headers=None, *args, **named):
        moved = urlsplit(url)._replace(scheme=self._base.scheme, netloc=self._base.netloc)
        return super().request(
            method, urlunsplit(moved), params, data, {**(headers or {}), **self._headers}, *args, **named
        )


def client(sandbox: Running, *, token: str = "", **headers: str) -> Client:
    account, known = sandbox.environment["TWILIO_ACCOUNT_SID"], sandbox.environment["TWILIO_AUTH_TOKEN"]
    return Client(account, token or known, http_client=Loopback(sandbox.url, **headers))


def assert_signed(sandbox: Running, heard: Heard) -> None:
    validator = RequestValidator(sandbox.environment["TWILIO_AUTH_TOKEN"])
    assert validator.validate(heard.url, heard.form, heard.headers["x-twilio-signature"])
    assert not validator.validate(heard.url, heard.form | {"From": "+1"}, heard.headers["x-twilio-signature"])


def statuses(sandbox: Running, path: str, name: str) -> list[str]:
    return [heard.form[name] for heard in sandbox.product.at(path)]


def ring(sandbox: Running, *, to: str = THEIRS, timeout: int = 30, **more: object) -> str:
    sandbox.product.answers |= {"/voice/": (200, ASKS), "/voice/keys/": (200, THANKS)}
    call = client(sandbox).calls.create(
        to=to,
        from_=OURS,
        url=f"{sandbox.product.url}/voice/",
        status_callback=f"{sandbox.product.url}/calls/?delivery=7",
        status_callback_event=["initiated", "ringing", "answered", "completed"],
        machine_detection="Enable",
        timeout=timeout,
        **more,
    )
    assert call.sid.startswith("CA")
    assert call.status == "queued"
    return str(call.sid)


def test_an_sms_arrives_with_what_the_headers_say_and_its_receipts_are_signed(sandbox: Running) -> None:
    headers = {"X-ADO-Kind": "page", "X-ADO-Incident": "INC-1", "X-ADO-Level": "2"}
    callback = f"{sandbox.product.url}/sms/?delivery=7"
    text = "INC-1 Störung http://127.0.0.1:8000/ack/T/"
    sent = client(sandbox, **headers).messages.create(to=THEIRS, from_=OURS, body=text, status_callback=callback)
    assert (sent.status, sent.direction, sent.num_segments) == ("queued", "outbound-api", "1")
    (row,) = sandbox.rows
    assert row.as_contract() | {"at": ""} == {
        "at": "",
        "channel": "sms",
        "kind": "page",
        "incident": "INC-1",
        "level": 2,
        "to": THEIRS,
        "subject": "",
        "text": text,
        "links": ["http://127.0.0.1:8000/ack/T/"],
        "incidents": [],
    }
    receipts = wait_for(lambda: len(sandbox.product.at("/sms/")) == 2 and sandbox.product.at("/sms/"))
    assert [receipt.form["MessageStatus"] for receipt in receipts] == ["sent", "delivered"]
    for receipt in receipts:
        assert receipt.form["MessageSid"] == sent.sid
        assert_signed(sandbox, receipt)
    assert client(sandbox).messages(sent.sid).fetch().status == "delivered"


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"to": "12345"}, 400, 21211),
        ({"from_": "+15005550001"}, 400, 21606),
        ({"body": "x" * 1601}, 400, 21617),
        ({"body": ""}, 400, 21602),
    ],
)
def test_what_twilio_refuses_is_refused_with_its_code(
    sandbox: Running, changed: dict[str, str], status: int, code: int
) -> None:
    with pytest.raises(TwilioRestException) as refused:
        client(sandbox).messages.create(**({"to": THEIRS, "from_": OURS, "body": "Hello"} | changed))
    assert (refused.value.status, refused.value.code) == (status, code)
    assert sandbox.rows == []


def test_a_wrong_token_and_an_unknown_resource_are_told_apart(sandbox: Running) -> None:
    with pytest.raises(TwilioRestException) as refused:
        client(sandbox, token="0" * 32).messages.create(to=THEIRS, from_=OURS, body="Hello")
    assert (refused.value.status, refused.value.code) == (401, 20003)
    with pytest.raises(TwilioRestException) as refused:
        client(sandbox).calls(f"CA{'0' * 32}").fetch()
    assert (refused.value.status, refused.value.code) == (404, 20404)


def test_numbers_that_do_not_exist_or_are_switched_off(sandbox: Running) -> None:
    assert sandbox.control("numbers", number=THEIRS, behaviour="unreachable").status_code == 200
    with pytest.raises(TwilioRestException, match="not a valid phone number"):
        client(sandbox).messages.create(to=THEIRS, from_=OURS, body="Hello")
    sandbox.control("numbers", number=THEIRS, behaviour="undeliverable")
    client(sandbox).messages.create(to=THEIRS, from_=OURS, body="Hello", status_callback=f"{sandbox.product.url}/sms/")
    receipts = wait_for(lambda: len(sandbox.product.at("/sms/")) == 2 and sandbox.product.at("/sms/"))
    assert [receipt.form.get("ErrorCode") for receipt in receipts] == [None, "30003"]


def test_a_reply_reaches_the_product_signed_and_is_answered(sandbox: Running) -> None:
    answer = "<Response><Message>INC-1 is yours.</Message></Response>"
    sandbox.product.answers["/hooks/twilio/sms/"] = (200, answer)
    assert sandbox.control("reply", **{"from": THEIRS, "body": "4"}).json()["answers"] == ["INC-1 is yours."]
    (heard,) = sandbox.product.at("/hooks/twilio/sms/")
    assert heard.form["From"] == THEIRS
    assert heard.form["To"] == OURS
    assert heard.form["Body"] == "4"
    assert heard.form["MessageSid"].startswith("SM")
    assert_signed(sandbox, heard)
    assert (sandbox.happened("reply"), sandbox.happened("answer")) == (["4"], ["INC-1 is yours."])


def test_who_wrote_stop_gets_nothing_until_start(sandbox: Running) -> None:
    sandbox.product.answers["/hooks/twilio/sms/"] = (200, "<Response><Message>Noted.</Message></Response>")
    assert sandbox.control("reply", **{"from": THEIRS, "body": " stop "}).json()["answers"] == []
    with pytest.raises(TwilioRestException, match="unsubscribed"):
        client(sandbox).messages.create(to=THEIRS, from_=OURS, body="Hello")
    assert sandbox.control("reply", **{"from": THEIRS, "body": "START"}).json()["answers"] == ["Noted."]
    client(sandbox).messages.create(to=THEIRS, from_=OURS, body="Hello")
    assert [row.text for row in sandbox.rows] == ["Hello"]
    assert [heard.form["Body"].strip() for heard in sandbox.product.at("/hooks/twilio/sms/")] == ["stop", "START"]


def test_a_product_that_takes_no_reply_is_seen(sandbox: Running) -> None:
    sandbox.product.answers["/hooks/twilio/sms/"] = (403, "")
    assert sandbox.control("reply", **{"from": THEIRS, "body": "4"}).status_code == 502
    assert sandbox.happened("trouble") == ["The product answered 403 to the SMS."]


def test_a_call_is_answered_and_its_keys_reach_the_product(sandbox: Running) -> None:
    sid = ring(sandbox)
    wait_for(lambda: "ringing" in statuses(sandbox, "/calls/", "CallStatus"))
    assert sandbox.product.at("/voice/") == []
    assert sandbox.control("answer", call=sid, keys="4").status_code == 200
    wait_for(lambda: "completed" in statuses(sandbox, "/calls/", "CallStatus"))
    assert statuses(sandbox, "/calls/", "CallStatus") == ["initiated", "ringing", "in-progress", "completed"]
    assert statuses(sandbox, "/calls/", "SequenceNumber") == ["0", "1", "2", "3"]
    (asked,), (keys,) = sandbox.product.at("/voice/"), sandbox.product.at("/voice/keys/")
    assert (asked.form["CallSid"], asked.form["AnsweredBy"], asked.form["To"]) == (sid, "human", THEIRS)
    assert keys.form["Digits"] == "4"
    for heard in sandbox.product.heard:
        assert_signed(sandbox, heard)
    assert sandbox.happened("says") == ["P0. Press 4 to acknowledge.", "Acknowledged."]
    assert client(sandbox).calls(sid).fetch().status == "completed"


def test_who_presses_nothing_hears_the_rest(sandbox: Running) -> None:
    sandbox.product.answers["/short/"] = (200, ASKS.replace('timeout="5"', 'timeout="0.2"'))
    sandbox.control("numbers", number=THEIRS, behaviour="auto_answer")
    client(sandbox).calls.create(to=THEIRS, from_=OURS, url=f"{sandbox.product.url}/short/", method="GET")
    wait_for(lambda: "completed" in sandbox.happened("status"))
    assert sandbox.happened("says") == ["P0. Press 4 to acknowledge.", "Nothing was pressed."]
    (asked,) = sandbox.product.at("/short/")
    assert asked.method == "GET"
    assert RequestValidator(sandbox.environment["TWILIO_AUTH_TOKEN"]).validate(
        asked.url, {}, asked.headers["x-twilio-signature"]
    )


@pytest.mark.parametrize(
    ("behaviour", "last", "answered_by"),
    [
        ("voicemail", "completed", "machine_start"),
        ("busy", "busy", None),
        ("no_answer", "no-answer", None),
        ("undeliverable", "failed", None),
    ],
)
def test_a_call_that_no_person_answers(sandbox: Running, behaviour: str, last: str, answered_by: str | None) -> None:
    sandbox.control("numbers", number=THEIRS, behaviour=behaviour)
    ring(sandbox)
    wait_for(lambda: last in statuses(sandbox, "/calls/", "CallStatus"))
    assert sandbox.product.at("/calls/")[-1].form.get("AnsweredBy") == answered_by
    assert len(sandbox.product.at("/voice/")) == (answered_by is not None)


def test_a_call_rings_as_long_as_was_asked(sandbox: Running) -> None:
    ring(sandbox, timeout=1)
    wait_for(lambda: "no-answer" in statuses(sandbox, "/calls/", "CallStatus"))
    assert sandbox.control("answer", call=THEIRS).status_code == 404


def test_a_call_can_be_declined_and_cancelled(sandbox: Running) -> None:
    sid = ring(sandbox)
    sandbox.control("hangup", call=sid)
    wait_for(lambda: statuses(sandbox, "/calls/", "CallStatus")[-1:] == ["busy"])
    sid = ring(sandbox)
    client(sandbox).calls(sid).update(status="canceled")
    wait_for(lambda: statuses(sandbox, "/calls/", "CallStatus")[-1:] == ["canceled"])


@pytest.mark.parametrize(
    "answer", [(500, ""), (200, "<html/>"), (200, "nonsense"), (200, "<Response><Dance/></Response>")]
)
def test_a_product_that_answers_no_twiml_is_excused_and_the_call_ends(
    sandbox: Running, answer: tuple[int, str]
) -> None:
    sandbox.product.answers["/broken/"] = answer
    sandbox.control("numbers", number=THEIRS, behaviour="auto_answer")
    client(sandbox).calls.create(to=THEIRS, from_=OURS, url=f"{sandbox.product.url}/broken/")
    wait_for(lambda: "completed" in sandbox.happened("status"))
    assert "application error" in sandbox.happened("says")[0]
    assert len(sandbox.happened("trouble")) == 1
