"""PagerDuty's Events API v2, by which a service there is alerted. Source: its reference, "Send an alert event"."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import httpx

from apps.core.errors import OutcomeUnknown
from apps.core.http import send

#: A summary is cut there (characters).
LONGEST_SUMMARY = 1024


class Deed(StrEnum):
    """What an event does to the alert of its key."""

    TRIGGER = "trigger"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"


class EventsClient:
    """Events of one service there, whose integration key is the ``routing_key``."""

    def __init__(self, http: httpx.Client, routing_key: str) -> None:
        self._http = http
        self._routing_key = routing_key

    def send(self, deed: Deed, *, dedup_key: str, **event: Any) -> None:
        """Send one event about the alert of ``dedup_key``; the same twice is once. Raises ProviderError."""
        body: Mapping[str, Any] = {
            "routing_key": self._routing_key, "event_action": deed, "dedup_key": dedup_key, **event
        }  # fmt: skip
        told = send(self._http, "POST", "v2/enqueue", json=body).json()
        if told.get("status") != "success":
            raise OutcomeUnknown(f"PagerDuty says neither yes nor no: {told.get('message')!r}")
