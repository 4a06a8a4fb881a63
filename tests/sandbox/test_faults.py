"""Webhooks, faults on request, and what the controls refuse."""

from __future__ import annotations

import smtplib
import time
from datetime import UTC, datetime
from email.message import EmailMessage

import httpx
import pytest
from standardwebhooks import Webhook

from launcher.ports import free_port
from sandbox.outbox import Outbox
from tests.sandbox.conftest import Running, end, start


def post(sandbox: Running, name: str = "ops", *, seconds: float = 10) -> httpx.Response:
    return httpx.post(f"{sandbox.url}/webhook/{name}", json={"type": "page"}, timeout=seconds, trust_env=False)


def test_a_webhook_is_shown_with_its_headers(sandbox: Running) -> None:
    secret, body = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", '{"type":"page"}'
    signature = Webhook(secret).sign("msg_1", datetime.now(UTC), body)
    headers = {
        "webhook-id": "msg_1",
        "webhook-signature": signature,
        "X-ADO-Kind": "page",
        "X-ADO-Incidents": "INC-1:1",
    }
    answer = httpx.post(f"{sandbox.url}/webhook/ops", content=body, headers=headers, trust_env=False)
    assert answer.status_code == 200
    (row,) = sandbox.rows
    assert (row.channel, row.to, row.kind, row.subject) == ("webhook", "ops", "page", "msg_1")
    assert row.incidents == [{"incident": "INC-1", "level": 1}]
    assert row.text == '{\n  "type": "page"\n}'
    assert row.details["headers"]["webhook-signature"] == signature


@pytest.mark.parametrize(("fault", "status"), [("500", 500), ("429", 429)])
def test_a_provider_that_fails_keeps_nothing_until_it_is_well_again(sandbox: Running, fault: str, status: int) -> None:
    sandbox.control("faults", provider="webhook", fault=fault, retry_after=3)
    assert post(sandbox).status_code == status
    assert post(sandbox).headers.get("Retry-After") == ("3" if fault == "429" else None)
    assert sandbox.rows == []
    sandbox.control("faults", provider="webhook", fault="none")
    assert post(sandbox).status_code == 200
    assert len(sandbox.rows) == 1


def test_a_fault_for_one_receiver_leaves_the_others_alone(sandbox: Running) -> None:
    sandbox.control("faults", provider="webhook", fault="500", to="bad")
    assert [post(sandbox, name).status_code for name in ("bad", "good")] == [500, 200]


@pytest.mark.parametrize("kept", [False, True])
def test_a_connection_that_is_cut_in_the_middle(sandbox: Running, kept: bool) -> None:
    sandbox.control("faults", provider="webhook", fault="close", kept=kept)
    with pytest.raises(httpx.RemoteProtocolError):
        post(sandbox)
    assert len(sandbox.rows) == kept


def test_hanging_slow_and_nonsense(sandbox: Running) -> None:
    sandbox.control("faults", provider="webhook", fault="hang")
    with pytest.raises(httpx.ReadTimeout):
        post(sandbox, seconds=0.5)
    sandbox.control("faults", provider="webhook", fault="nonsense")
    assert post(sandbox).headers["Content-Type"].startswith("text/html")
    assert sandbox.rows == []
    sandbox.control("faults", provider="webhook", fault="slow", seconds=0.5)
    begun = time.monotonic()
    assert post(sandbox).json() == {"ok": True}
    assert time.monotonic() - begun >= 0.5
    assert len(sandbox.rows) == 1


def test_smtp_refuses_one_receiver_for_good_or_for_now(sandbox: Running) -> None:
    message = EmailMessage()
    message["From"] = "house@example.com"
    message.set_content("Hello")
    sandbox.control("faults", provider="smtp", fault="500", to="bad@example.com")
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=5) as server:
        refused = server.send_message(message, to_addrs=["bad@example.com", "good@example.com"])
        assert {address: code for address, (code, _) in refused.items()} == {"bad@example.com": 550}
        sandbox.control("faults", provider="smtp", fault="429")
        with pytest.raises(smtplib.SMTPRecipientsRefused) as said:
            server.send_message(message, to_addrs=["good@example.com"])
        assert said.value.recipients["good@example.com"][0] == 451
    assert [row.to for row in sandbox.rows] == ["good@example.com"]
    sandbox.control("faults", provider="smtp", fault="close")
    with (
        smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=5) as server,
        pytest.raises(smtplib.SMTPServerDisconnected),
    ):
        server.send_message(message, to_addrs=["good@example.com"])
    assert len(sandbox.rows) == 1


@pytest.mark.parametrize(
    ("name", "wish", "status"),
    [
        ("faults", {"provider": "pigeon", "fault": "500"}, 400),
        ("faults", {"provider": "smtp", "fault": "fire"}, 400),
        ("numbers", {"number": "+4915112345678", "behaviour": "sings"}, 400),
        ("numbers", {"behaviour": "busy"}, 400),
        ("answer", {"call": "CA0"}, 404),
        ("answer", {"call": "CA0", "keys": "A"}, 400),
        ("press", {"message": "0", "action": "a"}, 404),
        ("acknowledge", {"message": "0"}, 404),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused(
    sandbox: Running, name: str, wish: dict[str, object], status: int
) -> None:
    answer = sandbox.control(name, **wish)
    assert (answer.status_code, answer.json()["ok"]) == (status, False)


def test_no_other_site_can_reach_the_controls(sandbox: Running) -> None:
    url, wish = f"{sandbox.url}/control/faults", '{"provider": "smtp", "fault": "500"}'
    assert httpx.post(url, content=wish, headers={"Content-Type": "text/plain"}, trust_env=False).status_code == 415
    named = {"Content-Type": "application/json", "Host": "evil.example.com"}
    assert httpx.post(url, content=wish, headers=named, trust_env=False).status_code == 421


def test_rows_of_an_earlier_version_and_calls_of_an_earlier_run_are_read(sandbox: Running) -> None:
    old = (
        '{"at": "2026-01-01T00:00:00.000000+00:00", "channel": "voice", "kind": "page", "incident": null, "level": 1, '
        '"to": "+49151", "subject": "", "text": "", "links": [], "html": false, "message": "m1"}\n'
    )
    rows = sandbox.folder / "outbox.jsonl"
    rows.write_text(old)
    again = Running(sandbox.folder, dict(sandbox.environment), sandbox.product)
    again.environment |= {"SANDBOX_HTTP_PORT": "0", "SANDBOX_SMTP_PORT": str(free_port())}
    end(start(again))
    assert Outbox(sandbox.folder).rows()[0].incidents == []
    assert sandbox.happened("status") == ["failed"]
