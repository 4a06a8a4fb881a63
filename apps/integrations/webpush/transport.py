"""Push messages to browsers and phones that people subscribed with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.conf import settings

from apps.core import clock, http
from apps.core.errors import AddressForbidden, ProviderError
from apps.integrations.webpush import keys
from apps.integrations.webpush.client import LONGEST, PushClient, Subscription
from apps.notifications.models import Urgency
from apps.notifications.transports import AddressRefused, HandOver, Message, Sent, by_host

#: A device that comes back later than this need not show a page any more: others have been told by then.
KEPT = {Urgency.HIGH: timedelta(hours=1), Urgency.LOW: timedelta(hours=24)}
#: The subscription has ended (RFC 8030, 7.3).
_GONE = (404, 410)
#: The push service takes no message of ours for this device: it was subscribed with another key, such as an old one.
_NOT_OURS = 403
_REFUSED_KEY = "The push service does not take our key (VAPID) for this device: subscribe the device anew."


class PushTransport:
    """Push messages signed with the key of the settings. Each push service has a circuit of its own."""

    provider = ""

    @contextmanager
    def connected(self) -> Iterator[HandOver]:
        """Make a client for one message; it connects when the message is handed over."""
        with http.client(public_only=True) as opened:
            client = PushClient(opened, keys.signer(), subject=settings.VAPID_SUBJECT)

            def hand_over(message: Message) -> Sent:
                try:
                    return _push(client, message)
                except AddressForbidden as error:
                    raise AddressRefused(str(error)) from error
                except http.Refused as refused:
                    status = refused.reply.status
                    if status in _GONE:
                        raise AddressRefused("The device no longer takes push messages.", gone=True) from refused
                    if status == _NOT_OURS:  # a fault of the house, not of the device, nor of others there
                        raise ProviderError(_REFUSED_KEY, permanent=True) from refused
                    raise

            yield by_host("push", hand_over)


def content(message: Message) -> bytes:
    """What the device is told, in JSON; as much of the text as a push message carries."""
    told: dict[str, Any] = {
        "title": message.brief,
        "body": message.text,
        "tag": _tag(message),
        "url": message.url,
        "acknowledge": message.acknowledge_token or None,
        "can_pass_on": message.can_be_declined,
        "urgency": str(message.urgency),
    }
    for shortened in (message.text, message.text[:800], message.text[:200], ""):
        told["body"] = shortened
        if len(written := _written(told)) <= LONGEST:
            return written
    told |= {"acknowledge": None, "can_pass_on": False}
    return _written(told)


def _tag(message: Message) -> str:
    """What takes the place of what on a lock screen: news of an incident that of before, and nothing a page's."""
    if message.is_page and message.only is not None:
        return f"page-{message.only.pk}"
    if message.incident is not None and not message.is_page:
        return f"{message.incident.reference}-notice"
    return str(message.key)


def _push(client: PushClient, message: Message) -> Sent:
    where = client.push(
        Subscription(message.address, message.details.get("keys") or {}),
        content(message),
        ttl=KEPT[message.urgency],
        urgency="high" if message.urgency == Urgency.HIGH else "normal",
        topic=message.key.hex,
        now=clock.now(),
        headers=message.headers,
    )
    return Sent(provider_id=where)


def _written(told: dict[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
