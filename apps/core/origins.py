"""From where the running request comes: what history and the audit stream write beside who and what."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import structlog
from django.conf import settings
from django.db import models
from django.http import HttpRequest, HttpResponse

#: No number is longer; what it is made of is cut.
LONGEST_REQUEST_ID = 64


@dataclass(frozen=True, slots=True)
class Origin:
    """An address (IPv4 or IPv6, of the client) and a request's number; both are empty where nobody asked from outside.

    The number is the one that the log of the request carries, and that its answer says (``X-Request-ID``). What a
    timer does has the timer's kind and id.
    """

    address: str = ""
    request: str = ""


NOWHERE = Origin()
#: What stands for the address of a client that has none (a socket of the machine itself), where clients are counted.
NO_ADDRESS = "::"
_current: ContextVar[Origin] = ContextVar("origin", default=NOWHERE)


def current() -> Origin:
    """Where what runs now was asked for."""
    return _current.get()


def current_request() -> str:
    """The number of the running request; empty outside of one."""
    return current().request


def current_address() -> str | None:
    """The address that the running request came from; None outside of one."""
    return current().address or None


def request_column() -> models.CharField[str, str]:
    """The column of the request that a row was written for; empty where the house itself wrote it."""
    return models.CharField(
        "request", max_length=LONGEST_REQUEST_ID, blank=True, default=current_request, db_default="", editable=False
    )


def address_column() -> models.GenericIPAddressField[str | None, str | None]:
    """The column of the address that the request came from."""
    return models.GenericIPAddressField("address", null=True, default=current_address, editable=False)


@contextmanager
def within(origin: Origin) -> Iterator[None]:
    """Let what runs inside count as asked for from ``origin``."""
    token = _current.set(origin)
    try:
        yield
    finally:
        _current.reset(token)


def address_of(request: HttpRequest) -> str:
    """The client's address as far as it can be known; empty for none.

    ``TRUSTED_PROXIES`` says how many proxies stand before the house, each of which adds to ``X-Forwarded-For`` whom it
    heard. What stands further left was written by the client itself, and is not believed.
    """
    found = str(request.META.get("REMOTE_ADDR", ""))
    if settings.TRUSTED_PROXIES:
        heard = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
        found = heard[-settings.TRUSTED_PROXIES] if len(heard) >= settings.TRUSTED_PROXIES else found
    try:
        return str(ipaddress.ip_address(_without_port(found)))
    except ValueError:
        return ""


def counted(address: str) -> str:
    """What counts as one client: an IPv4 address, the /64 of an IPv6 one, which a line has whole; NO_ADDRESS for none.

    The record keeps whole addresses.
    """
    if not address:
        return NO_ADDRESS
    found = ipaddress.ip_address(address)
    if found.version == 6 and found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return address if found.version == 4 else str(ipaddress.ip_network((found, 64), strict=False).network_address)


def counted_address_of(request: HttpRequest) -> str:
    """The client's address as attempts to sign in are counted by it (``counted``)."""
    return counted(address_of(request))


def _without_port(heard: str) -> str:
    """What a proxy heard, without the port that some write behind it: ``192.0.2.7:4711``, ``[2001:db8::7]:4711``."""
    if heard.startswith("["):
        return heard[1:].partition("]")[0]
    return heard.partition(":")[0] if heard.count(":") == 1 else heard


class OriginMiddleware:
    """Keeps the origin of the request while it is answered, and says its number; below what numbers the request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        number = str(structlog.contextvars.get_contextvars().get("request_id", ""))[:LONGEST_REQUEST_ID]
        with within(Origin(address_of(request), number)):
            response = self._get_response(request)
        if number:
            response.headers["X-Request-ID"] = number
        return response
