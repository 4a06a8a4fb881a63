"""What every format has in common: the alert it makes, and how foreign values become texts and times of ours."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from apps.alerts.models import AlertStatus
from apps.core.errors import HouseError

LONGEST_TITLE = 500
LONGEST_TEXT = 10_000
LONGEST_URL = 2_000
LONGEST_FINGERPRINT = 128

#: JSON can say these, PostgreSQL cannot store them: the NUL character and halves of surrogate pairs.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Unreadable(HouseError):
    """The body is JSON, but not what its format says."""


@dataclass(frozen=True, slots=True)
class Link:
    """Where to look; ``url`` is http or https."""

    title: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingAlert:
    """One alert of one delivery. Times are the sender's own, aware, None where it says nothing.

    ``severity`` is a code of the house's, from whoever knows it; what senders say of it stands in ``labels``.
    """

    fingerprint: str
    status: AlertStatus
    title: str
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    links: tuple[Link, ...] = ()
    service: str = ""
    severity: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a body was understood to say; ``problems`` are its parts that were not, as sentences."""

    alerts: tuple[IncomingAlert, ...]
    problems: tuple[str, ...] = ()


class AlertFormat(Protocol):
    """How one kind of sender writes."""

    def count(self, body: Any) -> int:
        """How many alerts a body seems to hold, readable or not. Never raises."""
        ...

    def read(self, body: Any) -> Reading:
        """Return what ``body`` (parsed JSON) says; one broken alert costs only itself. Raises Unreadable if all is."""
        ...


def text(value: Any, *, limit: int = LONGEST_TEXT) -> str:
    """Return any JSON value as a storable text: nothing for null, JSON again for lists and objects."""
    if value is None:
        return ""
    if isinstance(value, bool | list | dict):
        value = json.dumps(value, ensure_ascii=False)
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", str(value))[:limit]


def texts(value: Any, *, name: str) -> dict[str, str]:
    """Return an object as texts by name; nothing for null. Raises Unreadable if it is something else."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Unreadable(f"{name} is not an object.")
    return {text(key, limit=LONGEST_TITLE): text(item) for key, item in value.items()}


def one_line(value: Any) -> str:
    """Return a title: a text without line breaks, of at most LONGEST_TITLE characters."""
    return " ".join(text(value).split())[:LONGEST_TITLE]


def link(title: str, url: Any) -> tuple[Link, ...]:
    """Return the link, or nothing if ``url`` is no web address: what is shown as a link must be safe to follow."""
    address = text(url, limit=LONGEST_URL + 1).strip()
    if len(address) > LONGEST_URL or not re.match(r"https?://[^\s/]", address, re.IGNORECASE):
        return ()
    return (Link(one_line(title) or address, address),)


def instant(value: Any) -> datetime | None:
    """Return an RFC 3339 time, in UTC; None for the year 1, which Go writes for no time, and for what is no time.

    A clock that writes nonsense must not keep an alert from paging.
    """
    try:
        parsed = datetime.fromisoformat(value) if isinstance(value, str) else None
        if parsed is None or parsed.tzinfo is None or parsed.year == 1:
            return None
        return parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def fingerprint(*parts: Any) -> str:
    """Return a fingerprint of ``parts`` (JSON values), whatever the order of an object's keys."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def given_fingerprint(value: Any) -> str:
    """Return the sender's own fingerprint, hashed where it is too long to be kept; nothing if there is none."""
    given = text(value)
    return given if len(given) <= LONGEST_FINGERPRINT else fingerprint(given)
