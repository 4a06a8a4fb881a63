"""The report on coverage: what is missing in rosters, on whom they hang, and what that asks of people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import chain

from django.db.models import QuerySet

from apps.core.business_calendar import holiday_names
from apps.core.zones import zone_or_utc
from apps.rosters.coverage import reading, windows
from apps.rosters.coverage.gaps import Gap, gaps, shortages
from apps.rosters.coverage.hours import Almanac, Hours
from apps.rosters.coverage.reach import WhoCanBePaged, active
from apps.rosters.coverage.reading import Facts
from apps.rosters.coverage.seats import Seats, at_least, held_by
from apps.rosters.coverage.shares import Share, too_large, too_small
from apps.rosters.coverage.strain import NIGHTS_WITHIN, Strain, strains
from apps.rosters.models import Roster
from apps.rosters.rules import Stretch, Window, clipped, merged
from apps.teams.models import User
from apps.teams.queries import responders


class WeakPointKind(StrEnum):
    ONLY_ONE = "only_one"
    LEFT = "left"
    CANNOT_BE_PAGED = "cannot_be_paged"


@dataclass(frozen=True, slots=True)
class WeakPoint:
    """A single point of failure. ONLY_ONE: of all who are in the roster, ``person`` alone can be paged.

    LEFT: ``person`` is named in a layer, or its calendar, and not active or responds for no team any more, so that
    nobody holds what is theirs. CANNOT_BE_PAGED: they hold a seat and nothing reaches them; from ``turns`` one sees
    when, for the first time and the last.
    """

    kind: WeakPointKind
    person: User
    turns: tuple[Window, ...] = ()

    @property
    def length(self) -> timedelta:
        """How long they hold it."""
        return windows.total(self.turns)


@dataclass(frozen=True, slots=True)
class RosterCoverage:
    """How a roster is covered: how many are wanted when, when nobody is there, on whom it hangs, and how it is shared.

    ``shortages`` are when somebody is there, but fewer than are wanted; ``shares`` those that are too large,
    ``small_shares`` those that are too small.
    """

    roster: Roster
    wanted: list[Seats]
    gaps: list[Gap]
    shortages: list[Gap]
    weak_points: list[WeakPoint]
    shares: list[Share[User]]
    small_shares: list[Share[User]]

    @property
    def missing(self) -> timedelta:
        """How long nobody is there while somebody should be."""
        return sum((gap.missing for gap in self.gaps), timedelta())


@dataclass(frozen=True, slots=True)
class PersonCoverage:
    """What being on call asks of a person, over all the rosters of the report; two at the same time count once."""

    person: User
    rosters: list[Roster]
    hours: Hours
    nights: int
    strains: list[Strain]
    can_be_paged: bool


@dataclass(frozen=True, slots=True)
class Report:
    """How rosters are covered within ``window``: they by team and name, people by name."""

    window: Window
    rosters: list[RosterCoverage]
    people: list[PersonCoverage]

    @property
    def gaps(self) -> list[tuple[Roster, Gap]]:
        """Every gap, the earliest first."""
        return _by_start((each.roster, gap) for each in self.rosters for gap in each.gaps)

    @property
    def shortages(self) -> list[tuple[Roster, Gap]]:
        """Every time at which fewer are there than are wanted, the earliest first."""
        return _by_start((each.roster, gap) for each in self.rosters for gap in each.shortages)

    @property
    def weak_points(self) -> list[tuple[Roster, WeakPoint]]:
        """Every single point of failure, by roster."""
        return [(each.roster, point) for each in self.rosters for point in each.weak_points]

    @property
    def cannot_be_paged(self) -> list[PersonCoverage]:
        """Who is in a roster and active, and has no contact method by which they can be paged."""
        return [each for each in self.people if each.person.is_active and not each.can_be_paged]

    @property
    def strained(self) -> list[tuple[User, Strain]]:
        """Who is on call without a break, with too little rest or too many nights."""
        return [(each.person, strain) for each in self.people for strain in each.strains]


def of_rosters(rosters: QuerySet[Roster], window: Window, *, who_can_be_paged: WhoCanBePaged = active) -> Report:
    """Report on those of ``rosters`` that are in use; retired ones are none of the report.

    Seven queries at most, and those of ``who_can_be_paged``, however many rosters and people there are. Shifts are
    planned as far as ``settings.ROSTER_HORIZON``: beyond it everything would be a gap.
    """
    turns_in = Window(window.start - NIGHTS_WITHIN, window.end)
    return _of_facts(reading.read(rosters, window, turns_in=turns_in), window, turns_in, who_can_be_paged)


def of_plan(
    roster: Roster, coming: Sequence[Stretch], window: Window, *, who_can_be_paged: WhoCanBePaged = active
) -> Report:
    """Report on ``roster`` as it would be if ``coming`` were its shifts from the beginning of ``window`` on.

    What it wants, and who is in its layers, is read from its rows, and who held it before from its shifts. Six
    queries at most, and those of ``who_can_be_paged``. A retired roster wants nobody.
    """
    turns_in = Window(window.start - NIGHTS_WITHIN, window.end)
    return _of_facts(reading.of_plan(roster, coming, window, turns_in=turns_in), window, turns_in, who_can_be_paged)


def _of_facts(facts: Facts, window: Window, turns_in: Window, who_can_be_paged: WhoCanBePaged) -> Report:
    reached = {person.pk for person in who_can_be_paged(facts.people.values())}
    almanacs = _almanacs(facts, turns_in)
    return Report(
        window=window,
        rosters=[_of_roster(roster, facts, window, reached, almanacs) for roster in facts.rosters],
        people=list(_of_people(facts, window, reached, almanacs)),
    )


def gaps_of(rosters: QuerySet[Roster], window: Window) -> list[tuple[Roster, list[Gap]]]:
    """The gaps, and then the shortages, of those of ``rosters`` that are in use and have any.

    Four queries, however many rosters there are, and one for calendars. What somebody holds who cannot be on call any
    more is held by nobody, also before ``window``. Who held a roster up to NIGHTS_WITHIN before that is known to each
    gap (``since``).
    """
    listed = reading.in_use(rosters)
    turns = reading.turns_of(listed, Window(window.start - NIGHTS_WITHIN, window.end), of=responders())
    wanted = reading.wanted_of(listed, window)
    found = ((roster, [*chain(*_missing(wanted[roster.pk], turns[roster.pk], window))]) for roster in listed)
    return [(roster, missing) for roster, missing in found if missing]


def enough_until(roster: Roster, at: datetime, *, count: int) -> datetime | None:
    """When so many people held ``roster`` at once last before ``at``; None: they never did. All its shifts are read."""
    first = roster.shifts.filter(during__startswith__lt=at).order_by("during__startswith").first()
    if first is None:
        return None
    before = Window(first.start, at)
    held = held_by(reading.turns_of([roster], before, of=responders())[roster.pk].values())
    enough = at_least(clipped(held, before), count)
    return enough[-1].end if enough else None


def _missing(wanted: Sequence[Seats], turns: Mapping[int, list[Window]], window: Window) -> tuple[list[Gap], list[Gap]]:
    """The gaps, and the shortages."""
    held = held_by(turns.values())
    return gaps(wanted, at_least(held, 1), window), shortages(wanted, held, window)


def _by_start(found: Iterable[tuple[Roster, Gap]]) -> list[tuple[Roster, Gap]]:
    return sorted(found, key=lambda pair: (pair[1].start, pair[0].pk))


def _of_roster(
    roster: Roster, facts: Facts, window: Window, reached: set[int], almanacs: Mapping[int, Almanac]
) -> RosterCoverage:
    turns, wanted = facts.turns[roster.pk], facts.wanted[roster.pk]
    coming = {person: within for person, held in turns.items() if (within := windows.within(held, window))}
    by_person = {facts.people[person]: held for person, held in coming.items()}
    of_each = {person: almanacs[person.pk] for person in by_person}
    nobody, too_few = _missing(wanted, {person: turns[person] for person in turns.keys() & facts.able}, window)
    return RosterCoverage(
        roster=roster,
        wanted=wanted,
        gaps=nobody,
        shortages=too_few,
        weak_points=list(_weak_points(coming, facts.members[roster.pk], facts, reached)),
        shares=too_large(by_person, of_each),
        small_shares=too_small(by_person, of_each),
    )


def _weak_points(
    turns: Mapping[int, list[Window]], members: set[int], facts: Facts, reached: set[int]
) -> Iterator[WeakPoint]:
    in_it = sorted((members | turns.keys()) & reached & facts.able)
    if len(in_it) == 1:
        yield WeakPoint(WeakPointKind.ONLY_ONE, facts.people[in_it[0]])
    for person, held in turns.items():
        if person in facts.able - reached:
            yield WeakPoint(WeakPointKind.CANNOT_BE_PAGED, facts.people[person], tuple(merged(held)))
    for person in sorted((members | turns.keys()) - facts.able):
        yield WeakPoint(WeakPointKind.LEFT, facts.people[person])


def _of_people(
    facts: Facts, window: Window, reached: set[int], almanacs: Mapping[int, Almanac]
) -> Iterator[PersonCoverage]:
    turns: dict[int, list[Window]] = defaultdict(list)
    rosters: dict[int, list[Roster]] = defaultdict(list)
    for roster in facts.rosters:
        held = facts.turns[roster.pk]
        for pk, own in held.items():
            turns[pk] += own
        coming = {pk for pk, own in held.items() if own[-1].end > window.start}
        for pk in coming | facts.members[roster.pk]:
            rosters[pk].append(roster)
    for person in sorted((facts.people[pk] for pk in rosters), key=lambda person: (str(person).lower(), person.pk)):
        almanac, stretches = almanacs[person.pk], merged(turns[person.pk])
        coming_turns = windows.within(stretches, window)
        yield PersonCoverage(
            person=person,
            rosters=rosters[person.pk],
            hours=almanac.hours(coming_turns),
            nights=len(almanac.nights(coming_turns)),
            strains=strains(stretches, almanac, since=window.start),
            can_be_paged=person.pk in reached,
        )


def _almanacs(facts: Facts, window: Window) -> dict[int, Almanac]:
    """The almanac of each person by their id; people of the same zone and holidays share one.

    It reaches as far back as the earliest turn, which may have begun before ``window``.
    """
    starts = (held[0].start for of_roster in facts.turns.values() for held in of_roster.values())
    ends = (held[-1].end for of_roster in facts.turns.values() for held in of_roster.values())
    reach = Window(min([window.start, *starts]), max([window.end, *ends]))
    made: dict[tuple[str, str], Almanac] = {}
    for person in facts.people.values():
        key = person.time_zone, person.holidays_of
        if key not in made:
            made[key] = almanac_of(*key, reach)
    return {person.pk: made[person.time_zone, person.holidays_of] for person in facts.people.values()}


def almanac_of(time_zone: str, holidays_of: str, window: Window) -> Almanac:
    """The almanac of whoever lives in that zone and keeps the public holidays of that place (``holiday_names``)."""
    zone = zone_or_utc(time_zone)
    first, last = window.start.date() - timedelta(days=2), window.end.date() + timedelta(days=2)
    return Almanac(zone, window, holiday_names(holidays_of, first=first, last=last))
