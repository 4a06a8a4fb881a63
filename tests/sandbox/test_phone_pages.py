"""The pages show what a phone would, and do what its owner would."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.sandbox.conftest import Running, wait_for
from tests.sandbox.test_push import PAGE as NOTIFICATION
from tests.sandbox.test_push import push
from tests.sandbox.test_slack import post_to
from tests.sandbox.test_twilio import OURS, THEIRS, client, ring

pytestmark = pytest.mark.django_db


@pytest.fixture
def pages(browser: Client, sandbox: Running, settings: Any) -> Client:
    """A browser on the pages of the running sandbox."""
    settings.SANDBOX_HTTP_URL = sandbox.url
    return browser


def text_of(pages: Client, path: str) -> str:
    answer = pages.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def do(pages: Client, deed: str, **fields: str) -> Any:
    return pages.post(f"/sandbox/do/{deed}/", fields)


def test_a_call_is_answered_on_the_page(sandbox: Running, pages: Client) -> None:
    ring(sandbox)
    wait_for(lambda: "ringing" in sandbox.happened("status"))
    shown = text_of(pages, "/sandbox/")
    assert "Answer" in shown
    assert "Decline" in shown
    assert do(pages, "answer", call=sandbox.rows[0].message, keys="").status_code == 302
    wait_for(lambda: sandbox.diary()[-1].what == "asks")
    shown = text_of(pages, f"/sandbox/phones/{THEIRS}/")
    assert "P0. Press 4 to acknowledge." in shown
    assert 'aria-label="Keypad"' in shown
    do(pages, "answer", call=sandbox.rows[0].message, keys="4")
    wait_for(lambda: "completed" in sandbox.happened("status"))
    shown = text_of(pages, "/sandbox/")
    assert "Acknowledged." in shown
    assert "call ended" in shown
    assert 'aria-label="Keypad"' not in shown
    (row,) = pages.get("/sandbox/outbox.json").json()
    assert row["text"] == "P0. Press 4 to acknowledge.\nAcknowledged."


def test_an_sms_is_replied_to_on_the_page(sandbox: Running, pages: Client) -> None:
    client(sandbox).messages.create(to=THEIRS, from_=OURS, body="INC-1 <b>now</b>")
    sandbox.product.answers["/hooks/twilio/sms/"] = (200, "<Response><Message>It is yours.</Message></Response>")
    do(pages, "reply", **{"from": THEIRS, "body": "4"}, next=f"/sandbox/phones/{THEIRS}/")
    shown = text_of(pages, f"/sandbox/phones/{THEIRS}/")
    assert shown.index("INC-1 &lt;b&gt;now&lt;/b&gt;") < shown.index('<p class="bubble">4</p>')
    assert "It is yours." in shown


def test_behaviour_is_chosen_on_the_page(sandbox: Running, pages: Client) -> None:
    do(pages, "behave", number=THEIRS, behaviour="voicemail")
    assert THEIRS in text_of(pages, "/sandbox/phones/")
    assert "voicemail" in text_of(pages, "/sandbox/phones/")
    ring(sandbox)
    wait_for(lambda: sandbox.happened("answered_by") == ["machine_start"])


def test_a_device_is_made_and_its_notification_acknowledged(sandbox: Running, pages: Client) -> None:
    do(pages, "subscribe", name="Lena")
    (device,) = pages.get("/sandbox/phones/").context["phones"]
    assert device.name == "Lena"
    keys = {"p256dh": device.device.p256dh, "auth": device.device.auth}
    push(sandbox, {"endpoint": f"{sandbox.url}/push/{device.key}", "keys": keys}, NOTIFICATION)
    assert NOTIFICATION["title"] in text_of(pages, f"/sandbox/phones/{device.key}/")
    do(pages, "acknowledge", message=sandbox.rows[0].message)
    assert len(sandbox.product.at("/hooks/push/acknowledge/")) == 1
    assert "Acknowledged" in text_of(pages, f"/sandbox/phones/{device.key}/")
    do(pages, "unsubscribe", id=device.key)
    assert pages.get("/sandbox/phones/").context["phones"] == []


def test_a_notification_is_passed_on_where_the_product_lets_it(sandbox: Running, pages: Client) -> None:
    do(pages, "subscribe", name="Lena")
    (device,) = pages.get("/sandbox/phones/").context["phones"]
    keys = {"p256dh": device.device.p256dh, "auth": device.device.auth}
    where = {"endpoint": f"{sandbox.url}/push/{device.key}", "keys": keys}
    push(sandbox, where, NOTIFICATION)
    assert "Pass on" not in text_of(pages, f"/sandbox/phones/{device.key}/")
    push(sandbox, where, NOTIFICATION | {"can_pass_on": True})
    assert "Pass on" in text_of(pages, f"/sandbox/phones/{device.key}/")
    do(pages, "decline", message=sandbox.rows[1].message)
    assert len(sandbox.product.at("/hooks/push/decline/")) == 1
    assert "Passed on" in text_of(pages, f"/sandbox/phones/{device.key}/")


def test_a_chat_message_shows_blocks_and_its_button_is_pressed(sandbox: Running, pages: Client) -> None:
    post_to(sandbox, "a@example.com")
    shown = text_of(pages, "/sandbox/")
    assert '<strong>P0</strong> <a href="http://127.0.0.1:8000/incidents/INC-1/">INC-1</a> &lt;b&gt;' in shown
    do(pages, "press", message=sandbox.rows[0].message, action="acknowledge")
    assert len(sandbox.product.at("/hooks/slack/interactive/")) == 1


def test_an_open_page_is_told_what_happened_to_what_it_shows(sandbox: Running, pages: Client) -> None:
    client(sandbox).messages.create(to=THEIRS, from_=OURS, body="Hello")
    wait_for(lambda: "delivered" in sandbox.happened("status"))
    seen = {"since": sandbox.rows[-1].at, "heard": sandbox.diary()[0].at}
    newer = pages.get("/sandbox/newer/", seen).content.decode()
    assert f'id="state-{sandbox.rows[0].message}" hx-swap-oob="true"' in newer
    assert "delivered" in newer
    assert pages.get("/sandbox/newer/", seen | {"heard": sandbox.diary()[-1].at}).status_code == 204


def test_what_went_wrong_is_said(sandbox: Running, pages: Client, settings: Any) -> None:
    sandbox.product.answers["/hooks/twilio/sms/"] = (500, "")
    answer = pages.post("/sandbox/do/reply/", {"from": THEIRS, "body": "4"}, follow=True)
    assert "The product answered 500 to the SMS." in answer.content.decode()
    settings.SANDBOX_HTTP_URL = ""
    answer = pages.post("/sandbox/do/reply/", {"from": THEIRS, "body": "4"}, follow=True)
    assert "The sandbox does not answer." in answer.content.decode()
    assert do(pages, "dance").status_code == 404
    assert pages.get("/sandbox/do/reply/").status_code == 405


def test_the_way_back_never_leads_to_another_site(sandbox: Running, pages: Client) -> None:
    answer = do(pages, "behave", number=THEIRS, behaviour="busy", next="https://evil.example.com/")
    assert answer["Location"] == "/sandbox/"


def test_a_page_of_another_site_can_send_no_form(sandbox: Running, pages: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/sandbox/do/behave/", {"number": THEIRS, "behaviour": "busy"}).status_code == 403
