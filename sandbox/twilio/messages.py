"""SMS: from the product to a phone with signed receipts, and from a phone to the product."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from uuid import uuid4

from sandbox.exchange import Exchange
from sandbox.origin import Origin
from sandbox.phones import Behaviour
from sandbox.reading import links_of
from sandbox.twilio import twiml
from sandbox.twilio.callbacks import StatusLine, ask
from sandbox.twilio.problems import Refused

LONGEST = 1600
ON_THE_WAY = 0.05
STOP_WORDS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "OPTOUT", "REVOKE"})
START_WORDS = frozenset({"START", "YES", "UNSTOP"})
UNDELIVERABLE = 30003


@dataclass
class Message:
    """An SMS of the product as Twilio describes it."""

    account: str
    to: str
    sender: str
    body: str
    sid: str = field(default_factory=lambda: f"SM{uuid4().hex}")
    status: str = "queued"
    error: int | None = None
    created: datetime = field(default_factory=lambda: datetime.now(UTC))

    def as_json(self) -> dict[str, Any]:
        """The resource, as the API answers with it."""
        uri = f"/2010-04-01/Accounts/{self.account}/Messages/{self.sid}"
        plain = self.body.isascii()
        whole, part = (160, 153) if plain else (70, 67)
        segments = 1 if len(self.body) <= whole else -(-len(self.body) // part)
        return {
            "account_sid": self.account,
            "api_version": "2010-04-01",
            "body": self.body,
            "date_created": format_datetime(self.created),
            "date_sent": None if self.status == "queued" else format_datetime(self.created),
            "date_updated": format_datetime(self.created),
            "direction": "outbound-api",
            "error_code": self.error,
            "error_message": "Unreachable destination handset" if self.error else None,
            "from": self.sender,
            "messaging_service_sid": None,
            "num_media": "0",
            "num_segments": str(segments),
            "price": None,
            "price_unit": "USD",
            "sid": self.sid,
            "status": self.status,
            "subresource_uris": {"media": f"{uri}/Media.json"},
            "to": self.to,
            "uri": f"{uri}.json",
        }


def send(exchange: Exchange, message: Message, *, callback: str, origin: Origin) -> None:
    """Take ``message`` on: it is in the outbox, and its receipts follow. Raises Refused as Twilio would."""
    if not message.body:
        raise Refused(21602, "Message body is required.")
    if len(message.body) > LONGEST:
        raise Refused(21617, f"The concatenated message body exceeds the {LONGEST} character limit")
    if message.to in exchange.phones.opted_out:
        raise Refused(21610, "Attempt to send to unsubscribed recipient")
    row = exchange.outbox.keep(
        "sms",
        message.to,
        origin,
        text=message.body,
        links=links_of(message.body),
        details={"sid": message.sid, "from": message.sender},
    )
    exchange.start(_deliver(exchange, message, StatusLine(exchange, url=callback, message=row.message), row.message))


async def _deliver(exchange: Exchange, message: Message, line: StatusLine, name: str) -> None:
    lost = exchange.phones.behaviour(message.to) is Behaviour.UNDELIVERABLE
    for status in ("sent", "undelivered" if lost else "delivered"):
        await asyncio.sleep(ON_THE_WAY)
        message.status = status
        told = {
            "AccountSid": message.account,
            "ApiVersion": "2010-04-01",
            "From": message.sender,
            "MessageSid": message.sid,
            "MessageStatus": status,
            "SmsSid": message.sid,
            "SmsStatus": status,
            "To": message.to,
        }
        if status == "undelivered":
            message.error = UNDELIVERABLE
            told["ErrorCode"] = str(UNDELIVERABLE)
        exchange.diary.note("status", status, message=name, phone=message.to)
        line.tell(told)


async def reply(exchange: Exchange, *, sender: str, body: str, to: str = "") -> list[str]:
    """Let the phone ``sender`` write ``body`` to the product, and return what the product answers.

    STOP and START do at the number what they do at Twilio, and the product hears of both. ``to`` is the product's
    number, the first one it sends from when empty. Raises OSError when the product does not take it.
    """
    to = to or min(exchange.secrets.twilio_numbers, default="")
    exchange.diary.note("reply", body, phone=sender)
    word = body.strip().upper()
    if word in START_WORDS and sender in exchange.phones.opted_out:
        exchange.phones.start(sender)
        exchange.diary.note("provider", "You get messages from this number again.", phone=sender)
    elif word in STOP_WORDS and sender not in exchange.phones.opted_out:
        exchange.phones.stop(sender)
        exchange.diary.note(
            "provider", "You get no more messages from this number. START brings them back.", phone=sender
        )
    sid = f"SM{uuid4().hex}"
    parameters = {
        "AccountSid": exchange.secrets.twilio_account,
        "ApiVersion": "2010-04-01",
        "Body": body,
        "From": sender,
        "MessageSid": sid,
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsMessageSid": sid,
        "SmsSid": sid,
        "SmsStatus": "received",
        "To": to,
    }
    try:
        status, document = await ask(exchange, f"{exchange.secrets.site_url}/hooks/twilio/sms/", parameters)
        if status >= 300:
            raise OSError(f"The product answered {status} to the SMS.")
        answers = list(twiml.replies(document))
    except (OSError, ValueError) as error:
        exchange.diary.note("trouble", str(error), phone=sender)
        raise OSError(str(error)) from error
    if sender in exchange.phones.opted_out:
        return []
    for answer in answers:
        exchange.diary.note("answer", answer, phone=sender)
    return answers
