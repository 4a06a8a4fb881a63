"""The house's own format for changes (docs/changes.md).

``{summary, id?, kind?: deployment|commits|workflow|other, at?, author?, service?, services?, labels?, links?}``, or a
list of these; ``links`` as in the generic format.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.alerts.formats.base import (
    NOTHING,
    IncomingChange,
    Reading,
    SenderFormat,
    Unreadable,
    an_object,
    fingerprint,
    given_fingerprint,
    instant,
    one_line,
    one_of,
    text,
    texts,
)
from apps.alerts.formats.generic import links_of
from apps.alerts.models import ChangeKind

#: More changes than one body tells of, and more services than one change is about.
MOST_CHANGES = 500
MOST_SERVICES = 20
LONGEST_AUTHOR = 200


class Changes(SenderFormat):
    """One change, or a list of them."""

    def count(self, body: Any) -> int:
        """One for an object, the length of a list."""
        return len(body) if isinstance(body, list) else 1

    def read(self, body: Any, envelope: Mapping[str, str] = NOTHING) -> Reading:
        """Return the changes of the body. Raises Unreadable if it is one change that cannot be understood."""
        if not isinstance(body, list):
            return Reading(changes=(_change(body),))
        if len(body) > MOST_CHANGES:
            raise Unreadable(f"These are more than {MOST_CHANGES} changes: send them in parts.")
        read, problems = [], []
        for position, change in enumerate(body):
            try:
                read.append(_change(change))
            except Unreadable as problem:
                problems.append(f"[{position}]: {problem}")
        return Reading(changes=tuple(read), problems=tuple(problems))


def _change(said: Any) -> IncomingChange:
    change = an_object(said, name="A change")
    summary = one_line(change.get("summary"))
    if not summary:
        raise Unreadable("A change needs a 'summary'.")
    kind = one_of(change.get("kind") or ChangeKind.OTHER, tuple(ChangeKind.values), name="'kind'")
    named = change.get("services") or []
    if not isinstance(named, list) or len(named) > MOST_SERVICES:
        raise Unreadable(f"'services' is a list of at most {MOST_SERVICES} slugs.")
    return IncomingChange(
        sender_id=given_fingerprint(change.get("id")) or fingerprint(change),
        summary=summary,
        kind=ChangeKind(kind),
        author=one_line(change.get("author"))[:LONGEST_AUTHOR],
        labels=texts(change.get("labels"), name="'labels'"),
        links=links_of(change.get("links")),
        services=tuple(text(slug, limit=100) for slug in (change.get("service"), *named) if slug),
        at=instant(change.get("at")),
    )
