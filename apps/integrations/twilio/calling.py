"""Phone calls by Twilio: it rings, and what is said comes from ``hooks`` once somebody answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.urls import reverse

from apps.core import http
from apps.integrations.twilio.client import TwilioClient
from apps.integrations.twilio.problems import as_ours
from apps.integrations.twilio.texting import account, number_of
from apps.notifications.transports import HandOver, Message, Sent

#: A call that cannot be ended in so many seconds has rung out meanwhile, and others wait.
RECALL_SECONDS = 5.0


class CallTransport:
    """Calls of the account's own number. *Sent* is a call that rings; what it came to is told afterwards."""

    provider = "twilio-voice"

    @contextmanager
    def connected(self) -> Iterator[HandOver]:
        """Make a client for one call; it connects when the message is handed over."""
        with http.client(settings.TWILIO_API_URL) as opened:
            client = TwilioClient(opened, account())

            def hand_over(message: Message) -> Sent:
                number = number_of(message)
                try:
                    sid = client.create_call(
                        sender=settings.TWILIO_VOICE_FROM,
                        to=number,
                        url=f"{settings.SITE_URL}{reverse('twilio_voice', args=[message.key])}",
                        status_callback=f"{settings.SITE_URL}{reverse('twilio_voice_status', args=[message.key])}",
                        headers=message.headers,
                    )
                except http.Refused as refused:
                    raise as_ours(refused) from refused
                return Sent(provider_id=sid)

            yield hand_over

    def recall(self, provider_id: str) -> None:
        """End the call if it still rings."""
        with http.client(settings.TWILIO_API_URL, seconds=RECALL_SECONDS) as opened:
            TwilioClient(opened, account()).cancel_call(provider_id)
