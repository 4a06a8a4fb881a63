"""Whether the providers that carry pages are called: administrators hear of one that is not, the probe of all."""

from __future__ import annotations

from datetime import datetime, timedelta

from apps.core import clock as house_clock
from apps.core.events import on
from apps.engine import actions as engine
from apps.engine import queries as engine_queries
from apps.engine.breakers import CIRCUIT_CLOSED, CIRCUIT_HELD, CIRCUIT_OPENED
from apps.engine.checks import check
from apps.engine.models import Breaker, Timer
from apps.engine.queries import Circuit
from apps.engine.registry import Lane, handler
from apps.notifications import actions, messages, transports
from apps.notifications.models import Channel, Notification, NotificationKind, Urgency
from apps.teams import access

TELL = "notifications.circuit_opened"
TELL_OF_END = "notifications.circuit_closed"
#: One that opens again and again wakes administrators no more often than this.
BETWEEN = timedelta(minutes=15)
#: Nobody is woken for a circuit that closes again within this span.
TOLD_AFTER = timedelta(seconds=30)
#: A provider that does nothing but ask for patience for so long is as good as broken.
TURNED_AWAY = timedelta(minutes=5)
#: One that nobody tried for so long after the span it asked for says nothing: nothing was to be sent.
UNTRIED = timedelta(minutes=1)
#: A circuit that nobody has tried for so long after its opening says nothing of the present: nothing was to be sent.
STALE = timedelta(minutes=10)


@check("providers")
def some_provider_is_called() -> str:
    """Whether anything can carry a page; webhooks wake programs, not people, and do not count.

    What goes to hosts of the receivers' choice (push) has no circuit of its own, and is no proof that pages get out.
    """
    carrying = {channel: name for channel, name in transports.providers().items() if channel != Channel.WEBHOOK}
    if not carrying:
        return "Nothing is configured that carries a page to a person."
    circuits = {circuit.provider: circuit for circuit in engine_queries.circuits()}
    names = [name for name in dict.fromkeys(carrying.values()) if name]
    failing = [circuits[name] for name in names if name in circuits and _fails(circuits[name])]
    if len(failing) < len(names):
        return ""
    return " ".join(f"{circuit.provider} fails: {circuit.last_error}" for circuit in failing)


@on(CIRCUIT_OPENED)
def plan_to_tell(breaker: Breaker) -> None:
    """Tell administrators by a job of its own, where it is a provider that a channel depends on."""
    if breaker.provider in transports.providers().values():
        _plan_to_tell(breaker.provider, at=house_clock.now() + TOLD_AFTER)


@on(CIRCUIT_HELD)
def plan_to_tell_of_long_patience(breaker: Breaker) -> None:
    """Patience that is asked for once and again is not heard of, unless it takes TURNED_AWAY."""
    if breaker.provider in transports.providers().values():
        _plan_to_tell(breaker.provider, at=house_clock.now() + TURNED_AWAY)


@on(CIRCUIT_CLOSED)
def plan_to_tell_of_the_end(breaker: Breaker) -> None:
    """Whoever was woken hears that it is over."""
    if breaker.provider in transports.providers().values():
        engine.schedule(TELL_OF_END, key=f"{TELL_OF_END}:{breaker.provider}", payload={"provider": breaker.provider})


@handler(TELL, lane=Lane.PAGES)
def tell(timer: Timer) -> None:
    """Tell every administrator, each by their own ways, unless it closed meanwhile or they know.

    Those who heard within BETWEEN that it works again hear of it after that span, if it still fails then.
    """
    breaker = Breaker.objects.filter(pk=timer.payload["provider"], open_until__isnull=False).first()
    if breaker is None:
        return
    now = house_clock.now()
    last = _last_told(breaker.provider)
    if last is not None and now < last.created_at + BETWEEN:
        if _was_told_of_its_end(last):
            _plan_to_tell(breaker.provider, at=last.created_at + BETWEEN)
        return
    if _is_untried(breaker, now):
        _plan_to_tell(breaker.provider, at=now + TURNED_AWAY)
        return
    ways = ", ".join(
        channel.label.lower() for channel, name in transports.providers().items() if name == breaker.provider
    )
    for person in access.administrators():
        actions.notify(
            person,
            incident=None,
            kind=NotificationKind.OTHER,
            urgency=Urgency.HIGH,
            step=f"{_step(breaker.provider)}{now.isoformat()}",
            subject=f"{breaker.provider} fails: nothing goes out by {ways}",
            text=messages.circuit_opened(breaker, ways=ways),
        )


@handler(TELL_OF_END, lane=Lane.WORK)
def tell_of_the_end(timer: Timer) -> None:
    """Tell those who were told of the opening, once, and at leisure."""
    provider = timer.payload["provider"]
    last = _last_told(provider)
    if last is None or Breaker.objects.filter(pk=provider, open_until__isnull=False).exists():
        return
    for person in access.administrators():
        if Notification.objects.filter(person=person, incident=None, step=last.step).exists():
            actions.notify(
                person,
                incident=None,
                kind=NotificationKind.OTHER,
                step=_end_of(last),
                subject=f"{provider} works again",
                text=f"What goes out by {provider} gets there again.",
            )


def _plan_to_tell(provider: str, *, at: datetime) -> None:
    engine.schedule(TELL, key=f"{TELL}:{provider}", due_at=at, payload={"provider": provider})


def _is_untried(breaker: Breaker, now: datetime) -> bool:
    """Whether it only asked for patience, and nobody has come back since."""
    return not breaker.openings and breaker.open_until is not None and breaker.open_until + UNTRIED < now


def _was_told_of_its_end(told: Notification) -> bool:
    return Notification.objects.filter(incident=None, step=_end_of(told)).exists()


def _end_of(told: Notification) -> str:
    return f"end of {told.step}"


def _fails(circuit: Circuit) -> bool:
    return circuit.until is not None and house_clock.now() < circuit.until + STALE


def _step(provider: str) -> str:
    return f"circuit:{provider[:60]}:"


def _last_told(provider: str) -> Notification | None:
    told = Notification.objects.filter(
        person__in=access.administrators(), incident=None, step__startswith=_step(provider)
    )
    return told.order_by("-created_at").first()
