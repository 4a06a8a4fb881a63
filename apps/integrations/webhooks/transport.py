"""Pages and notices for programs: each is posted as a signed event."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.conf import settings

from apps.contacts.webhook_secrets import secret
from apps.core import clock, http
from apps.core.errors import AddressForbidden, ProviderError
from apps.incidents.models import Incident
from apps.integrations.webhooks.client import WebhookClient
from apps.notifications.messages import PRIVATE
from apps.notifications.models import DeliveryState
from apps.notifications.transports import AddressRefused, HandOver, Message, Sent, by_host

_GONE = 410


class WebhookTransport:
    """Events to the addresses that people and endpoints gave. An answer of success means that it arrived.

    Each host has a circuit of its own. One that answers works, whatever it says: several people may have addresses
    there, and a fault or a wish for patience is the one address's.
    """

    provider = ""

    @contextmanager
    def connected(self) -> Iterator[HandOver]:
        """Make a client for one event; it connects when the event is handed over."""
        with http.client(public_only=True) as opened:
            client = WebhookClient(opened)

            def hand_over(message: Message) -> Sent:
                now = clock.now()
                try:
                    client.post(
                        message.address,
                        json.dumps(event(message, at=now), ensure_ascii=False),
                        event_id=str(message.key),
                        secret=secret(message.method or 0),
                        now=now,
                        headers=message.headers,
                    )
                except AddressForbidden as error:
                    raise AddressRefused(str(error)) from error
                except http.Refused as refused:
                    if refused.permanent:
                        gone = refused.reply.status == _GONE
                        raise AddressRefused(_answer(refused), gone=gone) from refused
                    raise NotNow(refused) from refused
                return Sent(state=DeliveryState.DELIVERED)

            yield by_host("webhook", hand_over)


class NotNow(ProviderError):
    """The receiver answered that it will not take the event now."""

    def __init__(self, refused: http.Refused) -> None:
        super().__init__(_answer(refused), retry_after=refused.retry_after, about_one=True)


def _answer(refused: http.Refused) -> str:
    """What it answered, without the text: an address that a person entered must show nobody what lies behind it."""
    return f"Answered {refused.reply.status}."


def event(message: Message, *, at: datetime) -> dict[str, Any]:
    """The event. ``incident`` is null where it is about none or several; ``incidents`` names all of them."""
    named = dict.fromkeys(each.incident.reference for each in message.covers if each.incident)
    return {
        "type": str(message.kind),
        "id": str(message.key),
        "at": at.isoformat(),
        "incident": _incident(message.incident, discreet=message.discreet) if message.incident else None,
        "incidents": list(named),
        "level": message.level,
        "urgency": str(message.urgency),
        "subject": message.subject,
        "text": message.text,
        "url": message.url,
        "acknowledge_url": message.acknowledge_url,
    }


def _incident(incident: Incident, *, discreet: bool) -> dict[str, Any]:
    """The incident in the names of the API. Its services were read when the message was made.

    ``discreet``: without its words, and without what it is about.
    """
    acknowledged = incident.acknowledged_at
    return {
        "id": incident.reference,
        "title": PRIVATE if discreet else incident.title,
        "summary": "" if discreet else incident.summary,
        "severity": incident.severity.code,
        "status": incident.status,
        "team": incident.team.slug,
        "services": [] if discreet else [service.slug for service in incident.services.all()],
        "private": incident.private,
        "drill": incident.drill,
        "declared_at": incident.declared_at.isoformat(),
        "acknowledged_at": acknowledged.isoformat() if acknowledged else None,
        "url": f"{settings.SITE_URL}{incident.get_absolute_url()}",
    }
