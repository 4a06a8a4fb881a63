"""Channels in the sandbox, as Slack's own client makes and changes them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from django.test import Client
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.outbox import Outbox
from sandbox.slack.messages import known_posts
from sandbox.slack.rooms import known_rooms
from tests.sandbox.conftest import Running
from tests.sandbox.test_slack import client


@pytest.fixture
def slack(sandbox: Running) -> WebClient:
    return client(sandbox, **{"X-ADO-Incident": "INC-1"})


@pytest.fixture
def room(slack: WebClient) -> str:
    """The id of a channel."""
    return str(slack.conversations_create(name="incident-1")["channel"]["id"])


def member(slack: WebClient, email: str = "a@example.com") -> str:
    return str(slack.users_lookupByEmail(email=email)["user"]["id"])


def refused(slack: WebClient, method: str, **arguments: Any) -> str:
    """Slack's word for why it does not do that."""
    with pytest.raises(SlackApiError) as error:
        slack.api_call(method, params=arguments)
    return str(error.value.response["error"])


def test_a_channel_is_made_listed_and_described(slack: WebClient, room: str) -> None:
    private = slack.conversations_create(name="incident-2", is_private=True)["channel"]
    assert (private["is_private"], private["creator"]) == (True, slack.auth_test()["user_id"])
    assert [each["id"] for each in slack.conversations_list()["channels"]] == [room]
    types = "public_channel,private_channel"
    first = slack.conversations_list(types=types, limit=1)
    rest = slack.conversations_list(types=types, limit=1, cursor=first["response_metadata"]["next_cursor"])
    assert [first["channels"][0]["id"], rest["channels"][0]["id"]] == [room, private["id"]]
    assert rest["response_metadata"]["next_cursor"] == ""
    slack.conversations_setTopic(channel=room, topic="P0 · A & B")
    slack.conversations_setPurpose(channel=room, purpose="INC-1")
    known = slack.conversations_info(channel=room, include_num_members=True)["channel"]
    assert (known["topic"]["value"], known["purpose"]["value"]) == ("P0 · A &amp; B", "INC-1")
    assert (known["is_member"], known["num_members"]) == (True, 1)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("", "invalid_name_required"),
        ("Incident", "invalid_name_specials"),
        ("an incident", "invalid_name_specials"),
        ("--", "invalid_name_punctuation"),
        ("x" * 81, "invalid_name_maxlength"),
        ("incident-1", "name_taken"),
    ],
)
def test_names_that_no_channel_can_have(slack: WebClient, room: str, name: str, error: str) -> None:
    assert refused(slack, "conversations.create", name=name) == error


def test_the_name_of_an_archived_channel_stays_taken(slack: WebClient, room: str) -> None:
    slack.conversations_archive(channel=room)
    assert refused(slack, "conversations.create", name="incident-1") == "name_taken"
    assert refused(slack, "conversations.archive", channel=room) == "already_archived"
    assert refused(slack, "chat.postMessage", channel=room, text="Hello") == "is_archived"
    assert refused(slack, "conversations.setTopic", channel=room, topic="P0") == "is_archived"
    assert slack.conversations_list(exclude_archived=True)["channels"] == []


def test_people_are_taken_in_all_together_or_none(slack: WebClient, sandbox: Running, room: str) -> None:
    ann, ben = member(slack), member(slack, "b@example.com")
    slack.conversations_invite(channel=room, users=ann)
    assert refused(slack, "conversations.invite", channel=room, users=f"{ben},{ann}") == "already_in_channel"
    assert ben not in slack.conversations_members(channel=room)["members"]
    assert refused(slack, "conversations.invite", channel=room, users="U0NOBODY") == "user_not_found"
    assert refused(slack, "conversations.invite", channel=room, users="U0ADOBOT") == "cant_invite_self"
    assert refused(slack, "conversations.invite", channel=room, users="") == "no_user"
    slack.conversations_invite(channel=room, users=[ann, ben], force=True)
    assert slack.conversations_members(channel=room)["members"][1:] == [ann, ben]
    told = [row for row in sandbox.rows if row.to == "b@example.com"]
    assert [(row.channel, row.incident, row.text) for row in told] == [
        ("chat", "INC-1", "You were added to #incident-1.")
    ]


