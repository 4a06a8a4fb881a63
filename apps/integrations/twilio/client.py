"""Twilio's REST API 2010-04-01, the calls that reach a phone. Source: its public API reference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from apps.core.errors import OutcomeUnknown
from apps.core.http import Refused, send

#: For how long it rings, in seconds: less than most voicemails take to answer.
RINGS = 30
CALL_EVENTS = ("initiated", "ringing", "answered", "completed")


@dataclass(frozen=True, slots=True)
class Account:
    """Whose the numbers are, and what its requests are signed with."""

    sid: str
    token: str


class TwilioClient:
    """The account's messages and calls, over a client of Twilio's address."""

    def __init__(self, http: httpx.Client, account: Account) -> None:
        self._http = http
        self._auth = (account.sid, account.token)
        self._resources = f"/2010-04-01/Accounts/{account.sid}"

    def create_message(
        self, *, sender: str, to: str, body: str, status_callback: str, headers: Mapping[str, str]
    ) -> str:
        """Send a text message and return its sid. Raises ProviderError, see ``core.http.send``."""
        form = {"From": sender, "To": to, "Body": body, "StatusCallback": status_callback}
        return self._create("Messages", form, headers)

    def create_call(self, *, sender: str, to: str, url: str, status_callback: str, headers: Mapping[str, str]) -> str:
        """Call a number, say what ``url`` answers, and return the call's sid. Raises ProviderError.

        Who answers is found out before ``url`` is asked (MachineDetection), and told to it.
        """
        form: dict[str, str | list[str]] = {
            "From": sender,
            "To": to,
            "Url": url,
            "Method": "POST",
            "MachineDetection": "Enable",
            "Timeout": str(RINGS),
            "StatusCallback": status_callback,
            "StatusCallbackMethod": "POST",
            "StatusCallbackEvent": list(CALL_EVENTS),
        }
        return self._create("Calls", form, headers)

    def cancel_call(self, sid: str) -> None:
        """End a call that waits or rings; one that was answered goes on. Raises ProviderError.

        Source: its API reference, "Update a Call": ``Status=canceled`` leaves calls in progress as they are.
        """
        send(self._http, "POST", f"{self._resources}/Calls/{sid}.json", data={"Status": "canceled"}, auth=self._auth)

    def _create(self, resource: str, form: Mapping[str, str | list[str]], headers: Mapping[str, str]) -> str:
        url = f"{self._resources}/{resource}.json"
        reply = send(self._http, "POST", url, data=form, auth=self._auth, headers=dict(headers))
        sid = reply.json().get("sid")
        if not isinstance(sid, str) or not sid:
            raise OutcomeUnknown(f"Twilio's answer names no sid: {reply.text!r}")
        return sid


def error_of(refused: Refused) -> tuple[int | None, str]:
    """Number and words of Twilio's error in an answer that is none of success; what it does not name is None, empty."""
    try:
        told = refused.reply.json()
    except OutcomeUnknown:
        return None, ""
    code = told.get("code")
    return code if isinstance(code, int) else None, str(told.get("message") or "")
