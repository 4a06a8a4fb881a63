"""What is found of rosters, in words: for mails, the shell, and the page of a roster. Times by the zone one gives."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from apps.core.spans import in_words
from apps.rosters.coverage.gaps import Gap
from apps.rosters.coverage.report import WeakPoint, WeakPointKind
from apps.rosters.coverage.shares import Share
from apps.rosters.coverage.strain import Strain, StrainKind
from apps.rosters.rules import Window
from apps.teams.models import User


def gap_in_words(gap: Gap, zone: ZoneInfo) -> str:
    """``Mon 2026-03-09 09:00 to 18:00 CET``, ``and on`` where nobody follows; of several parts, how long they are."""
    words = span_in_words(Window(gap.start, gap.end), zone)
    if gap.until is None:
        words += " and on"
    return f"{words}, {in_words(gap.missing)} in {len(gap.parts)} parts" if len(gap.parts) > 1 else words


def shortage_in_words(gap: Gap, zone: ZoneInfo) -> str:
    """``1 of 2, Mon 2026-03-09 09:00 to 18:00 CET``."""
    return f"{gap.held} of {gap.wanted}, {gap_in_words(gap, zone)}"


def span_in_words(window: Window, zone: ZoneInfo) -> str:
    """From when to when, by the clocks of ``zone``; the day of the end only where it is another."""
    start, end = window.start.astimezone(zone), window.end.astimezone(zone)
    until = f"{end:%H:%M}" if end.date() == start.date() else f"{end:%a %Y-%m-%d %H:%M}"
    return f"{start:%a %Y-%m-%d %H:%M} to {until} {end:%Z}"


def weak_point_in_words(point: WeakPoint, zone: ZoneInfo) -> str:
    """Why a roster hangs on one person, or on one who is not there."""
    if point.kind == WeakPointKind.ONLY_ONE:
        return f"only {point.person} can be paged"
    if point.kind == WeakPointKind.LEFT:
        why = "responds for no team" if point.person.is_active else "has left"
        return f"{point.person} {why} and still takes turns, which nobody holds"
    first, length = point.turns[0].start.astimezone(zone), in_words(point.length)
    return f"{point.person} cannot be paged and is on call for {length}, first {first:%a %Y-%m-%d %H:%M %Z}"


def strain_in_words(strain: Strain, zone: ZoneInfo) -> str:
    """``12 d 4 h without a break from Mon …``; the worst of its kind, and how often there is one."""
    span = span_in_words(Window(strain.start, strain.end), zone)
    match strain.kind:
        case StrainKind.NO_BREAK:
            words = f"{in_words(strain.end - strain.start)} without a break, {span}"
        case StrainKind.SHORT_REST:
            words = f"{in_words(strain.end - strain.start)} of rest after a night, {span}"
        case StrainKind.MANY_NIGHTS:
            words = f"{strain.nights} nights within 14 days, {span}"
    return f"{words} ({strain.times} times)" if strain.times > 1 else words


def share_in_words(share: Share[User]) -> str:
    """``Anna has 2.3 times an equal share of the nights``."""
    return f"{share.person} has {share.times:.1f} times an equal share of the {share.measure}"
