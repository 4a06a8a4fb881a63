"""Slack's Web API, the calls that post and change a message. Source: its public method reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from apps.core.errors import OutcomeUnknown, ProviderError, Unreachable
from apps.core.http import send

#: By this name all of Slack is called, or left alone.
PROVIDER = "slack"

Blocks = Sequence[Mapping[str, Any]]

#: After these Slack itself does not know what it did ("some aspect of the operation succeeded").
_UNKNOWN = frozenset({"fatal_error", "internal_error"})
_LATER = frozenset({"ratelimited", "rate_limited", "service_unavailable", "request_timeout", "team_added_to_org"})
#: It is the house that is refused, whomever it writes to.
_REFUSES_US = frozenset({"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"})


class SlackError(ProviderError):
    """Slack answered ``ok: false``; ``code`` is its word for why, ``needed`` the scope that the bot lacks."""

    def __init__(self, code: str, *, needed: str = "") -> None:
        said = f"Slack says {code}: it wants {needed}." if needed else f"Slack says {code}."
        super().__init__(said, permanent=code not in _LATER, refuses_us=code in _REFUSES_US)
        self.code = code


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a message stands."""

    channel: str
    ts: str


class SlackClient:
    """Messages of one bot, over a client of the address of Slack's API."""

    def __init__(self, http: httpx.Client, token: str) -> None:
        self._http = http
        self.token = token
        self._authorized = {"Authorization": f"Bearer {token}"}

    def member_of(self, email: str) -> str:
        """The id of the member with that address (users.lookupByEmail).

        Raises ProviderError, Unreachable where the answer is missing or says nothing: whoever only asked sent nothing.
        """
        try:
            told = self._call("GET", "users.lookupByEmail", params={"email": email})
        except OutcomeUnknown as error:
            raise Unreachable(f"Slack does not say who {email} is: {error}") from error
        member = told.get("user")
        if not isinstance(member, dict) or not isinstance(member.get("id"), str):
            raise ProviderError("Slack's answer names no member.")
        return str(member["id"])

    def email_of(self, member: str) -> str:
        """The address of a member (users.info), empty where Slack does not say it. Raises ProviderError."""
        told = self._call("GET", "users.info", params={"user": member})
        user = told.get("user")
        profile = user.get("profile") if isinstance(user, dict) else None
        return str(profile.get("email") or "") if isinstance(profile, dict) else ""

    def post(
        self, *, channel: str, text: str, blocks: Blocks, metadata: Mapping[str, Any], headers: Mapping[str, str]
    ) -> Posted:
        """Post to a member or a channel (chat.postMessage), and return where it stands. Raises ProviderError."""
        body = {
            "channel": channel,
            "text": text,
            "blocks": blocks,
            "metadata": metadata,
            "unfurl_links": False,
            "unfurl_media": False,
        }
        told = self._call("POST", "chat.postMessage", json=body, headers=headers)
        if not isinstance(told.get("channel"), str) or not isinstance(told.get("ts"), str):
            raise OutcomeUnknown("Slack's answer does not say where the message stands.")
        return Posted(told["channel"], told["ts"])

    def update(self, where: Posted, *, text: str, blocks: Blocks) -> None:
        """Change a message (chat.update). Raises ProviderError."""
        self._call(
            "POST", "chat.update", json={"channel": where.channel, "ts": where.ts, "text": text, "blocks": blocks}
        )

    def whisper(self, *, channel: str, member: str, text: str) -> None:
        """Say something that only ``member`` sees (chat.postEphemeral). Raises ProviderError."""
        self._call("POST", "chat.postEphemeral", json={"channel": channel, "user": member, "text": text})

    def _call(self, verb: str, method: str, headers: Mapping[str, str] | None = None, **request: Any) -> dict[str, Any]:
        reply = send(self._http, verb, method, headers={**self._authorized, **(headers or {})}, **request)
        told = reply.json()
        if told.get("ok") is True:
            return told
        code = told.get("error")
        if told.get("ok") is not False or not isinstance(code, str):
            raise OutcomeUnknown(f"Slack's answer says neither yes nor no: {reply.text!r}")
        if code in _UNKNOWN:
            raise OutcomeUnknown(f"Slack says {code}.")
        raise SlackError(code, needed=str(told.get("needed") or ""))
