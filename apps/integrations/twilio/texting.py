"""Text messages by Twilio: a page with what to reply, as short as it can be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.urls import reverse

from apps.contacts import phones
from apps.core import http
from apps.integrations.twilio.client import Account, TwilioClient
from apps.integrations.twilio.problems import as_ours
from apps.notifications.transports import AddressRefused, HandOver, Message, Sent

#: Two segments, or five where a sign is beyond the alphabet of GSM.
LONGEST = 320


class TextTransport:
    """Text messages of the account's own number."""

    provider = "twilio-sms"

    @contextmanager
    def connected(self) -> Iterator[HandOver]:
        """Make a client for one message; it connects when the message is handed over."""
        with http.client(settings.TWILIO_API_URL) as opened:
            client = TwilioClient(opened, account())

            def hand_over(message: Message) -> Sent:
                number = number_of(message)
                try:
                    sid = client.create_message(
                        sender=settings.TWILIO_SMS_FROM,
                        to=number,
                        body=body(message),
                        status_callback=f"{settings.SITE_URL}{reverse('twilio_sms_status', args=[message.key])}",
                        headers=message.headers,
                    )
                except http.Refused as refused:
                    raise as_ours(refused) from refused
                return Sent(provider_id=sid)

            yield hand_over


def body(message: Message) -> str:
    """What the phone shows: the news, what to reply, and the address while there is room for it."""
    lines = [message.brief, how_to_reply(message)]
    text = "\n".join(line for line in lines if line)
    with_url = f"{text}\n{message.url}" if message.url else text
    return with_url if len(with_url) <= LONGEST else text[:LONGEST]


def how_to_reply(message: Message) -> str:
    """By which words the receiver answers, the pressing ones first; empty where nothing is asked.

    As short as the words can be: what fits one segment with its address is to go on fitting one.
    """
    if not message.acknowledge_token:
        return ""
    if message.only is None:
        return 'Reply "4 all" to acknowledge all.'
    code = message.only.code
    resolve = f", 6 {code}=resolve" if message.can_be_resolved else ""
    return f"Reply 4 {code}=ack, NO {code}=pass on{resolve}"


def number_of(message: Message) -> str:
    """The number as the network writes it. Raises AddressRefused for one that it cannot reach."""
    number = phones.e164(message.address)
    if not number:
        raise AddressRefused(f"{message.address} cannot be dialled.")
    return number


def account() -> Account:
    """The account of the settings."""
    return Account(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN)
