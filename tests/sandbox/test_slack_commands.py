"""Slash commands in the sandbox: signed as Slack signs them, and answered to whoever gave them."""

from __future__ import annotations

import httpx
from slack_sdk.signature import SignatureVerifier

from tests.sandbox.conftest import Running
from tests.sandbox.test_slack import client

HOOK = "/hooks/slack/command/"
OLGA = "olga@example.com"


def test_the_product_hears_of_a_command_as_slack_says_it(sandbox: Running) -> None:
    sandbox.control("command", user=OLGA, text="who agents")
    (heard,) = sandbox.product.at(HOOK)
    secret = sandbox.environment["SLACK_SIGNING_SECRET"]
    assert SignatureVerifier(secret).is_valid_request(heard.body, dict(heard.headers))
    member = client(sandbox).users_lookupByEmail(email=OLGA)["user"]["id"]
    wanted = {"command": "/incident", "text": "who agents", "user_id": member, "channel_id": f"D{member[1:]}"}
    assert {name: heard.form[name] for name in wanted} == wanted
    assert client(sandbox).users_info(user=member)["user"]["profile"]["email"] == OLGA


def test_it_is_written_in_a_channel_by_its_name(sandbox: Running) -> None:
    room = client(sandbox).conversations_create(name="incident-1")["channel"]
    sandbox.control("command", user=OLGA, text="ack", channel="#incident-1")
    (heard,) = sandbox.product.at(HOOK)
    assert (heard.form["channel_id"], heard.form["channel_name"]) == (room["id"], "incident-1")
    assert sandbox.control("command", user=OLGA, channel="#none").status_code == 404


def test_the_answer_is_shown_to_who_gave_it(sandbox: Running) -> None:
    sandbox.control("command", user=OLGA, text="who")
    (heard,) = sandbox.product.at(HOOK)
    assert httpx.post(heard.form["response_url"], json={"text": "*Platform*: Ann"}).status_code == 200
    (row,) = sandbox.rows
    assert (row.channel, row.to, row.text) == ("chat", OLGA, "*Platform*: Ann")
    gone = f"{sandbox.url}/slack/commands/nobody"
    assert [
        httpx.post(url, content=body).status_code
        for url, body in (
            (gone, b'{"text": "x"}'),
            (heard.form["response_url"], b"{"),
            (heard.form["response_url"], b"{}"),
        )
    ] == [404, 400, 400]


def test_what_the_product_refuses_is_told(sandbox: Running) -> None:
    sandbox.product.answers[HOOK] = (403, "")
    assert sandbox.control("command", user=OLGA, text="who").json()["status"] == 403
    assert sandbox.happened("trouble") == ["/incident who: the product answered 403."]
