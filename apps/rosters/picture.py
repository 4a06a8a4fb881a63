"""Shifts drawn as weeks: what each layer says, and who is on call in the end. Plain values for a template to draw."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import chain, pairwise
from zoneinfo import ZoneInfo

from apps.core.walltime import instant
from apps.rosters.coverage.seats import Seats
from apps.rosters.models import ShiftSource
from apps.rosters.rules import Span, Stretch, Window, clipped, merged
from apps.teams.models import User

#: So many colours tell people apart; the next person has the first again.
COLOURS = 10
#: A bar of so many percent of a week has room for these.
ROOM_FOR_A_NAME, ROOM_FOR_A_FIRST_NAME, ROOM_FOR_INITIALS = 14.0, 4.5, 2.0
A_DAY, A_WEEK = timedelta(days=1), timedelta(days=7)


class Nobody(StrEnum):
    """Why nobody is there: somebody is missing, nobody is wanted, or nothing is planned yet."""

    MISSING = "nobody"
    UNWANTED = "unwanted"
    UNPLANNED = "unplanned"


_IN_WORDS = {Nobody.MISSING: "Nobody", Nobody.UNWANTED: "Not needed", Nobody.UNPLANNED: "Not planned yet"}


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of somebody within one week, or of nobody; ``x`` and ``width`` in percent as SVG writes them.

    ``nobody`` tells of one of nobody why.
    """

    x: str
    width: str
    person: User | None
    colour: int
    start: datetime
    end: datetime
    is_exception: bool
    nobody: Nobody = Nobody.MISSING

    @property
    def who(self) -> str:
        """Who is there, in words; of nobody, why."""
        return str(self.person) if self.person else _IN_WORDS[self.nobody]

    @property
    def label(self) -> str:
        """As much of ``who`` as there is room for in the bar."""
        share = float(self.width.rstrip("%"))
        if share >= ROOM_FOR_A_NAME:
            return self.who
        if self.nobody is not Nobody.MISSING or share < ROOM_FOR_INITIALS:
            return ""
        names = self.who.split()
        return names[0] if share >= ROOM_FOR_A_FIRST_NAME else "".join(name[0] for name in names)


@dataclass(frozen=True, slots=True)
class Lane:
    """One line of a week: a seat of a layer, or of the result."""

    name: str
    bars: list[Bar]
    is_result: bool


@dataclass(frozen=True, slots=True)
class Day:
    """A local day: where it begins, and whether it is a day of the weekend, a holiday, or today."""

    day: date
    x: str
    width: str
    is_weekend: bool
    holiday: str
    is_today: bool


@dataclass(frozen=True, slots=True)
class Week:
    """Seven local days with their lanes, the layers from the highest down and then the result."""

    days: list[Day]
    lanes: list[Lane]


@dataclass(frozen=True, slots=True)
class Row:
    """What is drawn as lanes, one a seat: the stretches of a layer, or of the result.

    ``goes_on``: beyond what is planned there will be more of it.
    """

    name: str
    stretches: Sequence[Stretch]
    is_result: bool = False
    goes_on: bool = True


@dataclass(frozen=True, slots=True)
class Picture:
    """Weeks, and the people in them with their colours in the order in which they come up."""

    weeks: list[Week]
    people: list[tuple[User, int]]

    @property
    def leaves_out(self) -> bool:
        """Whether there is time in it at which nobody is wanted."""
        return self._has(Nobody.UNWANTED)

    @property
    def looks_beyond(self) -> bool:
        """Whether there is time in it of which nothing is planned yet."""
        return self._has(Nobody.UNPLANNED)

    def _has(self, nobody: Nobody) -> bool:
        return any(bar.nobody is nobody for week in self.weeks for lane in week.lanes for bar in lane.bars)


def drawn(
    rows: Sequence[Row],
    *,
    first: date,
    weeks: int,
    zone: ZoneInfo,
    people: Mapping[int, User],
    now: datetime,
    holidays: Mapping[date, str] | None = None,
    says_nobody: bool = True,
    wanted: Sequence[Seats] | None = None,
    planned_until: datetime | None = None,
) -> Picture:
    """The picture of ``weeks`` weeks from the local day ``first`` on in ``zone``; ``people`` by their ids.

    Where fewer hold the result than are ``wanted`` a bar without a person in each seat that is missing says so, from
    ``now`` on, unless ``says_nobody`` is off: then only some people are drawn. Without ``wanted`` it is one, always.
    After ``planned_until``, where that is known, a bar in each lane that goes on says that nothing is planned yet.
    """
    order = dict.fromkeys(each.person for row in rows for each in sorted(row.stretches, key=lambda each: each.start))
    colours = {person: number % COLOURS for number, person in enumerate(order)}
    draw = _Drawing(
        zone=zone,
        people=people,
        colours=colours,
        now=now,
        holidays=holidays or {},
        says_nobody=says_nobody,
        wanted=wanted,
        planned_until=planned_until,
    )
    return Picture(
        weeks=[draw.week(first + number * A_WEEK, rows) for number in range(weeks)],
        people=[(people[person], colour) for person, colour in colours.items() if person in people],
    )


