"""What managers read about the coverage of their rosters: the worst first, in the zone of the roster or team."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain
from zoneinfo import ZoneInfo

from django.conf import settings

from apps.core.spans import in_words
from apps.core.zones import zone_or_utc
from apps.notifications.coverage import Coverage
from apps.rosters.coverage import Gap, PersonCoverage
from apps.rosters.coverage.words import (
    gap_in_words,
    share_in_words,
    shortage_in_words,
    span_in_words,
    strain_in_words,
    weak_point_in_words,
)
from apps.rosters.models import Roster
from apps.teams.models import Team

#: A list in a mail names so many; the others are counted.
NAMED = 15

_HOUR = timedelta(hours=1)


def gap_subject(roster: Roster, gap: Gap, *, now: datetime) -> str:
    """The subject of the warning of one gap, or of one time with too few people."""
    if gap.start <= now:
        return f"{_who(gap)} on call now: {roster}"
    return f"{_who(gap)} on call for {roster}: {gap_in_words(gap, _zone(roster))}"


def gap_warning(roster: Roster, gap: Gap, *, now: datetime) -> str:
    """What a manager reads of a gap that begins soon, or has begun."""
    reached = "fewer people than they should" if gap.held else "nobody"
    running = f"It has begun: pages to this roster reach {reached}."
    lines = [
        f"{_who(gap)} on call for {roster}, team {roster.team}: {gap_in_words(gap, _zone(roster))}.",
        running if gap.start <= now else f"It begins in {in_words(gap.start - now)}.",
        "",
        f"Put somebody in, or take it yourself: {settings.SITE_URL}/rosters/{roster.slug}/",
    ]
    return "\n".join(lines)


def _who(gap: Gap) -> str:
    if not gap.held:
        return "Nobody is"
    return f"Only {gap.held} of {gap.wanted} {'is' if gap.held == 1 else 'are'}"


def weekly_subject(team: Team, found: Coverage) -> str:
    """What is wrong, counted; or that nothing is."""
    report = found.report
    counts = [
        _counted(len(report.gaps), "gap"),
        _counted(len(report.shortages), "time with too few people", "times with too few people"),
        _counted(len(report.weak_points), "single point of failure", "single points of failure"),
        _counted(len(report.cannot_be_paged), "person who cannot be paged", "people who cannot be paged"),
    ]
    wrong = ", ".join(count for count in counts if count)
    return f"Rosters of {team}: {wrong or 'all is covered'}"


def weekly(team: Team, found: Coverage) -> str:
    """The weekly mail to the managers of a team: what is missing in its rosters, on whom they hang, who bears what."""
    report, zone = found.report, zone_or_utc(team.time_zone)
    days = (report.window.end - report.window.start).days
    parts = [
        _part("Gaps", (f"{roster}: {gap_in_words(gap, _zone(roster))}" for roster, gap in report.gaps)),
        _part(
            "Fewer people than wanted",
            (f"{roster}: {shortage_in_words(gap, _zone(roster))}" for roster, gap in report.shortages),
        ),
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
    return zone_or_utc(roster.time_zone)
