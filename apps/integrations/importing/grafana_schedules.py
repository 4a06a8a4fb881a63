"""Reads Grafana OnCall's schedules: shifts by their level, overrides, and the final shifts.

Source: Grafana OnCall's API reference (Schedules, OnCall shifts). Of the shifts that are on, those of the highest
level count, all of them; overrides count before any shift. Groups of one size with everybody in one of them take
their turns at once in one layer; else each place of a group becomes a layer of its own, beside the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from apps.core.walltime import instant
from apps.integrations.importing.document import Place
from apps.integrations.importing.gathering import Gathering, rosters_of
from apps.integrations.importing.grafana_shifts import Turns, turns_of, users_of
from apps.integrations.importing.limits import MOST_HELD, MOST_OVERRIDES, MOST_ROTATIONS
from apps.integrations.importing.plan import FinalSchedule, Held, Outcome, Override, Roster
from apps.integrations.importing.rhythm import layer_of
from apps.integrations.importing.tracks import Ranked, lanes_of, tracks
from apps.integrations.importing.windows import LONGEST_WINDOW, around
from apps.rosters.rules import Window

_LONGEST_OVERRIDE = 366 * 86_400


def read_schedules(
    document: Place, gathering: Gathering, *, now: datetime, window: Window | None
) -> tuple[list[Roster], list[FinalSchedule]]:
    """Return the rosters, and what Grafana OnCall computed for each schedule within ``window``."""
    shifts = {shift.identity(): shift for shift in document.at("on_call_shifts").answers("results")}
    finals = dict(document.at("final_shifts").entries())
    rosters: list[Roster] = []
    expected: list[FinalSchedule] = []
    for schedule in document.at("schedules").answers("results"):
        ref = schedule.identity()
        if schedule.text("type", default="web") == "ical":
            gathering.left_out(schedule, "It is read from a calendar, which has no layers to import.")
            continue
        zone = gathering.zone(schedule, "time_zone") or "UTC"
        if schedule.has("ical_url_overrides"):
            gathering.left_out(schedule.at("ical_url_overrides"), "Overrides from a calendar are not imported.")
        held = list(_held(finals[ref])) if ref in finals else []
        seen = window or around(held)
        side_by_side = _rosters(
            schedule, list(_shifts(schedule, shifts, gathering)), gathering, zone=zone,
            since=min(now, seen.start) if seen else now,
        )  # fmt: skip
        rosters += side_by_side
        if seen and ref in finals:
            refs = tuple(roster.ref for roster in side_by_side)
            name = side_by_side[0].name
            expected.append(FinalSchedule(ref=ref, name=name, rosters=refs, window=seen, held=tuple(held)))
    return rosters, expected


def _shifts(schedule: Place, shifts: dict[str, Place], gathering: Gathering) -> Iterator[Place]:
    for each in schedule.at("shifts").items(most=MOST_OVERRIDES):
        if not isinstance(each.value, str):
            each.refuse("the id of a shift")
        if each.value in shifts:
            yield shifts[each.value]
        else:
            gathering.left_out(each, f"The shift {each.value[:60]} is not in the document.")


def _rosters(schedule: Place, places: list[Place], gathering: Gathering, *, zone: str, since: datetime) -> list[Roster]:
    overriding = [place for place in places if place.text("type") == "override"]
    if len(places) - len(overriding) > MOST_ROTATIONS:
        schedule.at("shifts").refuse(f"{MOST_ROTATIONS} shifts at most, beside overrides")
    found = [
        (place, turns)
        for place in places
        if place.text("type") != "override"
        for turns in turns_of(place, gathering, zone_name=zone)
    ]
    ranked: list[Ranked] = []
    for place, turns in _side_by_side(found):
        layer, remarks = layer_of(
            turns.groups,
            turns.rhythm,
            name=turns.name,
            since=since,
            restrictions=turns.restrictions,
            zone_name=turns.zone_name,
        )
        gathering.remarks(place, remarks)
        if layer:
            ranked.append(Ranked(turns.level, layer))
        elif not remarks:
            gathering.note(place, Outcome.NOTED, "The shift is over and not needed.")
    lanes = lanes_of(ranked, zone=ZoneInfo(zone), since=since)
    team = schedule.text("team_id", default="")
    rosters = rosters_of(
        ref=schedule.identity(),
        name=gathering.name(schedule),
        team=gathering.team_at(schedule.at("team_id"), [team]) if team else "",
        zone=zone,
        tracks=tracks(ranked, lanes),
        within=Window(since, since + LONGEST_WINDOW),
    )
    if len(rosters) > 1:
        said = f"Several people are on call by shifts of their own; they become {len(rosters)} rosters, paged together."
        gathering.differs(schedule, said)
    return _with_overrides(rosters, overriding, gathering, zone_name=zone)


def _side_by_side(found: list[tuple[Place, Turns]]) -> Iterator[tuple[Place, Turns]]:
    """The turns as they are where one layer can say them, else each place of their groups by itself."""
    sizes = {len(group) for _, turns in found for group in turns.groups}
    everybody = [[person for group in turns.groups for person in group] for _, turns in found]
    if len(sizes) <= 1 and (sizes == {1} or all(len(set(people)) == len(people) for people in everybody)):
        yield from found
        return
    for place, turns in found:
        size = max(len(group) for group in turns.groups)
        for number in range(size):
            name = turns.name if size == 1 else f"{turns.name[:110]} ({number + 1})"
            groups = tuple((group[number % len(group)],) for group in turns.groups)
            yield place, replace(turns, name=name, groups=groups)


def _with_overrides(
    rosters: list[Roster], places: list[Place], gathering: Gathering, *, zone_name: str
) -> list[Roster]:
    """Put each override into every seat of every roster, so that nobody else stays on call beside it."""
    found: list[list[Override]] = [[] for _ in rosters]
    taken: list[Window] = []
    for place in places:
        zone = ZoneInfo(gathering.zone(place, "time_zone") or zone_name)
        start = place.moment("start", zone=zone)
        length = timedelta(seconds=place.whole("duration", least=1, most=_LONGEST_OVERRIDE))
        last = start.astimezone(zone).replace(tzinfo=None) + length
        window = Window(start, instant(last.date(), last.time(), zone))
        users = users_of(place.at("users"), gathering)
        seats = [
            (number, seat)
            for number, roster in enumerate(rosters)
            for seat in range(max((layer.at_once for layer in roster.layers), default=1))
        ]
        if not users:
            gathering.left_out(place, "Nobody of the override is imported.")
        if len(users) > len(seats):
            gathering.differs(place, f"{len(users)} people stand in at once; here there is room for {len(seats)}.")
        if any(each.start < window.end and window.start < each.end for each in taken):
            gathering.differs(place, "Overrides are on at the same time; here the later one counts.")
        taken.append(window)
        for turn, (number, seat) in enumerate(seats if users else []):
            override = gathering.override(
                place, ref=place.identity(), person=users[turn % len(users)], window=window, seat=seat
            )
            found[number] += [override] if override else []
    return [replace(roster, overrides=tuple(each)) for roster, each in zip(rosters, found, strict=True)]


def _held(answer: Place) -> Iterator[Held]:
    for shift in islice(answer.answers("results"), MOST_HELD):
        person = shift.text("user_email", default="").lower() or shift.text("user_username")
        yield Held(person, shift.moment("shift_start", zone=UTC), shift.moment("shift_end", zone=UTC))
