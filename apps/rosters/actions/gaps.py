"""Where nobody would be on call any more: found before a change is kept, and kept only once somebody said yes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.core import clock
from apps.core.errors import Missing, RuleViolation
from apps.rosters.actions.shifts import lock
from apps.rosters.models import Roster
from apps.rosters.rules import Window, outside
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.models import User

#: The field by which a request says yes to whatever gaps there are.
ACCEPT_GAPS = "accept_gaps"
_FOR_EVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class NamedGap:
    """When nobody would hold the first seat of the roster of that id; ``end`` None: as far as shifts are planned."""

    roster_id: int
    start: datetime
    end: datetime | None


class LeavesGap(RuleViolation):
    """What was wanted would leave nobody on call, and nothing of it was kept.

    ``gaps`` are what somebody has to say yes to, ``sentences`` say each of them in the active time zone, ``missing``
    in UTC with ACCEPT_GAPS as their gate.
    """

    def __init__(self, gaps: Sequence[NamedGap], names: Mapping[int, str]) -> None:
        self.gaps = list(gaps)
        self.sentences = [_in_words(gap, names[gap.roster_id]) for gap in gaps]
        missing = [_in_utc(gap, names[gap.roster_id]) for gap in gaps]
        super().__init__(
            " ".join(self.sentences),
            missing=tuple(Missing(gate=ACCEPT_GAPS, item_id=None, text=text) for text in missing),
        )


def uncovered(roster: Roster, *, now: datetime) -> list[Window]:
    """When nobody holds the first seat of ``roster`` within the horizon, by its stored shifts."""
    shifts = roster.shifts.filter(seat=0, during__endswith__gt=now).order_by("during")
    held = [Window(shift.start, shift.end) for shift in shifts]
    return list(outside([Window(now, now + settings.ROSTER_HORIZON)], held))


def newly_uncovered(before: Iterable[Window], after: Iterable[Window]) -> list[Window]:
    """What is in ``after`` and was not in ``before``; both in order."""
    return list(outside(after, list(before)))


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
        locked = lock(rosters)
        now = clock.now()
        before = {roster.pk: uncovered(roster, now=now) for roster in locked}
        made: list[NamedGap] = []
        yield made
        made += [gap for roster in locked for gap in _made(roster, before[roster.pk], now=now)]
        if not accepts_all and not all(_is_among(gap, accepted) for gap in made):
            raise LeavesGap(made, _names(locked, by))


def refuse_gaps_of_new(roster: Roster, *, now: datetime) -> None:
    """Raise LeavesGap where nobody would be on call for ``roster``, which was just made and has its shifts."""
    if gaps := _made(roster, [], now=now):
        raise LeavesGap(gaps, {roster.pk: str(roster)})


def rosters_in_words(gaps: Iterable[NamedGap], *, by: User) -> str:
    """The rosters of ``gaps`` as ``by`` may call them, each once, by name."""
    concerned = Roster.objects.filter(pk__in={gap.roster_id for gap in gaps})
    return ", ".join(sorted(set(_names(concerned, by).values())))


def _made(roster: Roster, before: list[Window], *, now: datetime) -> list[NamedGap]:
    roster.refresh_from_db(fields=["retired_at"])
    if roster.retired_at is not None and roster.stands_in_for_id is not None:
        return []  # what it leaves, the roster for which it stood in covers or not
    ends = now + settings.ROSTER_HORIZON
    after = uncovered(roster, now=now)
    for_good = max((each.start for each in after if each.end == ends), default=ends)
    found = newly_uncovered(before, after)
    gaps = [NamedGap(roster.pk, gap.start, gap.end) for gap in found if gap.start < for_good]
    goes_on = [NamedGap(roster.pk, gap.start, None) for gap in found if gap.start >= for_good]
    return gaps + goes_on[:1]


def _is_among(gap: NamedGap, accepted: Collection[NamedGap]) -> bool:
    same = sorted((_window(each) for each in accepted if each.roster_id == gap.roster_id), key=lambda each: each.start)
    return not list(outside([_window(gap)], same))


def _window(gap: NamedGap) -> Window:
    return Window(gap.start, gap.end or _FOR_EVER)


def _names(rosters: Iterable[Roster], by: User) -> dict[int, str]:
    """What each of ``rosters`` is called to ``by``, by its id. One query."""
    takes_turns = Q(layers__members__person=by) | Q(layers__calendar__turns__person=by)
    known = takes_turns | Q(team__in=access.team_ids(by, Permission.VIEW))
    listed = list(rosters)
    seen = set(Roster.objects.filter(known, pk__in=[each.pk for each in listed]).values_list("pk", flat=True))
    return {each.pk: str(each) if each.pk in seen else "a roster of another team" for each in listed}


def _in_words(gap: NamedGap, name: str) -> str:
    start = f"{timezone.localtime(gap.start):%a %d %b %H:%M}"
    if gap.end is None:
        return f"Nobody would be on call for {name} from {start} on."
    return f"Nobody would be on call for {name} from {start} to {timezone.localtime(gap.end):%a %d %b %H:%M}."


def _in_utc(gap: NamedGap, name: str) -> str:
    until = "on, UTC" if gap.end is None else f"to {gap.end.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return f"Nobody would be on call for {name} from {gap.start.astimezone(UTC):%Y-%m-%d %H:%M} {until}."
