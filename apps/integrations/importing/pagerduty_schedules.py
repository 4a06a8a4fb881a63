"""Reads PagerDuty's schedules: layers with their restrictions, overrides, and the final schedule.

Source: PagerDuty's API reference (Schedules) and its support page on schedule basics. One person is on call for a
schedule at a time. The layer that stands lowest on PagerDuty's page counts; the API answers with that one first, as
PagerDuty's own provider for Terraform and Grafana's migrator have it, so the list is read from its end.
Turns are counted from ``rotation_virtual_start``; those of whole days are handed over at the same local time on
every day of the year.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from apps.integrations.importing.document import Place
from apps.integrations.importing.gathering import Gathering, rosters_of
from apps.integrations.importing.limits import MOST_HELD, MOST_PEOPLE, MOST_RESTRICTIONS, not_too_many
from apps.integrations.importing.plan import FinalSchedule, Held, Layer, Outcome, Override, Roster
from apps.integrations.importing.rhythm import Rhythm, layer_of, range_of, turn_of
from apps.integrations.importing.windows import around
from apps.rosters.models import Rotation
from apps.rosters.rules import WeeklyRange, Window

_DAY = 86_400
_EVERY_DAY = range(7)
#: A schedule keeps the layers that are over, of which years of edits leave many.
MOST_LAYERS = 1000


def read_schedules(
    document: Place, gathering: Gathering, *, now: datetime, window: Window | None
) -> tuple[list[Roster], list[FinalSchedule]]:
    """Return the rosters, and what PagerDuty computed for each within ``window``."""
    overrides = dict(document.at("overrides").entries())
    rosters, expected = [], []
    for schedule in document.at("schedules").answers("schedules", "schedule"):
        ref = schedule.identity()
        zone = gathering.zone(schedule, "time_zone")
        if not zone:
            gathering.left_out(schedule, "A schedule without a time zone that is known here cannot be computed.")
            continue
        if not schedule.has("schedule_layers"):
            gathering.left_out(schedule, "It has no layers; ask for each schedule by its id, which answers with them.")
            continue
        held = list(_final(schedule, gathering))
        seen = window or around(held)
        since = min(now, seen.start) if seen else now
        [roster] = rosters_of(
            ref=ref,
            name=gathering.name(schedule),
            team=gathering.team_at(schedule, [team.identity() for team in schedule.at("teams").items()]),
            zone=zone,
            tracks=[_layers(schedule, gathering, zone=ZoneInfo(zone), since=since)],
            within=window if ref in overrides else None,
        )
        found = list(overrides[ref].answers("overrides", "override") if ref in overrides else _rendered(schedule))
        rosters.append(_with_overrides(roster, not_too_many(found, schedule), gathering))
        if seen and schedule.has("final_schedule"):
            expected.append(FinalSchedule(ref=ref, name=roster.name, rosters=(ref,), window=seen, held=tuple(held)))
    return rosters, expected


def _layers(schedule: Place, gathering: Gathering, *, zone: ZoneInfo, since: datetime) -> list[Layer]:
    """The layers that are not over, the lowest first."""
    found: list[Layer] = []
    over = 0
    for place in reversed(list(schedule.at("schedule_layers").items(most=MOST_LAYERS))):
        people = [email for email in _people(place, gathering) if email]
        seconds = place.whole("rotation_turn_length_seconds", least=1, most=366 * _DAY)
        turn = turn_of(seconds)
        if not people:
            gathering.left_out(place, "Nobody of the layer is imported.")
        elif turn is None:
            gathering.left_out(place, f"A turn of {seconds / 60:g} minutes is none of whole hours.")
        else:
            rhythm = Rhythm(
                rotation=turn[0],
                length=turn[1],
                counted_from=place.moment("rotation_virtual_start"),
                in_force_from=place.moment("start"),
                ends=place.moment_or_none("end"),
                zone=zone,
            )
            layer, remarks = layer_of(
                [(person,) for person in people],
                rhythm,
                name=gathering.name(place, default=f"Layer {len(found) + 1}"),
                since=since,
                restrictions=tuple(
                    _restriction(each) for each in place.at("restrictions").items(most=MOST_RESTRICTIONS)
                ),
            )
            gathering.remarks(place, remarks)
            over += layer is None and not remarks
            if layer and turn[0] == Rotation.HOURS:
                _mind_the_clocks(place, gathering)
            found += [layer] if layer else []
    if over:
        gathering.note(schedule.at("schedule_layers"), Outcome.NOTED, f"{over} of the layers are over and not needed.")
    return found


def _people(place: Place, gathering: Gathering) -> Iterator[str | None]:
    for entry in place.at("users").items(most=MOST_PEOPLE):
        yield gathering.person_at(entry, entry.at("user").identity())


def _mind_the_clocks(place: Place, gathering: Gathering) -> None:
    gathering.note(place, Outcome.NOTED, "Turns in hours count the hours: a change of the clocks moves the handoff.")


def _restriction(place: Place) -> WeeklyRange:
    start = place.time_of_day("start_time_of_day")
    if place.text("type") == "daily_restriction":
        return range_of(_EVERY_DAY, start, place.whole("duration_seconds", least=1, most=_DAY))
    if place.text("type") != "weekly_restriction":
        place.at("type").refuse("daily_restriction or weekly_restriction")
    weekday = place.whole("start_day_of_week", least=1, most=7) - 1
    return range_of([weekday], start, place.whole("duration_seconds", least=1, most=7 * _DAY))


def _with_overrides(roster: Roster, places: list[Place], gathering: Gathering) -> Roster:
    found: list[Override] = []
    for place in places:
        user = place.at("user").identity()
        window = Window(place.moment("start"), place.moment("end"))
        person = gathering.person_at(place, user)
        ref = place.identity() if place.has("id") else f"{user} {window.start.isoformat()}"
        override = person and gathering.override(place, ref=ref, person=person, window=window)
        found += [override] if override else []
    return replace(roster, overrides=tuple(found))


def _rendered(schedule: Place) -> Iterator[Place]:
    """The overrides as the schedule's own answer renders them, where their own answer is not in the document."""
    if schedule.has("overrides_subschedule"):
        yield from schedule.at("overrides_subschedule").at("rendered_schedule_entries").items()


def _final(schedule: Place, gathering: Gathering) -> Iterator[Held]:
    if not schedule.has("final_schedule"):
        return
    for entry in schedule.at("final_schedule").at("rendered_schedule_entries").items(most=MOST_HELD):
        user = entry.at("user")
        person = gathering.person(user.identity()) or user.text("summary", default=user.identity())
        yield Held(person, entry.moment("start"), entry.moment("end"))
