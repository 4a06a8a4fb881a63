"""What Slack says of channels when it does not do what it is asked, or says nonsense."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from apps.core import http
from apps.core.errors import OutcomeUnknown, ProviderError
from apps.integrations.slack.conversations import Conversations
from apps.integrations.slack.room import opened
from tests.integrations.provider import Answer, Provider

BOT = "U1BOT"
NOW = datetime(2026, 3, 2, 10, 0, 30, tzinfo=UTC)
NAME = "incident-20260302-1000"


@pytest.fixture
def slack(settings):
    """Slack, which answers each method as ``slack.told`` says."""
    with Provider(lambda request: slack.told[method(request)](request)) as slack:
        settings.SLACK_API_URL = f"{slack.url}/api/"
        slack.told = {"auth.test": lambda _: Answer.of({"ok": True, "user_id": BOT, "url": "https://w.slack.example/"})}
        yield slack


def method(request) -> str:
    return request.path.partition("?")[0].removeprefix("/api/")


def holder(**known):
    created = int((NOW - timedelta(seconds=25)).timestamp())
    return {"id": "C1", "name": NAME, "creator": BOT, "created": created, **known}


@pytest.fixture
def taken(slack):
    """The channel's name is taken; ``taken(channel)`` by whom. It returns the names that were asked for."""

    def by(channel):
        def create(request):
            name = request.json["name"]
            free = {"ok": True, "channel": {"id": "C2", "name": name, "creator": BOT, "created": 1}}
            return Answer.of({"ok": False, "error": "name_taken"} if name == NAME else free)

        def fine(_):
            return Answer.of({"ok": True, "members": [], "messages": [], "channel": "C2", "ts": "1.0"})

        done = ("setPurpose", "setTopic", "members", "history")
        slack.told |= {f"conversations.{each}": fine for each in done}
        slack.told |= {"conversations.create": create, "chat.postMessage": fine, "pins.add": fine}
        slack.told["users.conversations"] = lambda _: Answer.of({"ok": True, "channels": [channel]})

    return by


@pytest.mark.parametrize(
    ("channel", "ref"),
    [
        (holder(), "C1"),
        (holder(purpose={"value": "see <https://ado.example/incidents/INC-1/>"}, creator="U9"), "C1"),
        (holder(purpose={"value": "https://ado.example/incidents/INC-11/"}), "C2"),
        (holder(purpose={"value": "Lunch"}), "C2"),
        (holder(creator="U9"), "C2"),
        (holder(created=int((NOW - timedelta(minutes=3)).timestamp())), "C2"),
        (holder(name="lunch"), "C2"),
    ],
)
def test_a_channel_of_the_name_is_ours_if_it_says_so_or_nobody_else_can_have_made_it(
    slack, taken, brief, clock, channel, ref
):
    taken(channel)
    clock.set(NOW + timedelta(minutes=2))
    with opened({"token": "xoxb-1"}) as room:
        assert room.make(brief(declared_at=NOW, people=()), key="step-1").ref == ref


def test_the_address_of_the_connection_goes_before_that_of_the_house(slack, settings):
    settings.SLACK_API_URL, settings.OUTBOUND_PRIVATE = "http://127.0.0.1:9/", "allowed"
    with opened({"token": "xoxb-1", "url": f"{slack.url}/api"}) as room:
        assert "w.slack.example" in room.check()
    (asked,) = slack.received
    assert (asked.path, asked.headers["Authorization"]) == ("/api/auth.test", "Bearer xoxb-1")


def test_an_address_that_somebody_entered_leads_to_the_public_network_only(slack, settings):
    settings.OUTBOUND_PRIVATE = ""
    with opened({"token": "xoxb-1", "url": f"{slack.url}/api"}) as room, pytest.raises(ProviderError) as refused:
        room.check()
    assert refused.value.permanent
    assert slack.received == []


@pytest.mark.parametrize(
    ("answer", "permanent", "words"),
    [
        (Answer.of({"ok": False, "error": "ratelimited"}, 429, Retry_After="7"), False, "429"),
        (Answer.of({"ok": False, "error": "internal_error"}, 500), False, "500"),
        (Answer.of({"ok": False, "error": "fatal_error"}), False, "fatal_error"),
        (Answer.of({"ok": False, "error": "invalid_auth"}), True, "invalid_auth"),
        (Answer.of({"ok": False, "error": "restricted_action"}), True, "restricted_action"),
        (Answer.of({"ok": False, "error": "missing_scope", "needed": "channels:manage"}), True, "channels:manage"),
        (Answer(200, b"<html>It works!</html>"), False, "no JSON"),
        (Answer(200, b'{"ok": true', missing=20), False, "broke"),
        (Answer.of({"ok": True}), False, "no channel"),
        (Answer.of({"ok": True, "channel": {"name": NAME}}), False, "no id"),
    ],
)
def test_what_goes_wrong_says_whether_another_attempt_is_of_use(slack, brief, answer, permanent, words):
    slack.told["conversations.create"] = lambda _: answer
    with opened({"token": "xoxb-1"}) as room, pytest.raises(ProviderError, match=words) as failed:
        room.make(brief(), key="step-1")
    assert failed.value.permanent is permanent
    assert failed.value.retry_after == (7 if answer.status == 429 else None)


def test_a_slack_that_hangs_is_given_up(slack, brief, monkeypatch):
    monkeypatch.setattr(http, "READ_SECONDS", 0.2)
    slack.fault = "hang"
    with opened({"token": "xoxb-1"}) as room, pytest.raises(OutcomeUnknown):
        room.make(brief(), key="step-1")


def test_of_a_list_that_never_ends_so_much_is_read(slack, brief):
    endless = {"ok": True, "channels": [holder(name="other")], "response_metadata": {"next_cursor": "again"}}
    slack.told["users.conversations"] = lambda _: Answer.of(endless)
    with opened({"token": "xoxb-1"}) as room:
        assert room.find(brief()) is None
    assert len(slack.received) == 21


@pytest.mark.parametrize("metadata", [None, "x", {}, {"event_payload": "x"}, {"event_payload": {"key": "event-2"}}])
def test_messages_of_others_are_not_taken_for_ours(slack, metadata):
    told = {"ok": True, "messages": ["x", {"ts": "1.0", "metadata": metadata}]}
    slack.told["conversations.history"] = lambda _: Answer.of(told)
    with http.client(f"{slack.url}/api/") as client:
        assert "event-1" not in Conversations(client, "xoxb-1").said("C1")
