"""The house's own format, for senders that can be told what to post (contract, "Ingest").

``{title, key?, status?: firing|resolved, severity?, service?, labels?, links?}``, or a list of these. ``links`` is a
list of addresses or of ``{title, url}``, or an object of addresses by title.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.alerts.formats.base import (
    NOTHING,
    IncomingAlert,
    Link,
    Reading,
    SenderFormat,
    Unreadable,
    fingerprint,
    given_fingerprint,
    link,
    one_line,
    text,
    texts,
)
from apps.alerts.models import AlertStatus


class Generic(SenderFormat):
    """One alert, or a list of them."""

    def count(self, body: Any) -> int:
        """One for an object, the length of a list."""
        return len(body) if isinstance(body, list) else 1

    def read(self, body: Any, envelope: Mapping[str, str] = NOTHING) -> Reading:
        """Return the alerts of the body. Raises Unreadable if it is one alert that cannot be understood."""
        if not isinstance(body, list):
            return Reading((_alert(body),))
        read, problems = [], []
        for position, alert in enumerate(body):
            try:
                read.append(_alert(alert))
            except Unreadable as problem:
                problems.append(f"[{position}]: {problem}")
        return Reading(tuple(read), tuple(problems))


def _alert(alert: Any) -> IncomingAlert:
    if not isinstance(alert, dict):
        raise Unreadable("An alert is an object with a 'title'.")
    title = one_line(alert.get("title"))
    if not title:
        raise Unreadable("An alert needs a 'title'.")
    status = alert.get("status") or AlertStatus.FIRING
    if status not in AlertStatus.values:
        raise Unreadable(f"The status {text(status, limit=80)!r} is neither firing nor resolved.")
    labels = texts(alert.get("labels"), name="'labels'")
    service = text(alert.get("service"))
    severity = {"severity": text(alert["severity"])} if alert.get("severity") else {}
    return IncomingAlert(
        fingerprint=given_fingerprint(alert.get("key")) or fingerprint(title, service, labels),
        status=AlertStatus(status),
        title=title,
        description=text(alert.get("description")),
        labels=labels | severity,
        links=links_of(alert.get("links")),
        service=service,
    )


def links_of(links: Any) -> tuple[Link, ...]:
    """Return what is a web address of ``links``, in any of the three forms."""
    if isinstance(links, dict):
        pairs = list(links.items())
    elif isinstance(links, list):
        pairs = [(text(item.get("title")), item.get("url")) if isinstance(item, dict) else ("", item) for item in links]
    else:
        pairs = []
    return tuple(made for title, url in pairs for made in link(text(title), url))
