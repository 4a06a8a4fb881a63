"""Posts one signed event to an address that somebody entered (Standard Webhooks, standardwebhooks.com)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import httpx
from standardwebhooks import Webhook

from apps.core.http import send


class WebhookClient:
    """Events to any address, over a client that may go to public ones."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def post(
        self, url: str, content: str, *, event_id: str, secret: str, now: datetime, headers: Mapping[str, str]
    ) -> None:
        """Post ``content``, which is JSON, signed with ``secret``. Raises ProviderError, see ``core.http.send``.

        ``event_id`` is the same at every attempt, so that the receiver can tell one that comes twice.
        """
        said = {
            **headers,
            "Content-Type": "application/json",
            "webhook-id": event_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret).sign(event_id, now, content),
        }
        send(self._http, "POST", url, content=content.encode(), headers=said)
