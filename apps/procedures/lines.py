"""A simulation as a page shows it: moment by moment, with who is told and by which way, never at which address."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from apps.core.spans import in_words
from apps.incidents.models import EventKind
from apps.notifications.models import PAGES, Channel, NotificationKind
from apps.procedures.story import CUT_OFF, NOT_PLANNED, Moment, Told

_LOOKS: Mapping[str, tuple[str, str]] = {
    NotificationKind.PAGE: ("phone", "danger"),
    NotificationKind.ROLE_PAGE: ("phone", "warn"),
    NotificationKind.NOTICE: ("bell", ""),
    NotificationKind.UPDATE: ("mail", ""),
    EventKind.DECLARED: ("siren", "danger"),
    EventKind.ACKNOWLEDGED: ("check", "ok"),
    EventKind.RESOLVED: ("check", "ok"),
    EventKind.REOPENED: ("history", "danger"),
    EventKind.LEVEL_FIRED: ("up", "warn"),
    EventKind.ESCALATED: ("up", "danger"),
    EventKind.ESCALATION_HELD: ("clock", ""),
    EventKind.HOLD_ENDED: ("up", ""),
    EventKind.REASSIGNED: ("right", "warn"),
    EventKind.ASKED_AGAIN: ("clock", "warn"),
    EventKind.NOBODY_PAGED: ("alert", "danger"),
    EventKind.NOTIFICATION_FAILED: ("alert", "danger"),
    EventKind.PAGE_DECLINED: ("minus", "warn"),
    EventKind.ROLE_VACANT: ("user", "warn"),
    EventKind.CLOCK_WARNED: ("clock", "warn"),
    EventKind.CLOCK_MET: ("clock", "ok"),
    EventKind.CLOCK_BREACHED: ("clock", "danger"),
    NOT_PLANNED: ("alert", "warn"),
    CUT_OFF: ("alert", "warn"),
}
_OTHERS = ("info", "")


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happens; ``ways`` are those by which a page goes out."""

    text: str
    icon: str
    tone: str
    ways: list[str]


@dataclass(frozen=True, slots=True)
class Instant:
    """What happens ``after`` the declaration, at one instant."""

    at: datetime
    after: timedelta
    lines: list[Line]


def instants(moments: Sequence[Moment], *, known: Collection[str]) -> list[Instant]:
    """The moments, which are in order and not none, by instant.

    When somebody's quiet hours end is theirs to know: only of pages, which wait for none, it is told by which way, and
    only to one of the ``known`` addresses: by which ways strangers are reached is none of the viewer's business.
    """
    return [
        Instant(at, at - moments[0].at, [_line(moment, known) for moment in together])
        for at, together in groupby(moments, key=lambda moment: moment.at)
    ]


def _line(moment: Moment, known: Collection[str]) -> Line:
    icon, tone = _LOOKS.get(moment.kind, _OTHERS)
    text, _, more = moment.text.partition("\n")
    ways = [_way(told) for told in moment.told if told.address in known] if moment.kind in PAGES else []
    return Line(f"{text} …" if more else text, icon, tone, ways)


def _way(told: Told) -> str:
    after = timedelta(minutes=told.after)
    label = Channel(told.channel).label
    return f"{label} {in_words(after)} later" if after else label
