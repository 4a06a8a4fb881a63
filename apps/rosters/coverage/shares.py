"""Who bears more or less of a roster than the others. No database, no clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from apps.rosters.coverage.hours import Almanac, HourKind
from apps.rosters.rules import Window

PersonT = TypeVar("PersonT")

#: Whoever has more than so many times an equal share bears too much.
TOO_MUCH = 1.5
#: Whoever has less than so much of an equal share bears too little.
TOO_LITTLE = 0.5


class Measure(StrEnum):
    """What is shared: hours in all, nights, and hours of weekends."""

    HOURS = "hours"
    NIGHTS = "nights"
    WEEKENDS = "weekends"


@dataclass(frozen=True, slots=True)
class Share(Generic[PersonT]):
    """``person`` has ``times`` an equal share of what the measure counts."""

    person: PersonT
    measure: Measure
    times: float


def too_large(
    stretches: Mapping[PersonT, Sequence[Window]], almanacs: Mapping[PersonT, Almanac]
) -> list[Share[PersonT]]:
    """Who of those who hold a roster in ``stretches`` has more than TOO_MUCH times an equal share, the largest first.

    ``stretches`` are each one's turns. Equal is what each would have if all of them had the same. What one turn less,
    as long as the longest of the others, would put right is not told: where thirteen weekends fall to ten people, three
    have two of them, and that is nobody's fault.
    """
    found = [
        Share(person, measure, amount / equal)
        for measure, turns, equal in _by_measure(stretches, almanacs)
        for person, amount in _sums(turns).items()
        if amount > TOO_MUCH * equal and amount - _longest_of_others(turns, person) > equal
    ]
    return sorted(found, key=lambda share: share.times, reverse=True)


def too_small(
    stretches: Mapping[PersonT, Sequence[Window]], almanacs: Mapping[PersonT, Almanac]
) -> list[Share[PersonT]]:
    """Who of those who hold a roster in ``stretches`` has less than TOO_LITTLE of an equal share, the smallest first.

    What one turn more, as long as the longest of the others, would put right is not told.
    """
    found = [
        Share(person, measure, amount / equal)
        for measure, turns, equal in _by_measure(stretches, almanacs)
        for person, amount in _sums(turns).items()
        if amount < TOO_LITTLE * equal and amount + _longest_of_others(turns, person) < equal
    ]
    return sorted(found, key=lambda share: share.times)


def _by_measure(
    stretches: Mapping[PersonT, Sequence[Window]], almanacs: Mapping[PersonT, Almanac]
) -> Iterator[tuple[Measure, Mapping[PersonT, Sequence[float]], float]]:
    """Yield each measure with how much of it each one's turns have, and what would be an equal share."""
    for measure in Measure:
        turns = {
            person: [_measured(each, almanacs[person], measure) for each in held] for person, held in stretches.items()
        }
        yield measure, turns, sum(_sums(turns).values()) / max(len(turns), 1)


def _sums(turns: Mapping[PersonT, Sequence[float]]) -> dict[PersonT, float]:
    return {person: sum(counts) for person, counts in turns.items()}


def _longest_of_others(turns: Mapping[PersonT, Sequence[float]], person: PersonT) -> float:
    return max((count for other, counts in turns.items() if other != person for count in counts), default=0)


def _measured(stretch: Window, almanac: Almanac, measure: Measure) -> float:
    match measure:
        case Measure.HOURS:
            return (stretch.end - stretch.start).total_seconds()
        case Measure.NIGHTS:
            return len(almanac.nights([stretch]))
        case Measure.WEEKENDS:
            return almanac.hours_of(HourKind.WEEKEND, [stretch]).total_seconds()
