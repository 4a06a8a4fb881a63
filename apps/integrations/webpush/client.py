"""Sends one encrypted message to a push service (RFC 8030, 8188, 8291, 8292)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
from py_vapid import Vapid02, VapidException
from pywebpush import WebPusher, WebPushException

from apps.core.errors import AddressForbidden
from apps.core.http import send

#: What every push service takes, before it is encrypted (RFC 8030, 7.2: 4096 octets with what encryption adds).
LONGEST = 3900
_TOKEN_LIVES = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Subscription:
    """A browser that wants messages: where they go, and what they are encrypted with."""

    endpoint: str
    keys: Mapping[str, Any]


class PushClient:
    """Push messages signed with one key, over a client that may go to public addresses."""

    def __init__(self, http: httpx.Client, signer: Vapid02, *, subject: str) -> None:
        self._http = http
        self._signer = signer
        self._subject = subject

    def push(
        self,
        to: Subscription,
        content: bytes,
        *,
        ttl: timedelta,
        urgency: str,
        topic: str,
        now: datetime,
        headers: Mapping[str, str],
    ) -> str:
        """Send ``content`` and return where the push service keeps it; one of the same ``topic`` takes its place.

        Raises ProviderError, see ``core.http.send``; AddressForbidden for a subscription without usable keys.
        """
        said = {
            **headers,
            **self._authorization(to.endpoint, now),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(int(ttl.total_seconds())),
            "Urgency": urgency,
            "Topic": topic,
        }
        reply = send(self._http, "POST", to.endpoint, content=_encrypted(to, content), headers=said)
        return str(reply.headers.get("location", ""))

    def _authorization(self, endpoint: str, now: datetime) -> dict[str, str]:
        try:
            parts = urlsplit(endpoint)
            audience = f"{parts.scheme}://{parts.netloc}"
            claims = {"sub": self._subject, "aud": audience, "exp": int((now + _TOKEN_LIVES).timestamp())}
            signed: dict[str, str] = self._signer.sign(claims)
        except (ValueError, VapidException) as error:
            raise AddressForbidden(f"The request to the push service cannot be signed: {error}") from error
        return signed


def _encrypted(to: Subscription, content: bytes) -> bytes:
    try:
        pusher = WebPusher({"endpoint": to.endpoint, "keys": dict(to.keys)})
        return bytes(pusher.encode(content, content_encoding="aes128gcm")["body"])
    except (WebPushException, ValueError, TypeError, LookupError, AttributeError) as error:
        raise AddressForbidden(f"The keys of this device are none: {error}") from error
