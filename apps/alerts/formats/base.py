"""What every format has in common: what it makes, and how foreign values become texts and times of ours."""

from __future__ import annotations

import hashlib
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from apps.alerts.models import AlertStatus, ChangeKind
from apps.core.errors import HouseError

LONGEST_TITLE = 500
LONGEST_TEXT = 10_000
LONGEST_URL = 2_000
LONGEST_FINGERPRINT = 128

#: What an address and the headers say of a body besides it: nothing.
NOTHING: Mapping[str, str] = MappingProxyType({})

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

    ``severity`` is a code of the house's, from whoever knows it; what senders say of it stands in ``labels``, and
    Opsgenie's own field in ``opsgenie_priority``. Without a ``title`` it says only that what is known has ended, or
    that it was ``acknowledged`` there: all else stays as it was said before.
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
    opsgenie_priority: str = ""
    acknowledged: bool = False
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingChange:
    """Something that was changed. ``at`` is the sender's time, aware, None where it says nothing.

    ``sender_id`` is the same whenever the same change is told. ``services`` are slugs that the sender names itself.
    """

    sender_id: str
    summary: str
    kind: ChangeKind = ChangeKind.OTHER
    author: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    links: tuple[Link, ...] = ()
    services: tuple[str, ...] = ()
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a body was understood to say; ``problems`` are its parts that were not, as sentences."""

    alerts: tuple[IncomingAlert, ...] = ()
    problems: tuple[str, ...] = ()
    changes: tuple[IncomingChange, ...] = ()


class SenderFormat(ABC):
    """How one kind of sender writes."""

    @abstractmethod
    def count(self, body: Any) -> int:
        """How many alerts or changes a body seems to hold, readable or not. Never raises."""

    @abstractmethod
    def read(self, body: Any, envelope: Mapping[str, str] = NOTHING) -> Reading:
        """Return what ``body`` (parsed JSON) in its ``envelope`` says; one broken alert costs only itself.

        Raises Unreadable if nothing can be understood.
        """

    def envelope(self, environ: Mapping[str, Any]) -> dict[str, str]:
        """What the headers of a request (WSGI) say of its body that has to be kept with it."""
        return {}

    def is_genuine(self, body: bytes, environ: Mapping[str, Any], *, secret: str) -> bool:
        """Whether the request proves that its sender has ``secret``; most senders can prove nothing."""
        return True


def text(value: Any, *, limit: int = LONGEST_TEXT) -> str:
    """Return any JSON value as a storable text: nothing for null, JSON again for lists and objects."""
    if value is None:
        return ""
    if isinstance(value, bool | list | dict):
        value = json.dumps(value, ensure_ascii=False)
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", str(value))[:limit]


def one_of(value: Any, known: Mapping[str, str] | tuple[str, ...], *, name: str) -> str:
    """Return ``value`` if it is one of ``known``. Raises Unreadable, naming them, for anything else."""
    if not isinstance(value, str) or value not in known:
        raise Unreadable(f"{name} is none of {', '.join(known)}: {text(value, limit=80)!r}.")
    return value


def an_object(value: Any, *, name: str) -> dict[str, Any]:
    """Return ``value`` if it is an object. Raises Unreadable for anything else."""
    if not isinstance(value, dict):
        raise Unreadable(f"{name} is not an object.")
    return value


def texts(value: Any, *, name: str) -> dict[str, str]:
    """Return an object as texts by name; nothing for null. Raises Unreadable if it is something else."""
    if value is None:
        return {}
    return {text(key, limit=LONGEST_TITLE): text(item) for key, item in an_object(value, name=name).items()}


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


def linked(values: Any, *, title: str, url: str) -> tuple[Link, ...]:
    """Return the links of a list of objects, each with its ``title`` and ``url`` under these names."""
    rows = [row for row in values if isinstance(row, dict)] if isinstance(values, list) else []
    return tuple(made for row in rows for made in link(text(row.get(title)), row.get(url)))


def fingerprint(*parts: Any) -> str:
    """Return a fingerprint of ``parts`` (JSON values), whatever the order of an object's keys."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def given_fingerprint(value: Any) -> str:
    """Return the sender's own fingerprint, hashed where it is too long to be kept; nothing if there is none."""
    given = text(value)
    return given if len(given) <= LONGEST_FINGERPRINT else fingerprint(given)
