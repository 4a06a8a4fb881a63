"""What is wrong with a roster as it is about to be: in words, for the page on which it is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from apps.core.spans import in_words
from apps.core.zones import zone_or_utc
from apps.rosters.coverage import Measure, PersonCoverage, Report, RosterCoverage, Seats, Share, of_plan, reach
from apps.rosters.coverage.words import gap_in_words, shortage_in_words, strain_in_words, weak_point_in_words
from apps.rosters.models import CalendarSource, Layer, Roster
from apps.rosters.rules import Stretch, Window
from apps.teams.models import User

#: A list names so many; the others are counted.
NAMED = 8
#: Less than so much of an equal share is none.
LEAST_TOLD = 0.05

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Part:
    """A kind of finding: each of them in words, how many there are, and what is said where there is none."""

    title: str
    lines: list[str]
    counted: str
    otherwise: str = ""

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.lines)

    @property
    def named(self) -> list[str]:
        """The first of them."""
        return self.lines[:NAMED]

    @property
    def more(self) -> int:
        """How many are not among the first."""
        return max(len(self.lines) - NAMED, 0)


@dataclass(frozen=True, slots=True)
class Load:
    """What one person bears of the roster, in all and in percent, and of what more or less than an equal share."""

    person: User
    hours: str
    nights: int
    weekends: str
    holidays: str
    percent: int
    more: list[str]
    less: list[str]


@dataclass(frozen=True, slots=True)
class Findings:
    """All that is found in the next ``days`` days, by kind, and what each person bears; nothing of a retired roster.

    ``wanted`` is how many should be there, and when.
    """

    days: int
    wanted: list[Seats]
    parts: list[Part]
    loads: list[Load]

    @property
    def summary(self) -> str:
        """What was found, counted, in one sentence."""
        if not self.parts:
            return "It is retired: nobody needs to be on call here any more."
        counts = [part.counted for part in self.parts if part.count]
        if uneven := sum(1 for load in self.loads if load.more or load.less):
            counts.append(_counted(uneven, "unequal share"))
        return f"The next {self.days} days: {', '.join(counts) or 'nothing is wrong'}."


def of_plan_in_words(roster: Roster, coming: Sequence[Stretch], window: Window, *, layers: Sequence[Layer]) -> Findings:
    """What is found of ``roster`` within ``window`` if ``coming`` are its shifts from its beginning on.

    ``layers`` are those of the roster, with their members and calendars. Times are in the zone of the roster. Eight
    queries at most, however many people and layers there are.
    """
    if roster.retired_at is not None:
        return Findings(days=(window.end - window.start).days, wanted=[], parts=[], loads=[])
    report = of_plan(roster, coming, window, who_can_be_paged=reach.who_can_be_paged)
    [found] = report.rosters
    return Findings(
        days=(window.end - window.start).days,
        wanted=found.wanted,
        parts=list(_parts(found, report, layers, zone_or_utc(roster.time_zone))),
        loads=list(_loads(found, report)),
    )


def _parts(found: RosterCoverage, report: Report, layers: Sequence[Layer], zone: ZoneInfo) -> Iterator[Part]:
    empty = [layer.name for layer in layers if _is_empty(layer, report.window.start)]
    if empty:
        counted = _counted(len(empty), "layer without people", "layers without people")
        yield Part("Layers that nobody takes turns in", empty, counted)
    gaps = [f"{gap_in_words(gap, zone)} ({in_words(gap.missing)})" for gap in found.gaps]
    nothing = "None: somebody is on call whenever somebody should be."
    yield Part("Gaps", gaps, _counted(len(gaps), "gap"), nothing)
    too_few = [f"{shortage_in_words(gap, zone)} ({in_words(gap.missing)})" for gap in found.shortages]
    counted = _counted(len(too_few), "time with too few people", "times with too few people")
    yield Part("Fewer people than wanted", too_few, counted, "None: as many are on call as layers want at once.")
    points = [_sentence(weak_point_in_words(point, zone)) for point in found.weak_points]
    counted = _counted(len(points), "single point of failure", "single points of failure")
    yield Part("Single points of failure", points, counted, "None.")
    unreached = [str(each.person) for each in report.cannot_be_paged]
    counted = _counted(len(unreached), "person who cannot be paged", "people who cannot be paged")
    yield Part("Without a verified contact method", unreached, counted, "Everybody here can be paged.")
    strains = [f"{person}: {strain_in_words(strain, zone)}" for person, strain in report.strained]
    nothing = "Nobody is on call for too long, too soon after a night, or for too many nights."
    yield Part("Strain", strains, _counted(len(strains), "strain"), nothing)


def _is_empty(layer: Layer, now: datetime) -> bool:
    """Whether nobody takes turns in a layer that is not over."""
    calendar: CalendarSource | None = getattr(layer, "calendar", None)  # raises for a layer without one
    is_over = layer.ends_on is not None and layer.ends_on < now.date()
    return calendar is None and not is_over and not layer.members.all()


def _loads(found: RosterCoverage, report: Report) -> Iterator[Load]:
    """The loads, the largest first."""
    everything = sum((each.hours.total for each in report.people), timedelta()) or _HOUR
    for each in sorted(report.people, key=lambda each: each.hours.total, reverse=True):
        yield Load(
            person=each.person,
            hours=_in_hours(each.hours.total),
            nights=each.nights,
            weekends=_in_hours(each.hours.weekend),
            holidays=_in_hours(each.hours.holiday),
            percent=round(100 * (each.hours.total / everything)),
            more=[_times(share) for share in found.shares if share.person == each.person],
            less=list(_less(found, each)),
        )


def _less(found: RosterCoverage, each: PersonCoverage) -> Iterator[str]:
    if not each.hours.total:
        yield "no turn"
    yield from (_times(share) for share in found.small_shares if share.person == each.person)


def _times(share: Share[User]) -> str:
    """``1.8 × the nights``: of an equal share."""
    measure = "weekend hours" if share.measure == Measure.WEEKENDS else share.measure
    return f"{share.times:.1f} × the {measure}" if share.times >= LEAST_TOLD else f"none of the {measure}"


def _counted(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def _in_hours(length: timedelta) -> str:
    return f"{round(length / _HOUR)} h"


def _sentence(words: str) -> str:
    """With a capital letter, unless it begins with a name."""
    return f"O{words[1:]}" if words.startswith("only ") else words
