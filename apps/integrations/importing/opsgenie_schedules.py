"""Reads Opsgenie's schedules: rotations with their restrictions, overrides, and the timeline.

Source: Opsgenie's API reference (Schedule, Schedule Rotation, Schedule Override) and Atlassian's page on schedules
and rotations: everybody is paged whose rotation is on, so rotations that are ever on together become rosters of their
own (``tracks``). An override takes the place of all rotations, for all of its time; one that names rotations only
takes the place of these, so it counts while they are on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time
from zoneinfo import ZoneInfo

from apps.integrations.importing.document import Place
from apps.integrations.importing.gathering import Gathering, rosters_of
from apps.integrations.importing.limits import (
    MOST_HELD,
    MOST_PEOPLE,
    MOST_RESTRICTIONS,
    MOST_ROTATIONS,
    not_too_many,
)
from apps.integrations.importing.plan import FinalSchedule, Held, Layer, Outcome, Override, Roster
from apps.integrations.importing.rhythm import Group, Rhythm, layer_of
from apps.integrations.importing.tracks import Ranked, covered, lanes_of, tracks
from apps.integrations.importing.windows import LONGEST_WINDOW, checked
from apps.rosters.models import Rotation
from apps.rosters.rules import WeeklyRange, Window

#: Into so many pieces an override of one rotation is cut at most.
MOST_PIECES = 100
_ROTATIONS = {"hourly": Rotation.HOURS, "daily": Rotation.DAYS, "weekly": Rotation.WEEKS}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class Known:
    """A rotation by id and name, and the layer it became."""

    names: frozenset[str]
    layer: Layer


def read_schedules(document: Place, gathering: Gathering, *, now: datetime) -> tuple[list[Roster], list[FinalSchedule]]:
    """Return the rosters, and what Opsgenie computed for each schedule."""
    overrides = dict(document.at("overrides").entries())
    timelines = dict(document.at("timelines").entries())
    rosters: list[Roster] = []
    expected: list[FinalSchedule] = []
    for schedule in document.at("schedules").answers("data"):
        ref = schedule.identity()
        zone = gathering.zone(schedule, "timezone")
        if not schedule.flag("enabled", default=True):
            gathering.left_out(schedule, "It is switched off there.")
            continue
        if not zone:
            gathering.left_out(schedule, "A schedule without a time zone that is known here cannot be computed.")
            continue
        timeline = next(timelines[ref].answers("data"), None) if ref in timelines else None
        window = _window(timeline) if timeline else None
        since = min(now, window.start) if window else now
        found = _with_layers(schedule, gathering, zone=ZoneInfo(zone), since=since)
        ranked = [Ranked(0, rotation.layer) for rotation in found]
        lanes = lanes_of(ranked, zone=ZoneInfo(zone), since=since)
        side_by_side = rosters_of(
            ref=ref,
            name=gathering.name(schedule),
            team=_team(schedule, gathering),
            zone=zone,
            tracks=tracks(ranked, lanes),
            within=Window(since, since + LONGEST_WINDOW) if ref in overrides else None,
        )
        if len(side_by_side) > 1:
            said = f"Rotations are on at the same time; they become {len(side_by_side)} rosters, paged together."
            gathering.differs(schedule, said)
        if ref in overrides:
            places = not_too_many(list(overrides[ref].answers("data")), schedule)
            side_by_side = _with_overrides(side_by_side, places, gathering, dict(zip(found, lanes, strict=True)))
        rosters += side_by_side
        if timeline and window:
            held = tuple(_held(timeline, gathering))
            refs = tuple(roster.ref for roster in side_by_side)
            expected.append(FinalSchedule(ref=ref, name=side_by_side[0].name, rosters=refs, window=window, held=held))
    return rosters, expected


def _team(schedule: Place, gathering: Gathering) -> str:
    owner = schedule.at("ownerTeam")
    return gathering.team_at(owner, [owner.identity()]) if owner.value is not None else ""


def _window(timeline: Place) -> Window:
    return checked(Window(timeline.moment("startDate"), timeline.moment("endDate")), timeline)


def _with_layers(schedule: Place, gathering: Gathering, *, zone: ZoneInfo, since: datetime) -> list[Known]:
    if not schedule.has("rotations"):
        gathering.left_out(schedule, "Its rotations are not in the document; ask for schedules with expand=rotation.")
    places = list(schedule.at("rotations").items(most=MOST_ROTATIONS))
    found: list[Known] = []
    for place in places:
        name = gathering.name(place, default=f"Rotation {len(found) + 1}")
        layer = _layer(place, gathering, name=name, zone=zone, since=since)
        if layer:
            found.append(Known(frozenset({place.text("id", default=name), name}), layer))
    return found


def _layer(place: Place, gathering: Gathering, *, name: str, zone: ZoneInfo, since: datetime) -> Layer | None:
    kind = place.text("type").lower()
    if kind not in _ROTATIONS:
        place.at("type").refuse(f"one of {', '.join(_ROTATIONS)}")
    groups = list(_people(place, gathering))
    if not groups:
        gathering.left_out(place, "Nobody of the rotation is imported.")
        return None
    rhythm = Rhythm(
        rotation=_ROTATIONS[kind],
        length=place.whole("length", least=1, most=1000, default=1),
        counted_from=place.moment("startDate"),
        in_force_from=place.moment("startDate"),
        ends=place.moment_or_none("endDate"),
        zone=zone,
    )
    restrictions = tuple(_restrictions(place.at("timeRestriction")))
    layer, remarks = layer_of(groups, rhythm, name=name, since=since, restrictions=restrictions)
    gathering.remarks(place, remarks)
    if layer is None and not remarks:
        gathering.note(place, Outcome.NOTED, "The rotation is over and not needed.")
    elif layer and layer.rotation == Rotation.HOURS:
        said = "Turns in hours count the hours: a change of the clocks moves the handoff."
        gathering.note(place, Outcome.NOTED, said)
    return layer


def _people(rotation: Place, gathering: Gathering) -> Iterator[Group]:
    for participant in rotation.at("participants").items(most=MOST_PEOPLE):
        kind = participant.text("type").lower()
        if kind == "user":
            email = gathering.person_at(participant, participant.identity())
            if email:
                yield (email,)
        elif kind == "none":
            gathering.left_out(participant, "A turn that nobody has is not possible in a layer; the others close up.")
        else:
            gathering.left_out(participant, f"In a layer people take turns, no {kind[:60]}.")


def _restrictions(place: Place) -> Iterator[WeeklyRange]:
    if place.value is None:
        return
    kind = place.text("type")
    if kind == "time-of-day":
        each = place.at("restriction")
        start, end = _wall(each, "start"), _wall(each, "end")
        yield WeeklyRange(frozenset(range(7)), start, end, 0 if end > start else 1)
    elif kind == "weekday-and-time-of-day":
        for each in place.at("restrictions").items(most=MOST_RESTRICTIONS):
            first, last = _weekday(each, "startDay"), _weekday(each, "endDay")
            start, end = _wall(each, "start"), _wall(each, "end")
            days = (last - first) % 7 + (each.at("endHour").value == 24)
            yield WeeklyRange(frozenset({first}), start, end, days if days or end > start else 7)
    else:
        place.at("type").refuse("time-of-day or weekday-and-time-of-day")


def _wall(place: Place, which: str) -> time:
    """A wall time; 24:00 is midnight, at the end of its day."""
    hour = place.whole(f"{which}Hour", least=0, most=24)
    return time(hour % 24, place.whole(f"{which}Min", least=0, most=59, default=0))


def _weekday(place: Place, key: str) -> int:
    name = place.text(key).lower()
    if name not in _WEEKDAYS:
        place.at(key).refuse("a day of the week")
    return _WEEKDAYS.index(name)


def _with_overrides(
    rosters: list[Roster], places: list[Place], gathering: Gathering, lanes: dict[Known, int]
) -> list[Roster]:
    found: list[list[Override]] = [[] for _ in rosters]
    for place in places:
        user = place.at("user")
        person = gathering.person_at(user, user.identity())
        if not person:
            continue
        window = Window(place.moment("startDate"), place.moment("endDate"))
        override = gathering.override(place, ref=place.identity("alias"), person=person, window=window)
        if not override:
            continue
        named = {each.text(key) for each in place.at("rotations").items() for key in ("id", "name") if each.has(key)}
        if not named:
            for overrides in found:
                overrides.append(override)
        for rotation, lane in lanes.items():
            if named & rotation.names:
                found[lane] += _pieces(override, rotation, ZoneInfo(rosters[lane].time_zone), place, gathering)
    return [replace(roster, overrides=tuple(each)) for roster, each in zip(rosters, found, strict=True)]


def _pieces(override: Override, rotation: Known, zone: ZoneInfo, place: Place, gathering: Gathering) -> list[Override]:
    """What of the override lies within the times of the rotation that it stands in for."""
    times = covered(rotation.layer, zone=zone, window=Window(override.start, override.end))
    if times == [(override.start, override.end)]:
        return [override]
    if len(times) > MOST_PIECES:
        gathering.left_out(
            place, f"It counts while “{rotation.layer.name}” is on, which is more than {MOST_PIECES} times."
        )
        return []
    gathering.differs(place, f"It counts while “{rotation.layer.name}” is on: {len(times)} overrides here.")
    return [
        replace(override, ref=f"{override.ref}#{number}", start=start, end=end)
        for number, (start, end) in enumerate(times, start=1)
    ]


def _held(timeline: Place, gathering: Gathering) -> Iterator[Held]:
    for rotation in timeline.at("finalTimeline").at("rotations").items(most=MOST_ROTATIONS):
        for period in rotation.at("periods").items(most=MOST_HELD):
            start, end = period.moment("startDate"), period.moment("endDate")
            several = list(period.at("flattenedRecipients").items())
            for recipient in several or ([period.at("recipient")] if period.has("recipient") else []):
                kind = recipient.text("type", default="user").lower()
                if kind != "none":
                    name = recipient.text("name", default=recipient.text("id", default=kind))
                    yield Held(gathering.person(recipient.text("id", default="")) or name, start, end)
