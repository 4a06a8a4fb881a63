"""PagerDuty's Events API v2. Source: "Send an Alert Event" and "Send a Change Event" of its reference.

Whoever triggers without a key of its own gets one made of the whole event: the same event sent twice is one alert.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.alerts.formats.base import (
    NOTHING,
    IncomingAlert,
    IncomingChange,
    Link,
    Reading,
    SenderFormat,
    Unreadable,
    an_object,
    fingerprint,
    given_fingerprint,
    instant,
    link,
    linked,
    one_line,
    one_of,
    text,
    texts,
)
from apps.alerts.models import AlertStatus

#: In the envelope of what came to the address for changes.
ABOUT, CHANGE = "about", "change"
ACTIONS = ("trigger", "acknowledge", "resolve")
SEVERITIES = ("critical", "error", "warning", "info")
LONGEST_KEY = 255
#: Fields of the payload that are read as labels.
LABELLED = ("severity", "component", "group", "class", "source")


class PagerDuty(SenderFormat):
    """One event: an alert that is triggered, acknowledged or resolved, or a change."""

    def count(self, body: Any) -> int:
        """One."""
        return 1

    def read(self, body: Any, envelope: Mapping[str, str] = NOTHING) -> Reading:
        """Return the event. Raises Unreadable where PagerDuty would not take it."""
        event = an_object(body, name="The event")
        if envelope.get(ABOUT) == CHANGE or "event_action" not in event:
            return Reading(changes=(_change(event),))
        return Reading((_alert(event),))


def dedup_key(event: dict[str, Any]) -> str:
    """The event's own key, else one made of the event. Raises Unreadable for one that is too long or no text."""
    given = event.get("dedup_key")
    if given is None or given == "":
        return fingerprint({name: value for name, value in event.items() if name != "routing_key"})
    if not isinstance(given, str) or len(given) > LONGEST_KEY:
        raise Unreadable(f"'dedup_key' is a text of at most {LONGEST_KEY} characters.")
    return given


def _alert(event: dict[str, Any]) -> IncomingAlert:
    action = one_of(event.get("event_action"), ACTIONS, name="'event_action'")
    key = given_fingerprint(dedup_key(event))
    if action == "trigger":
        return _triggered(event, key)
    if not event.get("dedup_key"):
        raise Unreadable("'dedup_key' is missing.")
    if action == "acknowledge":
        return IncomingAlert(fingerprint=key, status=AlertStatus.FIRING, title="", acknowledged=True)
    return IncomingAlert(fingerprint=key, status=AlertStatus.RESOLVED, title="")


def _triggered(event: dict[str, Any], key: str) -> IncomingAlert:
    payload = an_object(event.get("payload"), name="'payload'")
    details = payload.get("custom_details")
    said = {name: one_line(payload[name]) for name in LABELLED if payload.get(name)}
    one_of(payload.get("severity"), SEVERITIES, name="'payload.severity'")
    if "source" not in said:
        raise Unreadable("'payload.source' is missing.")
    return IncomingAlert(
        fingerprint=key,
        status=AlertStatus.FIRING,
        title=_summary(payload),
        description="" if isinstance(details, dict) else text(details),
        labels=texts(details if isinstance(details, dict) else None, name="'payload.custom_details'") | said,
        links=_links(event),
        starts_at=instant(payload.get("timestamp")),
    )


def _change(event: dict[str, Any]) -> IncomingChange:
    payload = an_object(event.get("payload"), name="'payload'")
    details = payload.get("custom_details")
    source = {"source": one_line(payload["source"])} if payload.get("source") else {}
    return IncomingChange(
        sender_id=fingerprint("change", payload),
        summary=_summary(payload),
        labels=texts(details if isinstance(details, dict) else None, name="'payload.custom_details'") | source,
        links=_links(event),
        at=instant(payload.get("timestamp")),
    )


def _summary(payload: dict[str, Any]) -> str:
    summary = one_line(payload.get("summary"))
    if not summary:
        raise Unreadable("'payload.summary' is missing.")
    return summary


def _links(event: dict[str, Any]) -> tuple[Link, ...]:
    client = link(text(event.get("client")), event.get("client_url"))
    images = linked(event.get("images"), title="alt", url="href")
    return (*linked(event.get("links"), title="text", url="href"), *client, *images)
