"""Prometheus Alertmanager, webhook version 4. Source: "Configuration", webhook_config, of its documentation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from apps.alerts.formats.base import (
    NOTHING,
    IncomingAlert,
    Link,
    Reading,
    SenderFormat,
    Unreadable,
    fingerprint,
    given_fingerprint,
    instant,
    link,
    one_line,
    text,
    texts,
)
from apps.alerts.models import AlertStatus

#: Annotations that by custom hold an address, and how the link is called.
LINKED_ANNOTATIONS = (
    ("runbook_url", "Runbook"),
    ("runbook", "Runbook"),
    ("dashboard_url", "Dashboard"),
    ("dashboard", "Dashboard"),
)


class Alertmanager(SenderFormat):
    """A notification of a group of alerts, each with its own status and fingerprint."""

    name: ClassVar[str] = "an Alertmanager notification"
    #: Fields of an alert that hold an address, and how the link is called.
    linked_fields: ClassVar[tuple[tuple[str, str], ...]] = (("generatorURL", "Source"),)

    def count(self, body: Any) -> int:
        """How many alerts the notification holds."""
        alerts = body.get("alerts") if isinstance(body, dict) else None
        return len(alerts) if isinstance(alerts, list) else 1

    def read(self, body: Any, envelope: Mapping[str, str] = NOTHING) -> Reading:
        """Return the notification's alerts. Raises Unreadable if it has no list of them."""
        alerts = body.get("alerts") if isinstance(body, dict) else None
        if not isinstance(alerts, list):
            raise Unreadable(f"This is not {self.name}: it has no list 'alerts'.")
        read, problems = [], []
        for position, alert in enumerate(alerts):
            try:
                read.append(_alert(alert, self.linked_fields))
            except Unreadable as problem:
                problems.append(f"alerts[{position}]: {problem}")
        return Reading(tuple(read), tuple(problems))


def _alert(alert: Any, linked_fields: tuple[tuple[str, str], ...]) -> IncomingAlert:
    if not isinstance(alert, dict):
        raise Unreadable("an alert is an object.")
    labels = texts(alert.get("labels"), name="'labels'")
    annotations = texts(alert.get("annotations"), name="'annotations'")
    if not labels:
        raise Unreadable("an alert has labels.")
    status = alert.get("status")
    if status not in AlertStatus.values:
        raise Unreadable(f"the status {text(status, limit=80)!r} is neither firing nor resolved.")
    name = labels.get("alertname", "")
    return IncomingAlert(
        fingerprint=given_fingerprint(alert.get("fingerprint")) or fingerprint(labels),
        status=AlertStatus(status),
        title=one_line(annotations.get("summary")) or one_line(name) or "Alert without a name",
        description=annotations.get("description") or annotations.get("message", ""),
        labels=labels,
        annotations=annotations,
        links=_links(alert, annotations, linked_fields),
        starts_at=instant(alert.get("startsAt")),
        ends_at=instant(alert.get("endsAt")) if status == AlertStatus.RESOLVED else None,
    )


def _links(
    alert: dict[str, Any], annotations: dict[str, str], linked_fields: tuple[tuple[str, str], ...]
) -> tuple[Link, ...]:
    found = [made for key, title in LINKED_ANNOTATIONS for made in link(title, annotations.get(key))]
    return (*found, *(made for field, title in linked_fields for made in link(title, alert.get(field))))
