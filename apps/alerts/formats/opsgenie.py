"""Opsgenie's Alert API: create, close, acknowledge. Source: "Alert API" of its reference.

What is done with an alert stands in the address, so it comes in the envelope: ``action`` and ``alias``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.alerts.formats.base import (
    NOTHING,
    IncomingAlert,
    Reading,
    SenderFormat,
    Unreadable,
    an_object,
    fingerprint,
    given_fingerprint,
    link,
    one_line,
    text,
    texts,
)
from apps.alerts.models import AlertStatus

#: In the envelope.
ACTION, ALIAS = "action", "alias"
CLOSE, ACKNOWLEDGE = "close", "acknowledge"
ACTIONS = (CLOSE, ACKNOWLEDGE)
PRIORITIES = ("P1", "P2", "P3", "P4", "P5")
LONGEST_ALIAS = 512


class Opsgenie(SenderFormat):
    """One alert: created, closed or acknowledged."""

    def count(self, body: Any) -> int:
        """One."""
        return 1

    def read(self, body: Any, envelope: Mapping[str, str] = NOTHING) -> Reading:
        """Return the alert. Raises Unreadable where Opsgenie would not take it."""
        said = an_object(body, name="The body")
        if envelope.get(ACTION) not in ACTIONS:
            return Reading((_created(said),))
        closed = envelope[ACTION] == CLOSE
        return Reading((
            IncomingAlert(
                fingerprint=given_fingerprint(envelope[ALIAS]),
                status=AlertStatus.RESOLVED if closed else AlertStatus.FIRING,
                title="",
                description="" if closed else _who(said),
                acknowledged=not closed,
            ),
        ))  # fmt: skip


def _created(said: dict[str, Any]) -> IncomingAlert:
    title, alias, priority = one_line(said.get("message")), said.get("alias") or "", said.get("priority") or ""
    if not title:
        raise Unreadable("'message' is missing.")
    if not isinstance(alias, str) or len(alias) > LONGEST_ALIAS:
        raise Unreadable(f"'alias' is a text of at most {LONGEST_ALIAS} characters.")
    if priority not in ("", *PRIORITIES):
        raise Unreadable(f"'priority' is none of {', '.join(PRIORITIES)}: {text(priority, limit=80)!r}.")
    given = {name: one_line(said[name]) for name in ("entity", "source") if said.get(name)}
    tags = {"tags": ", ".join(one_line(tag) for tag in said["tags"])} if isinstance(said.get("tags"), list) else {}
    return IncomingAlert(
        fingerprint=given_fingerprint(alias) or fingerprint(said),
        status=AlertStatus.FIRING,
        title=title,
        description=text(said.get("description")),
        labels=given | tags | texts(said.get("details"), name="'details'"),
        links=link("Source", said.get("source")),
        opsgenie_priority=priority,
    )


def _who(said: dict[str, Any]) -> str:
    """Who acknowledged it there and what they noted, as far as it is said."""
    return ": ".join(part for part in (one_line(said.get("user")), one_line(said.get("note"))) if part)
