"""Fetches calendars from the addresses that people entered: nowhere but the public network, and bounded in all."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

import httpx
from django.conf import settings

from apps.core import http
from apps.core.errors import AddressForbidden, Invalid, OutcomeUnknown, ProviderError, Unreachable
from apps.core.outbound import is_public
from apps.rosters.calendars.reading import LARGEST, LARGEST_IN_WORDS

MOST_REDIRECTS = 5
#: By these schemes calendars are handed around; behind them is https.
_SUBSCRIBED = ("webcal://", "webcals://")
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PRIVATE = "leads into a private network, from which no calendar is read."


@dataclass(frozen=True, slots=True)
class Fetched:
    """A calendar, and what its server calls this version of it."""

    text: bytes
    etag: str
    last_modified: str


class NotFetched(Exception):
    """There is no calendar to be had from the address; the text says why, and not what lies behind the address."""


def as_address(said: str) -> str:
    """The address that ``said`` means: with https for what devices subscribe by. Resolves no name.

    Raises Invalid, naming ``url``, for one that is none, or plainly leads into a private network.
    """
    url = said.strip()
    for scheme in _SUBSCRIBED:
        if url.lower().startswith(scheme):
            url = f"https://{url[len(scheme) :]}"
    _check_public(url)
    return url


def _check_public(url: str) -> None:
    if settings.OUTBOUND_PRIVATE == "allowed":
        return
    try:
        host = urlsplit(url).hostname or ""
    except ValueError as error:
        raise Invalid("The address is none.", field="url") from error
    try:
        is_private = not is_public(ipaddress.ip_address(host))
    except ValueError:
        is_private = host == "localhost" or host.endswith((".localhost", ".local", ".internal"))
    if is_private:
        raise Invalid(f"{host} {_PRIVATE}", field="url")


def fetch(url: str, *, etag: str = "", last_modified: str = "") -> Fetched | None:
    """Return the calendar at ``url``, or None if it is still the version of ``etag`` and ``last_modified``.

    Redirects are followed, MOST_REDIRECTS at most, and never from https to http. All of it is over in
    ``http.TOTAL_SECONDS``. Raises NotFetched.
    """
    known = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    headers = {"Accept": "text/calendar, */*;q=0.1", **{name: value for name, value in known.items() if value}}
    at = _address(url)
    with http.client(public_only=True) as client:
        for _ in range(MOST_REDIRECTS + 1):
            try:
                reply = http.send(client, "GET", str(at), longest=LARGEST, headers=headers)
            except http.Refused as refused:
                if refused.reply.status == HTTPStatus.NOT_MODIFIED and len(headers) > 1:
                    return None
                at = _next(at, refused.reply)
            except ProviderError as error:
                raise NotFetched(_in_words(at.host, error)) from error
            else:
                told = reply.headers
                return Fetched(
                    reply.body, _sendable(told.get("etag", ""), 500), _sendable(told.get("last-modified", ""), 100)
                )
    raise NotFetched(f"{at.host} leads from one address to the next without an end.")


def _address(url: str) -> httpx.URL:
    try:
        return httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise NotFetched("The address is none.") from error


def _sendable(validator: str, longest: int) -> str:
    """What of a version's name can be sent back: one that is too long, or not of ASCII, is no help next time."""
    return validator if validator.isascii() and validator.isprintable() and len(validator) <= longest else ""


def _next(at: httpx.URL, reply: http.Reply) -> httpx.URL:
    """Whither the answer leads. Raises NotFetched where it leads nowhere, or where no calendar is fetched from."""
    location = reply.headers.get("location", "")
    if reply.status not in _REDIRECTS or not location:
        raise NotFetched(f"{at.host} answered {reply.status}.")
    try:
        following = at.join(location)
    except (httpx.InvalidURL, ValueError) as error:
        raise NotFetched(f"{at.host} leads to an address that is none.") from error
    if following.scheme not in ("http", "https") or (at.scheme, following.scheme) == ("https", "http"):
        raise NotFetched(f"{at.host} leads to an address that is not https.")
    return following


def _in_words(host: str, error: ProviderError) -> str:
    if isinstance(error, AddressForbidden):
        return f"{host} {_PRIVATE}"
    if isinstance(error, Unreachable):
        return f"{host} does not answer."
    if isinstance(error, http.TooLong):
        return f"The calendar is larger than {LARGEST_IN_WORDS}."
    if isinstance(error, OutcomeUnknown):
        return f"The answer of {host} broke off, or took longer than {http.TOTAL_SECONDS:.0f} seconds."
    return f"{host} gave no calendar."