@dataclass(frozen=True, slots=True)
class _Drawing:
    zone: ZoneInfo
    people: Mapping[int, User]
    colours: Mapping[int, int]
    now: datetime
    holidays: Mapping[date, str]
    says_nobody: bool
    wanted: Sequence[Seats] | None
    planned_until: datetime | None

    def week(self, first: date, rows: Sequence[Row]) -> Week:
        bounds = [instant(first + number * A_DAY, time(0), self.zone) for number in range(8)]
        window = Window(bounds[0], bounds[7])
        today = self.now.astimezone(self.zone).date()
        days = [
            Day(
                day=day,
                x=_percent(bounds[number] - window.start, window),
                width=_percent(bounds[number + 1] - bounds[number], window),
                is_weekend=day.weekday() >= 5,
                holiday=self.holidays.get(day, ""),
                is_today=day == today,
            )
            for number, day in enumerate(first + number * A_DAY for number in range(7))
        ]
        return Week(days=days, lanes=[lane for row in rows for lane in self._lanes(row, window)])

    def _lanes(self, row: Row, window: Window) -> Iterator[Lane]:
        drawn = [each for each in row.stretches if each.start < window.end and window.start < each.end]
        by_seat: dict[int, list[Bar]] = {0: []} if row.is_result else {}
        for stretch in drawn:
            by_seat.setdefault(stretch.seat, []).append(self._bar(stretch, window))
        if row.is_result and self.says_nobody:
            for seat, bars in self._of_nobody(drawn, window).items():
                by_seat.setdefault(seat, []).extend(bars)
        if row.goes_on and self.planned_until is not None and self.planned_until < window.end:
            beyond = Window(max(self.planned_until, window.start), window.end)
            by_seat = by_seat or {0: []}
            for bars in by_seat.values():
                bars.append(self._nobody(beyond, window, Nobody.UNPLANNED))
        for seat, bars in sorted(by_seat.items()):
            bars.sort(key=lambda bar: bar.start)
            yield Lane(row.name if seat == 0 else f"{row.name}, seat {seat + 1}", bars, row.is_result)

    def _bar(self, stretch: Stretch, window: Window) -> Bar:
        start, end = max(stretch.start, window.start), min(stretch.end, window.end)
        return Bar(
            x=_percent(start - window.start, window),
            width=_percent(end - start, window),
            person=self.people.get(stretch.person),
            colour=self.colours[stretch.person],
            start=stretch.start,
            end=stretch.end,
            is_exception=stretch.source != ShiftSource.LAYER,
        )

    def _of_nobody(self, drawn: Sequence[Stretch], window: Window) -> dict[int, list[Bar]]:
        """A bar in each seat that is missing, by the seat; and in the first where nobody is there nor wanted."""
        coming = Window(max(window.start, self.now), min(window.end, self.planned_until or window.end))
        wanted = [Seats(window.start, window.end, 1)] if self.wanted is None else self.wanted
        missing: dict[int, list[Window]] = defaultdict(list)
        unwanted: list[Window] = []
        for part, held, count in _parts(drawn, wanted, coming):
            if not held and not count:
                unwanted.append(part)
            for seat in [seat for seat in range(count) if seat not in held][: max(count - len(held), 0)]:
                missing[seat].append(part)
        bars = {
            seat: [self._nobody(each, window, Nobody.MISSING) for each in merged(parts)]
            for seat, parts in missing.items()
        }
        bars.setdefault(0, []).extend(self._nobody(each, window, Nobody.UNWANTED) for each in merged(unwanted))
        return bars

    def _nobody(self, gap: Window, window: Window, nobody: Nobody) -> Bar:
        return Bar(
            x=_percent(gap.start - window.start, window),
            width=_percent(gap.end - gap.start, window),
            person=None,
            colour=0,
            start=gap.start,
            end=gap.end,
            is_exception=False,
            nobody=nobody,
        )


def _parts(drawn: Iterable[Stretch], wanted: Iterable[Seats], window: Window) -> Iterator[tuple[Window, set[int], int]]:
    """Yield the parts of ``window`` in which nothing changes, with the seats that are held and how many are wanted."""
    stretches, counts = list(clipped(drawn, window)), list(clipped(wanted, window))
    lasting: Iterable[Span] = chain([window] if window.start < window.end else [], stretches, counts)
    for start, end in pairwise(sorted({at for each in lasting for at in (each.start, each.end)})):
        held = {each.seat for each in stretches if each.start <= start < each.end}
        yield Window(start, end), held, sum(each.count for each in counts if each.start <= start < each.end)


def week_of(at: datetime, zone: ZoneInfo) -> date:
    """The Monday of the local week of ``at``."""
    day = at.astimezone(UTC).astimezone(zone).date()
    return day - day.weekday() * A_DAY


def _percent(part: timedelta, window: Window) -> str:
    return f"{100 * (part / (window.end - window.start)):.3f}%"
