"""What carries a message out of the house: a protocol, and who serves which channel.

Email is here; what needs a provider of its own registers from above (``integrations``), each with everything it needs
in one folder. A transport says what is known of the outcome by the error it raises.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol, runtime_checkable
from urllib.parse import urlsplit

from apps.contacts import serving
from apps.contacts.models import MethodKind
from apps.core import clock
from apps.core.errors import OutcomeUnknown as OutcomeUnknown  # what a transport may raise, found beside the others
from apps.core.errors import ProviderError
from apps.core.errors import Unreachable as Unreachable
from apps.engine import breakers
from apps.incidents.models import Incident
from apps.notifications.models import PAGES, Channel, DeliveryState, Notification, NotificationKind, Urgency
from apps.notifications.rules import CHANNEL_OF


class AddressRefused(ProviderError):
    """The address itself is refused, for good. ``gone``: it will never be good again (a push device that left)."""

    def __init__(self, message: str, *, gone: bool = False) -> None:
        super().__init__(message, permanent=True)
        self.gone = gone


class OptedOut(ProviderError):
    """The receiver asked the provider for no more text messages (STOP): the address is good, and is used no more."""

    def __init__(self, message: str) -> None:
        super().__init__(message, permanent=True)


@dataclass(frozen=True, slots=True)
class Message:
    """What one address is sent: about one notification, or a summary of several, or (a code) about none.

    ``brief`` fits a text message or a lock screen. ``key`` is the same at every attempt: providers that deduplicate are
    given it. ``acknowledge_url`` is empty where nothing is to be acknowledged. ``method`` is the contact method's id.
    ``discreet``: whoever reads it there may not learn what a private incident is about.
    """

    key: uuid.UUID
    address: str
    kind: NotificationKind
    urgency: Urgency
    subject: str
    text: str
    brief: str
    covers: tuple[Notification, ...] = ()
    url: str = ""
    acknowledge_url: str = ""
    acknowledge_token: str = ""
    method: int | None = None
    discreet: bool = False
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def only(self) -> Notification | None:
        """The notification, where it is about exactly one."""
        return self.covers[0] if len(self.covers) == 1 else None

    @property
    def incident(self) -> Incident | None:
        """The incident, where it is about exactly one notification of one."""
        return self.only.incident if self.only else None

    @property
    def level(self) -> int | None:
        """The level of the chain, where it is about exactly one page of one."""
        return self.only.level if self.only else None

    @property
    def is_code(self) -> bool:
        """Whether it is the code that verifies its address, which is about no notification."""
        return not self.covers

    @property
    def is_page(self) -> bool:
        """Whether it asks for an answer."""
        return self.kind in PAGES

    @property
    def can_be_resolved(self) -> bool:
        """Whether there is one incident that an answer can resolve."""
        return self.is_page and self.incident is not None

    @property
    def can_be_declined(self) -> bool:
        """Whether there is one page that its receiver can pass on."""
        return bool(self.acknowledge_token) and self.only is not None

    @property
    def headers(self) -> dict[str, str]:
        """What the message is, for whoever sorts or counts (X-ADO-Kind, -Incident, -Level; -Incidents of a summary)."""
        said = {"X-ADO-Kind": str(self.kind)}
        if self.incident is not None:
            said["X-ADO-Incident"] = self.incident.reference
        if self.level is not None:
            said["X-ADO-Level"] = str(self.level)
        if len(self.covers) > 1:
            told = (f"{each.incident.reference}:{each.level or ''}" for each in self.covers if each.incident)
            said["X-ADO-Incidents"] = ",".join(told)
        return said


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider has the message: what it knows it by, and whether that already means that it arrived."""

    provider_id: str = ""
    state: DeliveryState = DeliveryState.SENT


HandOver = Callable[[Message], Sent]

#: What stands between a channel's name and a host in the name of a circuit: one that somebody entered, not ours.
OF_A_HOST = ":"
LONGEST_CIRCUIT = 100
HOSTS_KEPT = timedelta(days=1)


