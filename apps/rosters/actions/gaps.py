"""Where nobody would be on call any more, or too few: found before a change is kept, which then takes a yes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from django.conf import settings
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q
from django.utils import timezone

from apps.core import clock
from apps.core.errors import Missing, RuleViolation
from apps.core.history import made_by
from apps.rosters import turn_taking
from apps.rosters.actions.shifts import lock, materialise
from apps.rosters.coverage import Seats, wanted_of
from apps.rosters.coverage.reading import seats_over_time, turns_of
from apps.rosters.coverage.seats import at_least, held_by, short
from apps.rosters.coverage.windows import within
from apps.rosters.models import Override, Roster
from apps.rosters.rules import FIRST_SEAT, Window, clipped, merged, outside
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.models import Team, User
from apps.teams.queries import responders

#: The field by which a request says yes to whatever gaps there are.
ACCEPT_GAPS = "accept_gaps"
#: So many gaps are named one by one to whoever is asked on a page.
NAMED = 10
#: So many entries the API lists at most; the last one counts what is left.
MOST_MISSING = 100
#: What a roster is called to whoever may not see it.
OF_ANOTHER_TEAM = "a roster of another team"
_FOR_EVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class NamedGap:
    """When fewer would hold the roster of that id than do now: None for one that is just being made.

    ``held`` of the ``wanted`` would, mostly nobody. ``end`` None: as far as shifts are planned. With ``team_id`` it is
    one of that team, which is left without a primary roster: that one was ``roster_id``. With ``stands_in``, a name,
    it is their override in ``seat``, which the roster would no longer have: that ends.
    """

    roster_id: int | None
    start: datetime
    end: datetime | None
    team_id: int | None = None
    held: int = 0
    wanted: int = 1
    stands_in: str = ""
    seat: int = 0

    @property
    def leaves_nobody(self) -> bool:
        """Whether nobody would be there."""
        return not self.held and not self.stands_in


class LeavesGap(RuleViolation):
    """What was wanted would leave nobody on call, or too few, and nothing of it was kept.

    ``gaps`` are what somebody has to say yes to; ``title`` and ``why`` say what they are of all together, ``sentences``
    the first NAMED of them in the active time zone, and how many more there are. ``missing`` tells at most MOST_MISSING
    in UTC with ACCEPT_GAPS as their gate.
    """

    def __init__(self, gaps: Sequence[NamedGap], called: Sequence[str]) -> None:
        """``called``: what the roster or team of each gap is called."""
        self.gaps = list(gaps)
        self.title, self.why = _all_together(gaps)
        named = list(zip(gaps, called, strict=True))
        self.sentences = _some([_in_words(gap, name) for gap, name in named], most=NAMED)
        missing = _some([_in_utc(gap, name) for gap, name in named], most=MOST_MISSING - 1)
        super().__init__(
            " ".join(self.sentences),
            missing=tuple(Missing(gate=ACCEPT_GAPS, item_id=None, text=text) for text in missing),
        )


class GapWatch:
    """Looks who is on call for rosters before they are written, and afterwards where nobody is any more, or too few."""

    def __init__(self, rosters: Iterable[int], *, by: User) -> None:
        """Lock ``rosters``, the ids of all that are to be written, with those that they stand in for; ``by`` writes."""
        self._by = by
        self._was = {roster.pk: roster for roster in lock(rosters)}
        self._now = clock.now()
        self._before = {pk: _held(roster, self._now) for pk, roster in self._was.items()}
        self._horizon = Window(self._now, self._now + settings.ROSTER_HORIZON)
        self._seats = seats_over_time(self._was, self._horizon) if self._in_later_seats() else {}

    def made(self, *, new: Roster | None = None) -> list[NamedGap]:
        """Every gap that was made since; of a roster that became primary, or ``new`` and is, each one that it has.

        Overrides in a seat that a roster has no longer are ended, and are among them.
        """
        found = Roster.objects.in_bulk(self._was)
        rosters = [found[pk] for pk in sorted(found)]
        ended = self._ended(rosters)
        gaps = [gap for roster in rosters for gap in self._of(roster)]
        if new is not None and new.is_primary:
            gaps += _new_gaps(_held(new, self._now), self._passed(), now=self._now, called=None)
        return gaps + self._of_teams(rosters) + ended

    def refuse(self, made: Sequence[NamedGap], accepted: Collection[NamedGap]) -> None:
        """Raise LeavesGap with all of ``made`` if one of them is not among ``accepted``."""
        if not all(_is_among(gap, accepted) for gap in made):
            raise asked_about(made, by=self._by)

    def _of(self, roster: Roster) -> list[NamedGap]:
        if roster.stands_in_for_id is not None:
            return []  # what it leaves, the roster for which it stands in covers, or has a gap there itself
        was = self._was[roster.pk]
        became_primary = roster.is_primary and (not was.is_primary or was.team_id != roster.team_id)
        before = self._before[roster.pk]
        uncovered_before = self._passed() if became_primary else _uncovered(before, self._now)
        after = _held(roster, self._now)
        gaps = _new_gaps(after, uncovered_before, now=self._now, called=roster.pk)
        return gaps + _newly_short(roster, before, after, now=self._now)

    def _in_later_seats(self) -> list[Override]:
        """The overrides that are not over and not of the first seat, with their people."""
        found = Override.objects.filter(roster__in=self._was, during__endswith__gt=self._now).exclude(seat=FIRST_SEAT)
        return list(found.select_related("person").order_by("during", "pk"))

    def _ended(self, rosters: Iterable[Roster]) -> list[NamedGap]:
        """End the overrides whose seat went with what was written, and tell which they are."""
        in_use = {roster.pk: roster for roster in rosters if roster.retired_at is None}
        if not self._seats or not in_use:
            return []
        seats = seats_over_time(in_use, self._horizon)
        later = [each for each in self._in_later_seats() if each.roster_id in in_use]
        gone = [(each, at) for each in later if (at := self._without_seat_from(each, seats[each.roster_id]))]
        named = [
            NamedGap(
                each.roster_id, each.start if at <= self._now else at, each.end, stands_in=str(each.person),
                seat=each.seat,
            )
            for each, at in gone
        ]  # fmt: skip
        for each, at in gone:
            made_by(each, self._by)
            if at <= max(each.start, self._now):
                each.delete()
            else:
                each.during = DateTimeTZRange(each.start, at)
                each.save(update_fields=["during"])
        for pk in sorted({each.roster_id for each, _ in gone}):
            materialise(in_use[pk])
        return named

    def _without_seat_from(self, override: Override, seats: Iterable[Seats]) -> datetime | None:
        """From when on there is no seat as ``seats`` have it in which ``override`` is to come, though there was."""
        coming = Window(max(override.start, self._now), override.end)
        had = within(at_least(self._seats[override.roster_id], override.seat + 1), coming)
        lost = next(outside(had, at_least(seats, override.seat + 1)), None)
        return lost.start if lost else None

    def _of_teams(self, rosters: Iterable[Roster]) -> list[NamedGap]:
        """The teams that have no primary roster any more though theirs was not retired; that is asked by its gaps."""
        left = {
            was.team_id: roster.pk
            for roster in rosters
            for was in [self._was[roster.pk]]
            if was.is_primary and was.retired_at is None and roster.retired_at is None
            if not roster.is_primary or roster.team_id != was.team_id
        }
        if not left:
            return []
        primary = Roster.objects.filter(team__in=left, is_primary=True, retired_at=None).values_list("team", flat=True)
        without = sorted(left.keys() - set(primary))
        return [NamedGap(left[team], self._now, None, team_id=team) for team in without]

    def _passed(self) -> list[Window]:
        """The time that the writing took: nobody can be on call then any more."""
        return [Window(self._now, max(self._now, clock.now()))]


@contextmanager
def refusing_gaps(
    rosters: Iterable[int], *, by: User, accepted: Collection[NamedGap] = (), accepts_all: bool = False
) -> Iterator[list[NamedGap]]:
    """Carry out the block, and roll it back if it leaves nobody on call at a time that is not among ``accepted``.

    ``rosters`` are the ids of all that the block writes, with those that they stand in for: they are locked first.
    Once the block is done, what it yields lists every gap that it made. Raises LeavesGap with all of them, in the
    words of ``by``: a roster that they may not see is called one of another team.
    """
    with transaction.atomic():
        watch = GapWatch(rosters, by=by)
        made: list[NamedGap] = []
        yield made
        made += watch.made()
        if not accepts_all:
            watch.refuse(made, accepted)


def asked_about(gaps: Sequence[NamedGap], *, by: User) -> LeavesGap:
    """What asks ``by`` about ``gaps``: a roster that they may not see is called one of another team."""
    return LeavesGap(gaps, _called(gaps, by))


def rosters_in_words(gaps: Iterable[NamedGap], *, by: User) -> str:
    """The rosters of ``gaps`` as ``by`` may call them, each once, by name."""
    return ", ".join(sorted(set(_called(list(gaps), by))))


def _new_gaps(after: Iterable[Seats], before: Iterable[Window], *, now: datetime, called: int | None) -> list[NamedGap]:
    """What is uncovered ``after`` and was not ``before``, as gaps of the roster of the id ``called``."""
    empty = _uncovered(after, now)
    found = [NamedGap(called, gap.start, gap.end) for gap in outside(empty, list(before))]
    return _going_on(found, empty, now)


def _newly_short(roster: Roster, before: Sequence[Seats], after: Sequence[Seats], *, now: datetime) -> list[NamedGap]:
    """When somebody is there ``after``, but fewer than ``before`` and than are wanted."""
    fewer = [each for each in after for _ in within(at_least(before, each.count + 1), each)]
    if not fewer:
        return []
    looked_at = Window(now, now + settings.ROSTER_HORIZON)
    found: list[NamedGap] = []
    short_times = list(short(wanted_of([roster], looked_at)[roster.pk], after))
    for held, wanted in sorted({(each.held, each.wanted) for each in short_times}):
        those = merged(each for each in short_times if (each.held, each.wanted) == (held, wanted))
        new = [part for each in those for part in within(at_least(before, held + 1), each)]
        named = [NamedGap(roster.pk, each.start, each.end, held=held, wanted=wanted) for each in new]
        found += _going_on(named, those, now)
    return sorted(found, key=lambda gap: gap.start)


def _going_on(found: Sequence[NamedGap], after: Iterable[Window], now: datetime) -> list[NamedGap]:
    """``found``, but what goes on as far as ``after`` is looked is one that has no end."""
    ends = now + settings.ROSTER_HORIZON
    for_good = max((each.start for each in after if each.end == ends), default=ends)
    goes_on = [replace(gap, end=None) for gap in found if gap.start >= for_good]
    return [gap for gap in found if gap.start < for_good] + goes_on[:1]


def _held(roster: Roster, now: datetime) -> list[Seats]:
    """How many people who respond hold ``roster`` from ``now`` on, by its stored shifts."""
    looked_at = Window(now, now + settings.ROSTER_HORIZON)
    held = held_by(turns_of([roster], looked_at, of=responders())[roster.pk].values())
    return list(clipped(held, looked_at))


def _uncovered(held: Iterable[Seats], now: datetime) -> list[Window]:
    return list(outside([Window(now, now + settings.ROSTER_HORIZON)], at_least(held, 1)))


def _is_among(gap: NamedGap, accepted: Collection[NamedGap]) -> bool:
    same = (each for each in accepted if _of_what(each) == _of_what(gap))
    times = sorted((_window(each) for each in same if each.held <= gap.held), key=lambda each: each.start)
    return not list(outside([_window(gap)], times))


def _of_what(gap: NamedGap) -> tuple[int | None, int | None, str, int]:
    return gap.roster_id, gap.team_id, gap.stands_in, gap.seat


def _window(gap: NamedGap) -> Window:
    return Window(gap.start, gap.end or _FOR_EVER)


def _called(gaps: Sequence[NamedGap], by: User) -> list[str]:
    """What the roster or team of each of ``gaps`` is called to ``by``. One query, and one more where it is a team."""
    known = turn_taking.has_turns_of(by) | Q(team__in=access.team_ids(by, Permission.VIEW))
    ids = {gap.roster_id for gap in gaps if gap.roster_id is not None}
    seen = {roster.pk: str(roster) for roster in Roster.objects.filter(known, pk__in=ids)}
    of_teams = {gap.team_id for gap in gaps if gap.team_id is not None}
    teams = Team.objects.in_bulk(of_teams) if of_teams else {}

    def name(gap: NamedGap) -> str:
        if gap.team_id is not None:
            return str(teams[gap.team_id])
        return "the new roster" if gap.roster_id is None else seen.get(gap.roster_id, OF_ANOTHER_TEAM)

    return [name(gap) for gap in gaps]


def _some(sentences: Sequence[str], *, most: int) -> list[str]:
    """The first ``most`` of ``sentences``, and how many there are besides."""
    left = len(sentences) - most
    return [*sentences[:most], *([f"And {left} more such time{'' if left == 1 else 's'}."] if left > 0 else [])]


def _in_words(gap: NamedGap, name: str) -> str:
    if gap.team_id is not None:
        return _of_team(name)
    start = f"{timezone.localtime(gap.start):%a %d %b %H:%M}"
    until = "on" if gap.end is None else f"to {timezone.localtime(gap.end):%a %d %b %H:%M}"
    return _sentence(gap, name, f"{start} {until}")


def _in_utc(gap: NamedGap, name: str) -> str:
    if gap.team_id is not None:
        return _of_team(name)
    until = "on, UTC" if gap.end is None else f"to {gap.end.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return _sentence(gap, name, f"{gap.start.astimezone(UTC):%Y-%m-%d %H:%M} {until}")


def _sentence(gap: NamedGap, name: str, time: str) -> str:
    if gap.stands_in:
        who = "somebody" if name == OF_ANOTHER_TEAM else gap.stands_in
        return f"There would be no seat {gap.seat + 1} of {name}, in which {who} stands in from {time}."
    who = f"Only {gap.held} of {gap.wanted}" if gap.held else "Nobody"
    return f"{who} would be on call for {name} from {time}."


def _all_together(gaps: Iterable[NamedGap]) -> tuple[str, str]:
    """What is asked about, in a few words, and why."""
    kinds = {"nobody" if gap.leaves_nobody else "fewer" for gap in gaps}
    if kinds == {"fewer"}:
        return "Fewer people would be on call", "More people are on call then now."
    would_be = "nobody would be" if kinds == {"nobody"} else "nobody would be, or fewer"
    return "Nobody would be on call", f"Somebody is on call then now, and {would_be}."


def _of_team(name: str) -> str:
    return f"Nobody would be on call for the team {name}: it would have no primary roster."
