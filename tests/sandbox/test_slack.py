"""The sandbox speaks Slack's contract: its own client and its own check of signatures say so."""

from __future__ import annotations

import json

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier

from sandbox.slack import blocks
from tests.sandbox.conftest import Running

PAGE = [
    {"type": "header", "text": {"type": "plain_text", "text": "INC-1 · Disk full"}},
    {
        "type": "section",
        "text": {"type": "mrkdwn", "text": "*P0* <http://127.0.0.1:8000/incidents/INC-1/|INC-1> &lt;b&gt;"},
    },
    {"type": "context", "elements": [{"type": "mrkdwn", "text": "Level 1"}]},
    {
        "type": "actions",
        "block_id": "answer",
        "elements": [
            {
                "type": "button",
                "action_id": "acknowledge",
                "text": {"type": "plain_text", "text": "Acknowledge"},
                "value": "7",
            },
            {
                "type": "button",
                "action_id": "open",
                "text": {"type": "plain_text", "text": "Open"},
                "url": "http://127.0.0.1:8000/incidents/INC-1/",
            },
        ],
    },
]


def client(sandbox: Running, *, token: str = "", **headers: str) -> WebClient:
    known = sandbox.environment["SLACK_BOT_TOKEN"]
    return WebClient(token=token or known, base_url=sandbox.environment["SLACK_API_URL"], headers=headers)


def post_to(sandbox: Running, email: str) -> tuple[str, str]:
    """Page ``email`` as the product does; channel and ts of the message."""
    slack = client(sandbox, **{"X-ADO-Kind": "page", "X-ADO-Incident": "INC-1", "X-ADO-Level": "1"})
    user = slack.users_lookupByEmail(email=email)["user"]["id"]
    channel = slack.conversations_open(users=user)["channel"]["id"]
    posted = slack.chat_postMessage(channel=channel, text="INC-1", blocks=PAGE)
    return str(posted["channel"]), str(posted["ts"])


def test_a_direct_message_is_in_the_outbox_under_the_email(sandbox: Running) -> None:
    assert client(sandbox).auth_test()["user"] == "ado_incidents"
    post_to(sandbox, "a@example.com")
    (row,) = sandbox.rows
    assert (row.channel, row.to, row.kind, row.incident, row.level) == ("chat", "a@example.com", "page", "INC-1", 1)
    assert (row.subject, row.text) == ("INC-1 · Disk full", "INC-1 · Disk full\n*P0* INC-1 <b>\nLevel 1")
    assert row.links == ["http://127.0.0.1:8000/incidents/INC-1/"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel": "", "text": "Hello"}, "channel_not_found"),
        ({"channel": "C1", "text": ""}, "no_text"),
        ({"channel": "C1", "blocks": [{"type": "section"}]}, "invalid_blocks"),
        (
            {"channel": "C1", "blocks": [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]},
            "invalid_blocks",
        ),
        ({"channel": "C1", "blocks": [{"type": "actions", "elements": []}]}, "invalid_blocks"),
    ],
)
def test_what_slack_refuses_is_refused(sandbox: Running, arguments: dict[str, object], error: str) -> None:
    with pytest.raises(SlackApiError) as refused:
        client(sandbox).chat_postMessage(**arguments)
    assert refused.value.response["error"] == error
    assert sandbox.rows == []


def test_tokens_users_and_methods_that_do_not_exist(sandbox: Running) -> None:
    with pytest.raises(SlackApiError, match="invalid_auth"):
        client(sandbox, token="xoxb-other").auth_test()
    sandbox.control("numbers", number="gone@example.com", behaviour="unreachable")
    with pytest.raises(SlackApiError, match="users_not_found"):
        client(sandbox).users_lookupByEmail(email="gone@example.com")
    with pytest.raises(SlackApiError, match="unknown_method"):
        client(sandbox).api_call("chat.dance")


