"""How a vendor's rotation becomes a layer: counted from one instant, in force from another, ended at a third.

A layer here begins at a handoff and counts its turns from there. So the layer begins with the turn that runs when the
rotation comes into force, and its order is turned so that the same people have it. What it covers too early by that
is told only where it is still to come (after ``since``): the past is not imported.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from apps.core.walltime import instant, months_after
from apps.integrations.importing.plan import Layer, Outcome
from apps.rosters.models import MOST_AT_ONCE, Rotation
from apps.rosters.rules import DAYS_OF_A_TURN, WeeklyRange

Remark = tuple[Outcome, str]
#: The people who have a turn together.
Group = tuple[str, ...]
LONGEST_TURN = 1000
_HOUR, _DAY, _WEEK = 3600, 86_400, 7 * 86_400
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """A rotation as a vendor has it. Turn number 0 begins at ``counted_from``; local in ``zone``, but for hours."""

    rotation: Rotation
    length: int
    counted_from: datetime
    in_force_from: datetime
    ends: datetime | None
    zone: ZoneInfo

    def turn(self, number: int) -> datetime:
        """The local wall time, without a zone, at which the turn of that number begins."""
        if self.rotation == Rotation.HOURS:
            begins = self.counted_from + timedelta(hours=number * self.length)
            return begins.astimezone(self.zone).replace(tzinfo=None)
        first = self.counted_from.astimezone(self.zone).replace(tzinfo=None)
        if self.rotation == Rotation.MONTHS:
            return datetime.combine(months_after(first.date(), number * self.length), first.time())
        return first + timedelta(days=number * self.length * DAYS_OF_A_TURN[self.rotation])

    def running(self) -> int:
        """The number of the turn that runs when the rotation comes into force."""
        if self.rotation == Rotation.HOURS:
            return (self.in_force_from - self.counted_from) // timedelta(hours=self.length)
        begins = self.in_force_from.astimezone(self.zone).replace(tzinfo=None)
        if self.rotation != Rotation.MONTHS:
            return (begins - self.turn(0)) // (self.turn(1) - self.turn(0))
        first = self.turn(0)
        if first.day > 28:  # from a shorter month on it would be handed over on that month's last day for good
            return 0
        number = ((begins.year - first.year) * 12 + begins.month - first.month) // self.length
        return number if self.turn(number) <= begins else number - 1


def turn_of(seconds: int) -> tuple[Rotation, int] | None:
    """The rotation and length of turns of so many seconds, in the largest unit; None if they are no whole hours."""
    for rotation, unit in ((Rotation.WEEKS, _WEEK), (Rotation.DAYS, _DAY), (Rotation.HOURS, _HOUR)):
        if seconds % unit == 0:
            return (rotation, seconds // unit) if 1 <= seconds // unit <= LONGEST_TURN else None
    return None


def layer_of(
    groups: Sequence[Group],
    rhythm: Rhythm,
    *,
    name: str,
    since: datetime,
    restrictions: tuple[WeeklyRange, ...] = (),
    zone_name: str = "",
) -> tuple[Layer | None, list[Remark]]:
    """Return the layer, and what is to be said of it; None without a word where nothing is left after ``since``.

    ``groups`` take the turns in their order, all of one size; ``zone_name`` is given where it is not the roster's.
    """
    if rhythm.ends is not None and rhythm.ends <= max(since, rhythm.in_force_from):
        return None, []
    groups, rhythm = _simplest(groups, rhythm)
    if rhythm.length > LONGEST_TURN:
        return None, [(Outcome.LEFT_OUT, f"A turn lasts {LONGEST_TURN:,} {rhythm.rotation.label.lower()} at most.")]
    at_once = len(groups[0])
    number = rhythm.running()
    turned = [*groups[number % len(groups) :], *groups[: number % len(groups)]]
    people, remarks = _each_once(person for group in turned for person in group)
    if at_once > min(MOST_AT_ONCE, len(people)):
        remarks.append((Outcome.DIFFERS, f"{at_once} people at once are more than the layer can have."))
        at_once = min(MOST_AT_ONCE, len(people))
    begins, more = _beginning(rhythm, number, since=since)
    layer = Layer(
        name=name,
        people=people,
        rotation=rhythm.rotation,
        length=rhythm.length,
        handoff_time=begins.time(),
        handoff_weekday=rhythm.turn(number).weekday() if rhythm.rotation == Rotation.WEEKS else None,
        starts_on=begins.date(),
        zone=zone_name,
        at_once=at_once,
        restrictions=restrictions,
    )
    ended, last = _ended(layer, rhythm, since=since)
    return ended, [*remarks, *more, *last]


def _simplest(groups: Sequence[Group], rhythm: Rhythm) -> tuple[Sequence[Group], Rhythm]:
    """The same turns in fewer words: [A, B, A, B] are A and B, [A, A, B, B] are A and B with turns twice as long."""
    groups = _period(groups)
    shift = next((place for place in range(len(groups)) if groups[place - 1] != groups[place]), 0)
    turned = [*groups[shift:], *groups[:shift]]
    runs = [place for place in range(len(turned)) if place == 0 or turned[place - 1] != turned[place]]
    longer = len(turned) // len(runs)
    if longer == 1 or runs != list(range(0, len(turned), longer)):
        return groups, rhythm
    begins = rhythm.turn(shift)
    return _period([turned[place] for place in runs]), replace(
        rhythm,
        length=rhythm.length * longer,
        counted_from=instant(begins.date(), begins.time(), rhythm.zone),
    )


def _period(items: Sequence[Item]) -> list[Item]:
    for length in range(1, len(items)):
        if len(items) % length == 0 and all(items[place] == items[place % length] for place in range(len(items))):
            return list(items[:length])
    return list(items)


def _each_once(people: Iterable[str]) -> tuple[tuple[str, ...], list[Remark]]:
    turns = Counter(people)
    once = tuple(turns)
    twice = sorted(person for person in once if turns[person] > 1)
    if not twice:
        return once, []
    said = f"{', '.join(twice)} takes more than one turn in the order; in a layer everybody takes one."
    return once, [(Outcome.DIFFERS, said)]


def _beginning(rhythm: Rhythm, number: int, *, since: datetime) -> tuple[datetime, list[Remark]]:
    """Where the layer begins, local: with the running turn, or within it where a layer can."""
    begins = rhythm.turn(number)
    comes = rhythm.in_force_from.astimezone(rhythm.zone).replace(tzinfo=None)
    if begins == comes or rhythm.in_force_from <= since:
        return begins, []
    if (rhythm.rotation, rhythm.length) == (Rotation.WEEKS, 1) and begins.time() == comes.time():
        return comes, []
    said = f"It begins on {_said(rhythm.in_force_from)}, within a turn; a layer begins with one, on {begins}."
    return begins, [(Outcome.DIFFERS, said)]


def _ended(layer: Layer, rhythm: Rhythm, *, since: datetime) -> tuple[Layer, list[Remark]]:
    if rhythm.ends is None:
        return layer, []
    local = rhythm.ends.astimezone(rhythm.zone).replace(tzinfo=None)
    day = local.date() if local.time() <= layer.handoff_time else local.date() + timedelta(days=1)
    day = max(day, layer.starts_on + timedelta(days=1))
    ended = replace(layer, ends_on=day)
    if datetime.combine(day, layer.handoff_time) == local or rhythm.ends <= since:
        return ended, []
    said = f"It ends on {_said(rhythm.ends)}; a layer ends at its handoff time, here on {day} at {layer.handoff_time}."
    return ended, [(Outcome.DIFFERS, said)]


def range_of(weekdays: Iterable[int], start: time, seconds: int) -> WeeklyRange:
    """The part of a week that begins at ``start`` on each of ``weekdays`` and lasts so many seconds by the wall clock.

    ``seconds`` lie between a second and a week.
    """
    begins = datetime.combine(date(2001, 1, 1), start)
    ends = begins + timedelta(seconds=seconds)
    return WeeklyRange(frozenset(weekdays), start, ends.time(), (ends.date() - begins.date()).days)


def _said(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
