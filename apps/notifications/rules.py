"""When and by which way somebody is told: steps, quiet hours, storms. No database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from apps.contacts.models import MAILED, ContactMethod, MethodKind
from apps.core import walltime
from apps.notifications.models import Channel, Urgency

AT_ONCE = timedelta(0)
#: A call wakes whoever slept through what came before it.
CALLED_AFTER = timedelta(minutes=2)

CHANNEL_OF: Mapping[MethodKind, Channel] = {
    MethodKind.EMAIL: Channel.EMAIL,
    MethodKind.PAGER: Channel.EMAIL,
    MethodKind.SMS: Channel.SMS,
    MethodKind.VOICE: Channel.VOICE,
    MethodKind.SLACK: Channel.CHAT,
    MethodKind.PUSH: Channel.PUSH,
    MethodKind.WEBHOOK: Channel.WEBHOOK,
}
#: What wakes a person; mail and chat do not.
RINGS = frozenset({MethodKind.SMS, MethodKind.VOICE, MethodKind.PUSH})
#: Whose page rings no earlier than this sleeps while the chain counts on them.
RINGS_LATE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Step:
    """One step: so long after the notification, by this method."""

    after: timedelta
    method: ContactMethod


@dataclass(frozen=True, slots=True)
class Limit:
    """So many messages within that span, to one method."""

    messages: int
    within: timedelta


def _limits(*pairs: tuple[int, int]) -> tuple[Limit, ...]:
    return tuple(Limit(messages, timedelta(seconds=seconds)) for messages, seconds in pairs)


#: What one method of a person bears. What comes beyond it waits and goes out together, as one summary. Whatever rings
#: bears one page, then one summary at a time; a mailbox bears more. The first page never waits.
LIMITS: Mapping[Urgency, Mapping[Channel, tuple[Limit, ...]]] = {
    Urgency.HIGH: {
        Channel.EMAIL: _limits((6, 60), (60, 3600)),
        Channel.SMS: _limits((1, 30), (12, 900)),
        Channel.VOICE: _limits((1, 60), (8, 900)),
        Channel.CHAT: _limits((3, 30), (60, 3600)),
        Channel.PUSH: _limits((1, 20), (30, 900)),
    },
    Urgency.LOW: {
        Channel.EMAIL: _limits((20, 300), (120, 3600)),
        Channel.SMS: _limits((2, 300), (12, 3600)),
        Channel.VOICE: _limits((1, 300), (4, 3600)),
        Channel.CHAT: _limits((10, 300), (60, 3600)),
        Channel.PUSH: _limits((5, 300), (30, 3600)),
    },
}
#: Nothing that was sent longer ago than this counts.
LONGEST_MEMORY = max(
    limit.within for of_urgency in LIMITS.values() for limits in of_urgency.values() for limit in limits
)


def standard_steps(methods: Sequence[ContactMethod], urgency: Urgency) -> list[Step]:
    """The steps of a person who chose none, from their usable ``methods`` in their order.

    High: at once by the first method, and by whatever else buzzes (a push, a text message); a call two minutes later.
    Low: at once by the first mail address, else by the first method that is no call; by nothing but the app where there
    are only calls, for what can wait rings nobody who did not choose it.
    """
    if urgency == Urgency.LOW:
        quiet = [method for method in methods if method.kind != MethodKind.VOICE]
        mailed = [method for method in quiet if method.kind in MAILED]
        return [Step(AT_ONCE, (mailed or quiet)[0])] if quiet else []
    if not methods:
        return []
    steps = [Step(AT_ONCE, methods[0])]
    for kind, after in ((MethodKind.PUSH, AT_ONCE), (MethodKind.SMS, AT_ONCE), (MethodKind.VOICE, CALLED_AFTER)):
        first = next((method for method in methods if method.kind == kind), None)
        if first is not None and first != methods[0]:
            steps.append(Step(after, first))
    return steps


def first_ring(steps: Sequence[Step]) -> timedelta | None:
    """How long after a page the first of its steps rings; None where none does."""
    return min((step.after for step in steps if step.method.kind in RINGS), default=None)


def next_slot(sent: Sequence[datetime], limits: Sequence[Limit], *, now: datetime) -> datetime:
    """The first instant from ``now`` on at which one more message is within all ``limits``.

    ``sent`` are the instants of the messages before, in any order.
    """
    slot = now
    latest = sorted(sent, reverse=True)
    for limit in limits:
        if len(latest) >= limit.messages:
            slot = max(slot, latest[limit.messages - 1] + limit.within)
    return slot


def end_of_quiet_hours(at: datetime, *, begin: time, end: time, zone: ZoneInfo) -> datetime | None:
    """When the quiet hours end in which ``at`` lies, UTC; None outside of them.

    They go from ``begin`` to ``end`` by the clocks of ``zone``, over midnight where the end is earlier; they begin and
    end at those wall times on the days on which the clocks change too (``walltime.instant``).
    """
    today = at.astimezone(zone).date()
    for day in (today - timedelta(days=1), today):
        opens = walltime.instant(day, begin, zone)
        closes = walltime.instant(day if begin < end else day + timedelta(days=1), end, zone)
        if opens <= at < closes:
            return closes
    return None
