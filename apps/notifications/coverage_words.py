"""What managers read about the coverage of their rosters: the worst first, in the zone of the roster or team."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain
from zoneinfo import ZoneInfo

from django.conf import settings

from apps.core.spans import in_words
from apps.notifications.coverage import Coverage
from apps.rosters.coverage import Gap, PersonCoverage, Share, Strain, StrainKind, WeakPoint, WeakPointKind
from apps.rosters.models import Roster
from apps.rosters.rules import Window
from apps.teams.models import Team, User

#: A list in a mail names so many; the others are counted.
NAMED = 15

_HOUR = timedelta(hours=1)


def gap_subject(roster: Roster, gap: Gap, *, now: datetime) -> str:
    """The subject of the warning of one gap."""
    if gap.start <= now:
        return f"Nobody is on call now: {roster}"
    return f"Nobody is on call for {roster}: {gap_in_words(gap, _zone(roster))}"


def gap_warning(roster: Roster, gap: Gap, *, now: datetime) -> str:
    """What a manager reads of a gap that begins soon, or has begun."""
    running = "It has begun: pages to this roster reach nobody."
    lines = [
        f"Nobody is on call for {roster}, team {roster.team}: {gap_in_words(gap, _zone(roster))}.",
        running if gap.start <= now else f"It begins in {in_words(gap.start - now)}.",
        "",
        f"Put somebody in, or take it yourself: {settings.SITE_URL}/rosters/{roster.slug}/",
    ]
    return "\n".join(lines)


def gap_in_words(gap: Gap, zone: ZoneInfo) -> str:
    """``Mon 2026-03-09 09:00 to 18:00 CET``, ``and on`` where nobody follows; of several parts, how long they are."""
    words = span_in_words(Window(gap.start, gap.end), zone)
    if gap.until is None:
        words += " and on"
    return f"{words}, {in_words(gap.missing)} in {len(gap.parts)} parts" if len(gap.parts) > 1 else words


def span_in_words(window: Window, zone: ZoneInfo) -> str:
    """From when to when, by the clocks of ``zone``; the day of the end only where it is another."""
    start, end = window.start.astimezone(zone), window.end.astimezone(zone)
    until = f"{end:%H:%M}" if end.date() == start.date() else f"{end:%a %Y-%m-%d %H:%M}"
    return f"{start:%a %Y-%m-%d %H:%M} to {until} {end:%Z}"


def weak_point_in_words(point: WeakPoint, zone: ZoneInfo) -> str:
    """Why a roster hangs on one person, or on one who is not there."""
    if point.kind == WeakPointKind.ONLY_ONE:
        return f"only {point.person} can be paged"
    why = "has left" if point.kind == WeakPointKind.LEFT else "cannot be paged"
    first = point.turns[0].start.astimezone(zone)
    return f"{point.person} {why} and is on call for {in_words(point.length)}, first {first:%a %Y-%m-%d %H:%M %Z}"


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


def weekly_subject(team: Team, found: Coverage) -> str:
    """What is wrong, counted; or that nothing is."""
    report = found.report
    counts = [
        _counted(len(report.gaps), "gap"),
        _counted(len(report.weak_points), "single point of failure", "single points of failure"),
        _counted(len(report.cannot_be_paged), "person who cannot be paged", "people who cannot be paged"),
    ]
    wrong = ", ".join(count for count in counts if count)
    return f"Rosters of {team}: {wrong or 'all is covered'}"


def weekly(team: Team, found: Coverage) -> str:
    """The weekly mail to the managers of a team: what is missing in its rosters, on whom they hang, who bears what."""
    report, zone = found.report, ZoneInfo(team.time_zone)
    days = (report.window.end - report.window.start).days
    parts = [
        _part("Gaps", (f"{roster}: {gap_in_words(gap, _zone(roster))}" for roster, gap in report.gaps)),
        _part(
            "Single points of failure",
            (f"{roster}: {weak_point_in_words(point, _zone(roster))}" for roster, point in report.weak_points),
        ),
        _part("Without a verified contact method", (str(each.person) for each in report.cannot_be_paged)),
        _part("Strain", (f"{person}: {strain_in_words(strain, zone)}" for person, strain in report.strained)),
        _part(
            "Unequal shares",
            (f"{each.roster}: {share_in_words(share)}" for each in report.rosters for share in each.shares),
        ),
        _part("Load", (_load(each, found) for each in _busiest_first(report.people))),
    ]
    lines = [
        f"How the rosters of {team} are covered in the next {days} days"
        f" ({span_in_words(report.window, zone)}); pages are those of the last {days}.",
        *([] if report.gaps else ["", "Somebody is on call whenever somebody should be."]),
        *chain.from_iterable(parts),
        "",
        f"The map of it, and all the rest: {settings.SITE_URL}/coverage/?team={team.slug}",
    ]
    return "\n".join(lines)


def _part(title: str, lines: Iterable[str]) -> Iterator[str]:
    listed = list(lines)
    if listed:
        yield ""
        yield f"{title} ({len(listed)})"
        yield from (f"- {line}" for line in listed[:NAMED])
        if len(listed) > NAMED:
            yield f"- and {len(listed) - NAMED} more"


def _busiest_first(people: Sequence[PersonCoverage]) -> list[PersonCoverage]:
    return sorted(people, key=lambda each: each.hours.total, reverse=True)


def _load(each: PersonCoverage, found: Coverage) -> str:
    hours, pages = each.hours, found.pages_of(each.person)
    return (
        f"{each.person}: {hours.total / _HOUR:.0f} h, nights {each.nights}, weekends {hours.weekend / _HOUR:.0f} h,"
        f" holidays {hours.holiday / _HOUR:.0f} h; pages {pages.received}, at night {pages.at_night}"
    )


def _counted(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or f'{one}s'}" if number else ""


def _zone(roster: Roster) -> ZoneInfo:
    return ZoneInfo(roster.time_zone)