def test_a_pressed_button_reaches_the_product_signed_and_its_answer_replaces_the_message(sandbox: Running) -> None:
    channel, ts = post_to(sandbox, "a@example.com")
    assert sandbox.control("press", message=ts, action="acknowledge").json()["status"] == 200
    (heard,) = sandbox.product.at("/hooks/slack/interactive/")
    secret = sandbox.environment["SLACK_SIGNING_SECRET"]
    assert SignatureVerifier(secret).is_valid_request(heard.body, dict(heard.headers))
    assert not SignatureVerifier("other").is_valid_request(heard.body, dict(heard.headers))
    payload = json.loads(heard.form["payload"])
    (action,) = payload["actions"]
    assert (payload["type"], payload["user"]["username"], payload["channel"]["id"]) == ("block_actions", "a", channel)
    assert (action["action_id"], action["value"], action["block_id"]) == ("acknowledge", "7", "answer")
    answer = {"replace_original": True, "text": "Acknowledged", "blocks": PAGE[:1]}
    assert httpx.post(payload["response_url"], json=answer, trust_env=False).text == "ok"
    assert sandbox.happened("replaced") == ["Acknowledged"]
    assert sandbox.control("press", message=ts, action="acknowledge").status_code == 404


def test_an_update_replaces_the_message_and_tells_nobody_anew(sandbox: Running) -> None:
    channel, ts = post_to(sandbox, "a@example.com")
    client(sandbox).chat_update(channel=channel, ts=ts, text="Acknowledged by A", blocks=PAGE[:2])
    assert (len(sandbox.rows), sandbox.happened("replaced")) == (1, ["Acknowledged by A"])
    with pytest.raises(SlackApiError, match="message_not_found"):
        client(sandbox).chat_update(channel="C9", ts=ts, text="Acknowledged by A")


def test_too_many_requests_say_when_to_come_again(sandbox: Running) -> None:
    sandbox.control("faults", provider="slack", fault="429", retry_after=7)
    with pytest.raises(SlackApiError) as refused:
        client(sandbox).chat_postMessage(channel="C1", text="Hello")
    assert refused.value.response.status_code == 429
    assert refused.value.response["error"] == "ratelimited"
    assert refused.value.response.headers["Retry-After"] == "7"


@pytest.mark.parametrize(
    "nonsense",
    [
        {},
        [1],
        [{"type": "dance"}],
        [{"type": "section", "fields": 7}],
        [{"type": "section", "text": "plain"}],
        [{"type": "section", "text": {"type": "mrkdwn", "text": "a"}, "accessory": 1}],
        [{"type": "context", "elements": ["a"]}],
        [{"type": "actions", "elements": {"type": "button"}}],
        [{"type": "actions", "elements": [{"type": "button", "text": "Acknowledge"}]}],
        [{"type": "header", "text": None}],
    ],
)
def test_blocks_that_are_none_are_invalid(nonsense: object) -> None:
    assert not blocks.valid(nonsense)


@pytest.mark.parametrize(
    ("mrkdwn", "shown"),
    [
        ("*P0* _now_ ~not~ `rm -rf`", "<strong>P0</strong> <em>now</em> <s>not</s> <code>rm -rf</code>"),
        ("2*3*4 snake_case_name", "2*3*4 snake_case_name"),
        ("<https://a.example/?a=1&amp;b=2|A>", '<a href="https://a.example/?a=1&amp;b=2">A</a>'),
        ("<javascript:alert(1)|A>", "&lt;javascript:alert(1)|A&gt;"),
        ("&lt;script&gt; <script>", "&lt;script&gt; &lt;script&gt;"),
        ('<https://a.example/"onclick=|">', '<a href="https://a.example/&quot;onclick=">&quot;</a>'),
        ("a\nb", "a<br>b"),
    ],
)
def test_slacks_markup_is_shown_and_is_never_html(mrkdwn: str, shown: str) -> None:
    assert blocks.as_html(mrkdwn) == shown
