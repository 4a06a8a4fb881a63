"""Several people on call at once by rotations of their own, which one roster cannot say: as many rosters side by side.

In a roster here the higher layer hides the lower ones. Opsgenie pages everybody whose rotation is on; Grafana OnCall
everybody whose shift is on and has the highest level of those that are. So layers of one level that are ever on
together are put into different *tracks*, each of which becomes a roster, and chains page all of them. Where there
are several levels, each track has every layer, by level, and within a level its own on top: whoever is on call in
some track is then just who is on call by the highest level.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from apps.integrations.importing.plan import Layer
from apps.rosters.rules import Window, turns

#: Whether two layers are ever on together is looked for within this.
_A_YEAR = timedelta(days=366)
Stretches = list[tuple[datetime, datetime]]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A layer and its level; the higher one hides the lower."""

    level: int
    layer: Layer


def lanes_of(layers: Sequence[Ranked], *, zone: ZoneInfo, since: datetime) -> list[int]:
    """For each layer the number of its track: the first that no earlier layer of its level has that is on with it."""
    window = Window(since, since + _A_YEAR)
    times = [covered(ranked.layer, zone=zone, window=window) for ranked in layers]
    lanes: list[int] = []
    for place, ranked in enumerate(layers):
        taken = {
            lanes[other]
            for other in range(place)
            if layers[other].level == ranked.level and any(meeting(times[other], times[place]))
        }
        lanes.append(next(number for number in range(place + 1) if number not in taken))
    return lanes


def tracks(layers: Sequence[Ranked], lanes: Sequence[int]) -> list[list[Layer]]:
    """The layers of each track, the lowest first; one track without layers where there are none."""
    numbers = range(max(lanes, default=0) + 1)
    pairs = list(zip(layers, lanes, strict=True))
    if len({ranked.level for ranked in layers}) <= 1:
        return [[ranked.layer for ranked, lane in pairs if lane == number] for number in numbers]
    return [[ranked.layer for ranked in _stack(pairs, number)] for number in numbers]


def _stack(pairs: Sequence[tuple[Ranked, int]], number: int) -> list[Ranked]:
    """All layers by level, within a level those of the track on top, without what one of these hides for good."""
    own = {(ranked.level, _times(ranked.layer)) for ranked, lane in pairs if lane == number}
    shown = [
        (ranked, lane) for ranked, lane in pairs if lane == number or (ranked.level, _times(ranked.layer)) not in own
    ]
    return [ranked for ranked, _ in sorted(shown, key=lambda pair: (pair[0].level, pair[1] == number))]


def _times(layer: Layer) -> tuple[object, ...]:
    """What alone decides when somebody of the layer is on call."""
    return layer.starts_on, layer.ends_on, layer.handoff_time, layer.zone, layer.restrictions


def covered(layer: Layer, *, zone: ZoneInfo, window: Window) -> Stretches:
    """When within ``window`` the layer has somebody on call, in order and without two that touch."""
    rules = layer.as_rules({person: number for number, person in enumerate(layer.people)})
    found: Stretches = []
    for turn in turns(rules, zone=zone, window=window):
        if turn.seat:
            continue
        if found and turn.start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], turn.end)
        else:
            found.append((turn.start, turn.end))
    return found


def meeting(first: Stretches, second: Stretches) -> Iterator[tuple[datetime, datetime]]:
    """Yield the times that lie within both, each of which is in order."""
    one = other = 0
    while one < len(first) and other < len(second):
        start, end = max(first[one][0], second[other][0]), min(first[one][1], second[other][1])
        if start < end:
            yield start, end
        if first[one][1] <= second[other][1]:
            one += 1
        else:
            other += 1
