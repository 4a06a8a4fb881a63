"""What happens in a calendar as turns of people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from apps.core.zones import zone_named
from apps.rosters.calendars.expansion import Expansion
from apps.rosters.calendars.matching import Directory, meant
from apps.rosters.calendars.seating import Claim, Key, seated
from apps.rosters.models import MOST_AT_ONCE, Layer
from apps.rosters.rules import Stretch
from apps.teams.queries import responders

#: So many kinds of events of which no turn was made are told.
MOST_TOLD = 100


@dataclass(frozen=True, slots=True)
class Unmatched:
    """Events of one ``summary`` of which nobody's turn was made: why, how often, and when first (a day, or empty)."""

    summary: str
    reason: str
    times: int
    first: str


@dataclass(frozen=True, slots=True)
class Turns:
    """Turns by seat and time, without overlaps in a seat; what each of them was called; and what became none."""

    turns: list[Stretch]
    summaries: dict[Key, str]
    unmatched: list[Unmatched]


def zone_of(layer: Layer) -> ZoneInfo:
    """The zone in which a layer lives: its own or that of its roster. Raises UnknownZone."""
    return zone_named(layer.time_zone or layer.roster.time_zone)


def directory() -> Directory:
    """Who can be meant by a calendar: whoever could be on call. One query."""
    return Directory.of(responders().values_list("pk", "email", "name"))


def turns_of(expansion: Expansion, people: Directory, *, held: Mapping[Key, int]) -> Turns:
    """Make turns of what ``expansion`` says; ``held`` are the seats of those that were there before."""
    claims: list[Claim] = []
    told: list[tuple[str, str, datetime | None]] = [(summary, why, None) for summary, why in expansion.unreadable]
    for each in expansion.occurrences:
        start, end = datetime.fromtimestamp(each.start, UTC), datetime.fromtimestamp(each.end, UTC)
        persons, reason = meant(each, people)
        claims += [Claim(person, start, end, each.seat, each.summary) for person in persons]
        if reason:
            told.append((each.summary, reason, start))
    turns, left = seated(claims, held=held)
    told += [(claim.summary, f"More than {MOST_AT_ONCE} people at once.", claim.start) for claim in left]
    summaries = {(claim.person, claim.start, claim.end): claim.summary for claim in claims}
    return Turns(turns, summaries, _counted(told))


def _counted(told: Iterable[tuple[str, str, datetime | None]]) -> list[Unmatched]:
    """Each summary with its reason once, in the order in which they come first."""
    found: dict[tuple[str, str], tuple[int, datetime | None]] = {}
    for summary, reason, start in told:
        times, first = found.get((summary, reason), (0, start))
        found[summary, reason] = times + 1, first
    counted = [
        Unmatched(summary or "(no summary)", reason, times, f"{first:%Y-%m-%d}" if first else "")
        for (summary, reason), (times, first) in found.items()
    ]
    return counted[:MOST_TOLD]
