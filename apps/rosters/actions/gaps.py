"""Where nobody would be on call any more: found before a change is kept, and kept only once somebody said yes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.core import clock
from apps.core.errors import Missing, RuleViolation
from apps.rosters import turn_taking
from apps.rosters.actions.shifts import lock
from apps.rosters.models import Roster
from apps.rosters.rules import Window, outside
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
_FOR_EVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class NamedGap:
    """When nobody would hold the first seat of the roster of that id, None for one that is just being made.

    ``end`` None: as far as shifts are planned. With ``team_id`` it is one of that team, which is left without a
    primary roster: that one was ``roster_id``.
    """

    roster_id: int | None
    start: datetime
    end: datetime | None
    team_id: int | None = None


class LeavesGap(RuleViolation):
    """What was wanted would leave nobody on call, and nothing of it was kept.

    ``gaps`` are what somebody has to say yes to, ``sentences`` say the first NAMED of them in the active time zone and
    count the others, ``missing`` tells at most MOST_MISSING in UTC with ACCEPT_GAPS as their gate.
    """

    def __init__(self, gaps: Sequence[NamedGap], called: Sequence[str]) -> None:
        """``called``: what the roster or team of each gap is called."""
        self.gaps = list(gaps)
        named = list(zip(gaps, called, strict=True))
        self.sentences = _some([_in_words(gap, name) for gap, name in named], most=NAMED)
        missing = _some([_in_utc(gap, name) for gap, name in named], most=MOST_MISSING - 1)
        super().__init__(
            " ".join(self.sentences),
            missing=tuple(Missing(gate=ACCEPT_GAPS, item_id=None, text=text) for text in missing),
        )


def uncovered(roster: Roster, *, now: datetime) -> list[Window]:
    """When nobody who responds holds the first seat of ``roster`` within the horizon, by its stored shifts."""
    shifts = roster.shifts.filter(seat=0, during__endswith__gt=now, person__in=responders()).order_by("during")
    held = [Window(shift.start, shift.end) for shift in shifts]
    return list(outside([Window(now, now + settings.ROSTER_HORIZON)], held))


def newly_uncovered(before: Iterable[Window], after: Iterable[Window]) -> list[Window]:
    """What is in ``after`` and was not in ``before``; both in order."""
    return list(outside(after, list(before)))


class GapWatch:
    """Looks who is on call for rosters before they are written, and afterwards where nobody is any more."""

    def __init__(self, rosters: Iterable[int], *, by: User) -> None:
        """Lock ``rosters``, the ids of all that are to be written, with those that they stand in for; ``by`` writes."""
        self._by = by
        self._was = {roster.pk: roster for roster in lock(rosters)}
        self._now = clock.now()
        self._before = {pk: uncovered(roster, now=self._now) for pk, roster in self._was.items()}

    def made(self, *, new: Roster | None = None) -> list[NamedGap]:
        """Every gap that was made since; of a roster that became primary, or ``new`` and is, each one that it has."""
        found = Roster.objects.in_bulk(self._was)
        rosters = [found[pk] for pk in sorted(found)]
        gaps = [gap for roster in rosters for gap in self._of(roster)]
        if new is not None and new.is_primary:
            gaps += _new_gaps(new, self._passed(), now=self._now, called=None)
        return gaps + self._of_teams(rosters)

    def refuse(self, made: Sequence[NamedGap], accepted: Collection[NamedGap]) -> None:
        """Raise LeavesGap with all of ``made`` if one of them is not among ``accepted``."""
        if not all(_is_among(gap, accepted) for gap in made):
            raise LeavesGap(made, _called(made, self._by))

    def _of(self, roster: Roster) -> list[NamedGap]:
        if roster.stands_in_for_id is not None:
            return []  # what it leaves, the roster for which it stands in covers, or has a gap there itself
        was = self._was[roster.pk]
        became_primary = roster.is_primary and (not was.is_primary or was.team_id != roster.team_id)
        before = self._passed() if became_primary else self._before[roster.pk]
        return _new_gaps(roster, before, now=self._now, called=roster.pk)

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


def rosters_in_words(gaps: Iterable[NamedGap], *, by: User) -> str:
    """The rosters of ``gaps`` as ``by`` may call them, each once, by name."""
    return ", ".join(sorted(set(_called(list(gaps), by))))


def _new_gaps(roster: Roster, before: Iterable[Window], *, now: datetime, called: int | None) -> list[NamedGap]:
    """What is uncovered and was not ``before``, as gaps of the roster of the id ``called``."""
    ends = now + settings.ROSTER_HORIZON
    after = uncovered(roster, now=now)
    for_good = max((each.start for each in after if each.end == ends), default=ends)
    found = newly_uncovered(before, after)
    gaps = [NamedGap(called, gap.start, gap.end) for gap in found if gap.start < for_good]
    goes_on = [NamedGap(called, gap.start, None) for gap in found if gap.start >= for_good]
    return gaps + goes_on[:1]


def _is_among(gap: NamedGap, accepted: Collection[NamedGap]) -> bool:
    of_it = (each for each in accepted if (each.roster_id, each.team_id) == (gap.roster_id, gap.team_id))
    same = sorted((_window(each) for each in of_it), key=lambda each: each.start)
    return not list(outside([_window(gap)], same))


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
        return "the new roster" if gap.roster_id is None else seen.get(gap.roster_id, "a roster of another team")

    return [name(gap) for gap in gaps]


def _some(sentences: Sequence[str], *, most: int) -> list[str]:
    """The first ``most`` of ``sentences``, and how many there are besides."""
    left = len(sentences) - most
    return [*sentences[:most], *([f"And {left} more such time{'' if left == 1 else 's'}."] if left > 0 else [])]


def _in_words(gap: NamedGap, name: str) -> str:
    if gap.team_id is not None:
        return _of_team(name)
    start = f"{timezone.localtime(gap.start):%a %d %b %H:%M}"
    if gap.end is None:
        return f"Nobody would be on call for {name} from {start} on."
    return f"Nobody would be on call for {name} from {start} to {timezone.localtime(gap.end):%a %d %b %H:%M}."


def _in_utc(gap: NamedGap, name: str) -> str:
    if gap.team_id is not None:
        return _of_team(name)
    until = "on, UTC" if gap.end is None else f"to {gap.end.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return f"Nobody would be on call for {name} from {gap.start.astimezone(UTC):%Y-%m-%d %H:%M} {until}."


def _of_team(name: str) -> str:
    return f"Nobody would be on call for the team {name}: it would have no primary roster."