class Transport(Protocol):
    """Carries messages of one channel by one provider, whose circuit breaker goes by ``provider``.

    Empty: no circuit is the whole channel's, for nobody outside is called, or every message goes to a host of its
    receiver's choice (``by_host``).
    """

    provider: str

    def connected(self) -> AbstractContextManager[HandOver]:
        """Make ready, and give the function that hands a message over. No transaction (law 5).

        Either raises ProviderError: Unreachable where nobody answered, OutcomeUnknown where it is not known whether
        the message was taken, AddressRefused for an address that will not do, OptedOut where its receiver wants
        nothing more, ``permanent`` where another attempt is of no use; ``retry_after`` (seconds) where the provider
        asked for patience.
        """
        ...


@runtime_checkable
class Recalling(Protocol):
    """A transport that can take back what has not reached anybody yet: a call that rings."""

    provider: str

    def recall(self, provider_id: str) -> None:
        """Take back the message that the provider knows by that; one that is over is left alone. Raises ProviderError.

        What becomes of it the provider tells by a receipt, as of any other end. No transaction (law 5).
        """
        ...


_transports: dict[Channel, Transport] = {}


def serve(channel: Channel, transport: Transport, *, when: Callable[[], bool]) -> None:
    """Let ``transport`` carry ``channel`` while ``when()`` says that it is configured."""
    _transports[channel] = transport
    for kind in kinds_of(channel):
        serving.serve(kind, when=when)


class _Nowhere:
    """Takes every message, and carries none."""

    provider = ""

    @contextmanager
    def connected(self) -> Iterator[HandOver]:
        yield lambda _: Sent()


@contextmanager
def going_nowhere() -> Iterator[None]:
    """Within the block this process sends nothing: what is due is recorded as sent (the demo's past)."""
    before = dict(_transports)
    _transports.update(dict.fromkeys(before, _Nowhere()))
    try:
        yield
    finally:
        _transports.update(before)


def through(transport: Transport) -> AbstractContextManager[None]:
    """The circuit by which the transport's provider is called; see ``breakers.through``."""
    return breakers.through(transport.provider) if transport.provider else nullcontext()


def by_host(name: str, hand_over: HandOver) -> HandOver:
    """``hand_over``, with a circuit for each host: for addresses that people enter, so that nobody shuts another's.

    A code goes around the circuit: whose address it is, is not known yet, and it must not count for others.
    """

    def handed_over(message: Message) -> Sent:
        if message.is_code:
            return hand_over(message)
        with breakers.through(circuit_of(name, message.address)):
            return hand_over(message)

    return handed_over


def circuit_of(name: str, address: str) -> str:
    """The name of the circuit to the host of ``address``: ``webhook:example.com``. A long one is told by its digest."""
    try:
        host = (urlsplit(address).hostname or "").rstrip(".")
    except ValueError:  # it is none, which whoever sends there will say
        host = ""
    circuit = f"{name}{OF_A_HOST}{host}"
    if len(circuit) <= LONGEST_CIRCUIT:
        return circuit
    return f"{name}{OF_A_HOST}{hashlib.sha256(host.encode()).hexdigest()}"


def forget_hosts() -> None:
    """Forget the circuits of single hosts that nothing happened to in HOSTS_KEPT: people enter ever more of them."""
    breakers.forget(OF_A_HOST, unchanged_since=clock.now() - HOSTS_KEPT)


def of(channel: Channel) -> Transport:
    """The transport of the channel. Raises ProviderError where this installation has none (any more)."""
    kinds = set(kinds_of(channel))
    if channel not in _transports or not kinds & serving.kinds():
        raise ProviderError(f"This installation sends nothing by {channel.label.lower()}.", permanent=True)
    return _transports[channel]


def providers() -> dict[Channel, str]:
    """By which provider each channel goes that is configured now; empty where none is called that has one circuit."""
    served = serving.kinds()
    return {channel: each.provider for channel, each in _transports.items() if served.intersection(kinds_of(channel))}


def kinds_of(channel: Channel) -> Iterable[MethodKind]:
    """The kinds of contact method that go by the channel."""
    return [kind for kind, by in CHANNEL_OF.items() if by == channel]
