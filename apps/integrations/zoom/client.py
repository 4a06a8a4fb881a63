"""Zoom's REST API v2, the calls about meetings, for a server-to-server application. Source: its public reference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote

import httpx

from apps.core.errors import ProviderError
from apps.core.http import Refused, Reply, send
from apps.integrations.answers import link, text, understood

#: A meeting that is held at no fixed time: it is listed, and stays until it is deleted.
NO_FIXED_TIME = 3
#: So many meetings are on a page; Zoom's own limit.
PAGE = 300
#: So many pages are read at most.
PAGES = 10
#: What Zoom knows no longer, or never did.
GONE = 404
STARTED = "started"


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting; of a list its ``agenda`` is only the beginning."""

    ref: str
    address: str
    agenda: str


@dataclass(frozen=True, slots=True)
class Application:
    """A server-to-server application of an account, which gets its tokens from Zoom at ``address``."""

    address: str
    account: str
    client: str
    secret: str = field(repr=False)


class ZoomClient:
    """Zoom as one application sees it; it asks for a token when it needs one. Every call raises ProviderError."""

    def __init__(self, http: httpx.Client, application: Application) -> None:
        self._http = http
        self._application = application

    def user(self, host: str) -> str:
        """The name of the user who holds the meetings."""
        told = self._call("GET", f"users/{_quoted(host)}").json()
        with understood("Zoom"):
            return text(told.get("display_name") or told["email"])

    def meetings(self, host: str) -> Iterator[Meeting]:
        """The meetings of the user that are not over, PAGE times PAGES at most."""
        page = {"type": "scheduled", "page_size": str(PAGE)}
        for _ in range(PAGES):
            told = self._call("GET", f"users/{_quoted(host)}/meetings", params=page).json()
            with understood("Zoom"):
                found, following = [_meeting(each) for each in told["meetings"]], str(told.get("next_page_token") or "")
            yield from found
            if not following:
                return
            page["next_page_token"] = following

    def create(self, host: str, meeting: Mapping[str, Any]) -> Meeting:
        """Make a meeting of the user."""
        told = self._call("POST", f"users/{_quoted(host)}/meetings", json=meeting).json()
        with understood("Zoom"):
            return _meeting(told)

    def goes_on(self, ref: str) -> bool:
        """Whether somebody is in the meeting."""
        told = self._call("GET", f"meetings/{_quoted(ref)}").json()
        with understood("Zoom"):
            return bool(told["status"] == STARTED)

    def end(self, ref: str) -> None:
        """Send everybody out of the meeting."""
        self._call("PUT", f"meetings/{_quoted(ref)}/status", json={"action": "end"})

    def delete(self, ref: str) -> None:
        """Let nobody in any more."""
        self._call("DELETE", f"meetings/{_quoted(ref)}")

    def _call(self, method: str, path: str, **request: Any) -> Reply:
        authorized = {"Authorization": f"Bearer {self._token}"}
        try:
            return send(self._http, method, f"v2/{path}", headers=authorized, **request)
        except Refused as error:
            if error.reply.status != 401:
                raise
            # Zoom gave us the token a moment ago: another process asked for a newer one, which ended ours.
            raise ProviderError(f"Zoom has ended our token: {error}") from error

    @cached_property
    def _token(self) -> str:
        ours = self._application
        grant = {"grant_type": "account_credentials", "account_id": ours.account}
        basic = (ours.client, ours.secret)
        told = send(self._http, "POST", f"{ours.address}/oauth/token", data=grant, auth=basic).json()
        with understood("Zoom"):
            return text(told["access_token"])


def _meeting(told: Mapping[str, Any]) -> Meeting:
    return Meeting(text(told["id"]), link(told["join_url"]), str(told.get("agenda") or ""))


def _quoted(name: str) -> str:
    return quote(name, safe="@")