def test_what_was_said_is_read_newest_first_with_what_machines_may_know(slack: WebClient, room: str) -> None:
    metadata = {"event_type": "ado_incidents", "event_payload": {"key": "event-1"}}
    slack.chat_postMessage(channel=room, text="One", metadata=metadata)
    second = slack.chat_postMessage(channel=room, text="Two")
    slack.pins_add(channel=room, timestamp=second["ts"])
    assert refused(slack, "pins.add", channel=room, timestamp=second["ts"]) == "already_pinned"
    assert refused(slack, "pins.add", channel=room, timestamp="1.0") == "message_not_found"
    told = slack.conversations_history(channel=room, include_all_metadata=True)
    assert [(each["text"], each.get("metadata")) for each in told["messages"]] == [("Two", None), ("One", metadata)]
    assert (told["has_more"], told["pin_count"]) == (False, 1)
    assert "metadata" not in slack.conversations_history(channel=room)["messages"][1]


@pytest.mark.parametrize(
    ("method", "given", "error"),
    [
        ("conversations.info", {}, "invalid_arguments"),
        ("conversations.setTopic", {"channel": "ROOM"}, "invalid_arguments"),
        ("conversations.info", {"channel": "C0GONE"}, "channel_not_found"),
        ("conversations.archive", {"channel": "C0GONE"}, "channel_not_found"),
        ("conversations.setPurpose", {"channel": "ROOM", "purpose": "x" * 251}, "too_long"),
        ("conversations.setTopic", {"channel": "ROOM", "topic": "x" * 251}, "too_long"),
        ("conversations.list", {"types": "all"}, "invalid_types"),
        ("conversations.list", {"cursor": "x"}, "invalid_cursor"),
        ("conversations.list", {"limit": "1000"}, "invalid_limit"),
        ("chat.postMessage", {"channel": "ROOM", "text": "Hello", "metadata": "{"}, "invalid_metadata_format"),
    ],
)
def test_what_slack_refuses_is_refused(
    slack: WebClient, room: str, method: str, given: dict[str, str], error: str
) -> None:
    assert (
        refused(slack, method, **{name: room if value == "ROOM" else value for name, value in given.items()}) == error
    )


def test_a_bot_that_left_can_do_nothing_there(slack: WebClient, room: str) -> None:
    private = slack.conversations_create(name="incident-2", is_private=True)["channel"]["id"]
    for each in (room, private):
        slack.conversations_leave(channel=each)
    assert refused(slack, "chat.postMessage", channel=room, text="Hello") == "not_in_channel"
    assert refused(slack, "conversations.history", channel=room) == "not_in_channel"
    assert refused(slack, "conversations.info", channel=private) == "channel_not_found"
    assert slack.users_conversations(types="public_channel,private_channel")["channels"] == []
    assert slack.conversations_leave(channel=room)["not_in_channel"]


def test_a_channel_outlives_the_sandbox_and_its_address_shows_what_was_said(sandbox: Running, browser: Client) -> None:
    slack = client(sandbox, **{"X-ADO-Incident": "INC-1"})
    room = slack.conversations_create(name="incident-1")["channel"]["id"]
    slack.conversations_setPurpose(channel=room, purpose="INC-1")
    slack.chat_postMessage(channel=room, text="Hello")
    shown = httpx.get(f"{sandbox.url}/archives/{room}", trust_env=False)
    assert (shown.status_code, shown.headers["Location"].partition("/sandbox/")[2]) == (302, "?to=%23incident-1")
    page = browser.get("/sandbox/", {"to": "#incident-1"}).content.decode()
    assert all(said in page for said in ("Channel #incident-1 was created.", "channel description: INC-1", "Hello"))
    assert httpx.get(f"{sandbox.url}/archives/C0GONE", trust_env=False).status_code == 404
    assert {(row.to, row.incident) for row in sandbox.rows} == {("#incident-1", "INC-1")}
    outbox = Outbox(sandbox.folder)
    assert (known_rooms(outbox)[room].name, known_rooms(outbox)[room].purpose) == ("incident-1", "INC-1")
    assert [post.text for post in known_posts(outbox).values()] == ["Hello"]


def test_a_member_is_taken_out(slack: WebClient, room: str) -> None:
    ann = member(slack)
    slack.conversations_invite(channel=room, users=[ann])
    slack.conversations_kick(channel=room, user=ann)
    assert ann not in slack.conversations_members(channel=room)["members"]
    assert refused(slack, "conversations.kick", channel=room, user=ann) == "not_in_channel"
    assert refused(slack, "conversations.kick", channel=room, user="U0ADOBOT") == "cant_kick_self"
    assert refused(slack, "conversations.kick", channel=room, user="U0NOBODY") == "user_not_found"
