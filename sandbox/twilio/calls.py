"""Calls: they ring, are answered by a person, a voicemail or nobody, say what the product's TwiML says, take keys."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urljoin
from uuid import uuid4

from sandbox.exchange import Exchange
from sandbox.origin import Origin
from sandbox.phones import Behaviour
from sandbox.twilio import twiml
from sandbox.twilio.callbacks import StatusLine, ask

ON_THE_WAY = 0.05
PICKED_UP_AFTER = 0.2
GIVEN_UP_AFTER = 1.0
DOCUMENTS = 50
EVENTS = {"queued": "", "initiated": "initiated", "ringing": "ringing", "in-progress": "answered"}
OVER = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})
APOLOGY = "We are sorry, an application error has occurred. Goodbye."


@dataclass(frozen=True)
class Order:
    """What the product asked for, as Twilio names it. ``timeout`` is how many seconds the call rings."""

    account: str
    to: str
    sender: str
    url: str
    method: str
    document: str
    callback: str
    events: Sequence[str]
    detection: str
    timeout: float


@dataclass
class Call:
    """One call. Exactly one status of OVER ends it."""

    exchange: Exchange
    order: Order
    sid: str = field(default_factory=lambda: f"CA{uuid4().hex}")
    status: str = "queued"
    answered_by: str = ""
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    message: str = ""
    _ending: str = ""
    _number: int = 0
    _picked_up: asyncio.Event = field(default_factory=asyncio.Event)
    _keys: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    _talk: asyncio.Task[str] | None = None
    _line: StatusLine = field(init=False)

    def begin(self, origin: Origin) -> None:
        """Keep the call in the outbox and let it ring."""
        details = {"sid": self.sid, "from": self.order.sender}
        row = self.exchange.outbox.keep("voice", self.order.to, origin, text="", details=details)
        self.message = row.message
        self._line = StatusLine(self.exchange, url=self.order.callback, message=row.message)
        self.exchange.start(self._live())

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.status in OVER

    def answer(self, keys: str = "") -> None:
        """Pick up if it rings, and press ``keys``, each as soon as it is asked for."""
        self._picked_up.set()
        for key in keys:
            self._keys.put_nowait(key)

    def end(self, status: str) -> None:
        """End it with ``status`` of OVER: the callee declines or hangs up, the product cancels."""
        if self._talk is not None and not self.over:
            self._ending = status
            self._talk.cancel()

    async def _live(self) -> None:
        self._talk = asyncio.create_task(self._ring_and_talk())
        try:
            await asyncio.wait([self._talk])
        finally:
            self._talk.cancel()
        if self._talk.cancelled():
            self._change(self._ending or "failed")
        else:
            self._change(self._talk.result())

    async def _ring_and_talk(self) -> str:
        self._change("initiated")
        await asyncio.sleep(ON_THE_WAY)
        behaviour = self.exchange.phones.behaviour(self.order.to)
        if behaviour is Behaviour.BUSY:
            return "busy"
        if behaviour is Behaviour.UNDELIVERABLE:
            return "failed"
        self._change("ringing")
        self.answered_by = await self._answer(behaviour)
        if not self.answered_by:
            return "no-answer"
        self.exchange.diary.note("answered_by", self.answered_by, message=self.message)
        self._change("in-progress")
        await self._follow()
        return "completed"

    async def _answer(self, behaviour: Behaviour) -> str:
        """Ring until somebody answers, and return who: human, a machine, or nobody (empty)."""
        if behaviour is Behaviour.NO_ANSWER:
            await asyncio.sleep(min(GIVEN_UP_AFTER, self.order.timeout))
            return ""
        if behaviour in (Behaviour.AUTO_ANSWER, Behaviour.VOICEMAIL):
            await asyncio.sleep(PICKED_UP_AFTER)
            if behaviour is Behaviour.AUTO_ANSWER:
                return "human"
            return "machine_end_beep" if self.order.detection == "DetectMessageEnd" else "machine_start"
        with suppress(TimeoutError):
            await asyncio.wait_for(self._picked_up.wait(), self.order.timeout)
            return "human"
        return ""

    async def _follow(self) -> None:
        """Go from document to document until one ends the call; a product that fails is excused, as at Twilio."""
        try:
            url, method, extra = self.order.url, self.order.method, dict[str, str]()
            document = self.order.document or await self._document(url, method, extra)
            for _ in range(DOCUMENTS):
                following = await self._perform(twiml.verbs(document))
                if following is None:
                    return
                target, method, extra = following
                url = urljoin(url, target) if target else url
                document = await self._document(url, method, extra)
            raise ValueError(f"More than {DOCUMENTS} documents followed one another.")
        except (OSError, ValueError) as error:
            self.exchange.diary.note("trouble", str(error), message=self.message)
            self.exchange.diary.note("says", APOLOGY, message=self.message)

    async def _document(self, url: str, method: str, extra: dict[str, str]) -> str:
        status, document = await ask(self.exchange, url, self._described() | extra, method=method)
        if status >= 300:
            raise OSError(f"The product answered {status} instead of TwiML.")
        return document

    async def _perform(self, verbs: Sequence[twiml.Verb]) -> tuple[str, str, dict[str, str]] | None:
        """Do what a document says; return where it goes on (address, method, parameters), None at its end."""
        for verb in verbs:
            match verb:
                case twiml.Say():
                    self.exchange.diary.note("says", verb.text, message=self.message)
                case twiml.Pause():
                    await asyncio.sleep(verb.length)
                case twiml.Redirect():
                    return verb.url, verb.method, {}
                case twiml.Hangup():
                    return None
                case twiml.Gather():
                    pressed = await self._gather(verb)
                    if pressed:
                        return verb.action, verb.method, {"Digits": pressed}
        return None

    async def _gather(self, gather: twiml.Gather) -> str:
        """The keys that were pressed, empty when none was in time. Keys chosen ahead are pressed at once."""
        waits = self._keys.empty()
        await self._perform([verb for verb in gather.says if waits or isinstance(verb, twiml.Say)])
        self.exchange.diary.note("asks", "", message=self.message, digits=gather.digits, seconds=gather.timeout)
        pressed = ""
        while gather.digits is None or len(pressed) < gather.digits:
            try:
                key = await asyncio.wait_for(self._keys.get(), gather.timeout)
            except TimeoutError:
                break
            self.exchange.diary.note("keys", key, message=self.message)
            if gather.finish and key == gather.finish:
                break
            pressed += key
        self.exchange.diary.note("asked", pressed, message=self.message)
        return pressed

    def _change(self, status: str) -> None:
        self.status = status
        self.exchange.diary.note("status", status, message=self.message, phone=self.order.to)
        event = EVENTS.get(status, "completed")
        if event not in self.order.events:
            return
        told = self._described() | {
            "CallbackSource": "call-progress-events",
            "SequenceNumber": str(self._number),
            "Timestamp": format_datetime(datetime.now(UTC)),
        }
        if event == "completed":
            told |= {"CallDuration": str(self._seconds()), "SipResponseCode": "200" if status == "completed" else "487"}
        self._number += 1
        self._line.tell(told)

    def _described(self) -> dict[str, str]:
        described = {
            "AccountSid": self.order.account,
            "ApiVersion": "2010-04-01",
            "CallSid": self.sid,
            "CallStatus": self.status,
            "Called": self.order.to,
            "Caller": self.order.sender,
            "Direction": "outbound-api",
            "From": self.order.sender,
            "To": self.order.to,
        }
        if self.answered_by and self.order.detection:
            described["AnsweredBy"] = self.answered_by
        return described

    def _seconds(self) -> int:
        return int((datetime.now(UTC) - self.created).total_seconds()) if self.answered_by else 0

    def as_json(self) -> dict[str, Any]:
        """The resource, as the API answers with it."""
        uri = f"/2010-04-01/Accounts/{self.order.account}/Calls/{self.sid}"
        return {
            "account_sid": self.order.account,
            "annotation": None,
            "answered_by": (self.answered_by or None) if self.order.detection else None,
            "api_version": "2010-04-01",
            "caller_name": None,
            "date_created": format_datetime(self.created),
            "date_updated": format_datetime(self.created),
            "direction": "outbound-api",
            "duration": str(self._seconds()) if self.over else None,
            "end_time": format_datetime(datetime.now(UTC)) if self.over else None,
            "forwarded_from": None,
            "from": self.order.sender,
            "from_formatted": self.order.sender,
            "group_sid": None,
            "parent_call_sid": None,
            "phone_number_sid": None,
            "price": None,
            "price_unit": "USD",
            "queue_time": "0",
            "sid": self.sid,
            "start_time": format_datetime(self.created),
            "status": self.status,
            "subresource_uris": {},
            "to": self.order.to,
            "to_formatted": self.order.to,
            "trunk_sid": None,
            "uri": f"{uri}.json",
        }
