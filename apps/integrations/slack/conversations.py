"""Slack's Web API, the calls about channels. Source: its public reference of the Conversations API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.core.errors import OutcomeUnknown
from apps.integrations.answers import link, text, understood
from apps.integrations.slack.client import Posted, SlackClient, SlackError

#: So many of anything are asked for at a time, and so often: a workspace has more than anybody wants to wait for.
PAGE, MOST_PAGES = 200, 20
#: So many members are invited with one call.
MOST_INVITED = 30
#: So many of the newest messages are looked through for what we said.
LOOKED_BACK = 100


@dataclass(frozen=True, slots=True)
class Bot:
    """Whom Slack takes us for: ``member`` is the id, ``workspace`` is named and reached at ``url``."""

    member: str
    name: str
    workspace: str
    url: str


@dataclass(frozen=True, slots=True)
class Room:
    """A channel. ``created`` is an instant in seconds since 1970; what is not set is empty."""

    ref: str
    name: str
    creator: str
    created: int
    topic: str
    purpose: str


class Conversations(SlackClient):
    """Channels of the bot, besides its messages. Every call raises ProviderError."""

    def bot(self) -> Bot:
        """Who we are there (auth.test)."""
        told = self._call("POST", "auth.test")
        name, workspace = str(told.get("user", "")), str(told.get("team", ""))
        with understood("Slack"):
            return Bot(member=text(told["user_id"]), name=name, workspace=workspace, url=link(told["url"]))

    def create(self, name: str, *, private: bool, headers: Mapping[str, str]) -> Room:
        """Make a channel, of which the bot is a member (conversations.create). SlackError ``name_taken`` if it is."""
        told = self._call("POST", "conversations.create", json={"name": name, "is_private": private}, headers=headers)
        return _room(told.get("channel"))

    def info(self, ref: str) -> Room:
        """The channel as it is now (conversations.info)."""
        return _room(self._call("GET", "conversations.info", params={"channel": ref}).get("channel"))

    def mine(self) -> Iterator[Room]:
        """The channels whose member the bot is and that are not archived (users.conversations).

        That is every one that it made and nobody took it out of; all of the workspace would be too many to read.
        """
        wanted = {"types": "public_channel,private_channel", "exclude_archived": "true"}
        return map(_room, self._each("users.conversations", "channels", wanted))

    def members(self, ref: str) -> set[str]:
        """The ids of who is in the channel (conversations.members)."""
        return {str(member) for member in self._each("conversations.members", "members", {"channel": ref})}

    def said(self, ref: str) -> dict[str, Posted]:
        """By their keys the newest messages of ours, where they stand (conversations.history)."""
        asked = {"channel": ref, "limit": str(LOOKED_BACK), "include_all_metadata": "true"}
        told = self._call("GET", "conversations.history", params=asked)
        keyed = ((_key(message), message) for message in _list(told, "messages"))
        return {key: Posted(ref, str(message.get("ts", ""))) for key, message in keyed if key}

    def set_topic(self, ref: str, topic: str) -> None:
        """Write what stands above the channel (conversations.setTopic)."""
        self._call("POST", "conversations.setTopic", json={"channel": ref, "topic": topic})

    def set_purpose(self, ref: str, purpose: str) -> None:
        """Write what the channel is for (conversations.setPurpose)."""
        self._call("POST", "conversations.setPurpose", json={"channel": ref, "purpose": purpose})

    def invite(self, ref: str, members: Sequence[str]) -> None:
        """Take MOST_INVITED members in at most (conversations.invite). SlackError if one of them cannot be."""
        self._call("POST", "conversations.invite", json={"channel": ref, "users": ",".join(members)})

    def kick(self, ref: str, member: str) -> None:
        """Take a member out (conversations.kick); once."""
        try:
            self._call("POST", "conversations.kick", json={"channel": ref, "user": member})
        except SlackError as error:
            if error.code != "not_in_channel":
                raise

    def pin(self, posted: Posted) -> None:
        """Keep a message where everybody finds it (pins.add); once."""
        try:
            self._call("POST", "pins.add", json={"channel": posted.channel, "timestamp": posted.ts})
        except SlackError as error:
            if error.code != "already_pinned":
                raise

    def archive(self, ref: str) -> None:
        """Let nobody write there any more (conversations.archive)."""
        self._call("POST", "conversations.archive", json={"channel": ref})

    def _each(self, method: str, field: str, asked: Mapping[str, str]) -> Iterator[Any]:
        """Everything of ``field``, page by page, until MOST_PAGES."""
        cursor = ""
        for _ in range(MOST_PAGES):
            told = self._call("GET", method, params={**asked, "limit": str(PAGE), "cursor": cursor})
            yield from _list(told, field)
            following = told.get("response_metadata")
            cursor = str(following.get("next_cursor") or "") if isinstance(following, dict) else ""
            if not cursor:
                return


def _room(told: object) -> Room:
    if not isinstance(told, dict):
        raise OutcomeUnknown("Slack's answer describes no channel.")
    created = told.get("created")
    return Room(
        ref=_text(told, "id"),
        name=_text(told, "name"),
        creator=str(told.get("creator", "")),
        created=created if isinstance(created, int) else 0,
        topic=_value(told.get("topic")),
        purpose=_value(told.get("purpose")),
    )


def _text(told: Mapping[str, Any], name: str) -> str:
    found = told.get(name)
    if not isinstance(found, str) or not found:
        raise OutcomeUnknown(f"Slack's answer has no {name}.")
    return found


def _list(told: Mapping[str, Any], name: str) -> list[Any]:
    found = told.get(name)
    if not isinstance(found, list):
        raise OutcomeUnknown(f"Slack's answer has no {name}.")
    return found


def _value(told: object) -> str:
    return str(told.get("value", "")) if isinstance(told, dict) else ""


def _key(message: object) -> str:
    """By which we know the message; empty for what is not ours."""
    metadata = message.get("metadata") if isinstance(message, dict) else None
    payload = metadata.get("event_payload") if isinstance(metadata, dict) else None
    return str(payload.get("key", "")) if isinstance(payload, dict) else ""
