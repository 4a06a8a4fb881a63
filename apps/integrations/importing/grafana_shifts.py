"""Reads one on-call shift of Grafana OnCall: when its groups take turns, and when in a week somebody is on call.

Source: Grafana OnCall's API reference (OnCall shifts) and the way in which its open source edition makes calendar
events of a shift: each group has an event that begins with its turn and recurs after all groups had theirs. Where
events do not fill the turns, somebody is on call while one lasts. Daily turns on chosen days of the week skip the
other days, so that each chosen day becomes a layer with a rhythm of weeks. Times are wall times of the shift's zone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, gcd
from zoneinfo import ZoneInfo

from apps.core.walltime import instant
from apps.integrations.importing.document import Place
from apps.integrations.importing.gathering import Gathering
from apps.integrations.importing.limits import MOST_PEOPLE
from apps.integrations.importing.rhythm import LONGEST_TURN, Group, Rhythm, range_of
from apps.rosters.models import Rotation
from apps.rosters.rules import WeeklyRange

_DAY = 86_400
_WEEK = 7 * _DAY
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_FREQUENCIES = {
    "hourly": (Rotation.HOURS, 3600),
    "daily": (Rotation.DAYS, _DAY),
    "weekly": (Rotation.WEEKS, _WEEK),
    "monthly": (Rotation.MONTHS, 28 * _DAY),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """What becomes a layer: the groups in their order, their rhythm, and the parts of the week that are covered."""

    level: int
    name: str
    groups: tuple[Group, ...]
    rhythm: Rhythm
    restrictions: tuple[WeeklyRange, ...] = ()
    zone_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A shift as the API answers with it. ``start`` is the local wall time of its first event, without a zone."""

    place: Place
    name: str
    level: int
    groups: tuple[Group, ...]
    zone: ZoneInfo
    zone_name: str
    start: datetime
    in_force_from: datetime
    until: datetime | None
    duration: int
    interval: int
    weekdays: tuple[int, ...]
    week_start: int

    @property
    def is_of_one_group(self) -> bool:
        """Whether it is always the same people, so that where turns meet makes no difference."""
        return len(set(self.groups)) == 1

    def turns(
        self,
        rotation: Rotation,
        length: int,
        *,
        counted_from: datetime | None = None,
        groups: Sequence[Group] = (),
        restrictions: Sequence[WeeklyRange] = (),
        ends: datetime | None = None,
    ) -> Turns:
        """Turns of that length, counted from a local wall time: by default from the first event."""
        local = counted_from or self.start
        begins = instant(local.date(), local.time(), self.zone)
        return Turns(
            level=self.level,
            name=self.name,
            groups=tuple(groups) or self.groups,
            restrictions=tuple(restrictions),
            zone_name=self.zone_name,
            rhythm=Rhythm(
                rotation=rotation,
                length=length,
                counted_from=begins,
                in_force_from=max(begins, self.in_force_from),
                ends=ends or self.until,
                zone=self.zone,
            ),
        )


def turns_of(place: Place, gathering: Gathering, *, zone_name: str) -> list[Turns]:
    """What the shift at ``place`` becomes in a schedule of that zone; nothing, which is noted, where it has no form."""
    kind = place.text("type")
    if kind == "single_event":
        shift = _shift(place, gathering, zone_name=zone_name, groups=_one_group(place, gathering))
        return _once(shift, gathering) if shift else []
    if kind == "recurrent_event":
        groups = _one_group(place, gathering)
    elif kind == "rolling_users":
        groups = _rolling(place, gathering)
    else:
        place.at("type").refuse("single_event, recurrent_event, rolling_users or override")
    shift = _shift(place, gathering, zone_name=zone_name, groups=groups)
    frequency = place.text("frequency")
    if frequency not in _FREQUENCIES:
        place.at("frequency").refuse(f"one of {', '.join(_FREQUENCIES)}")
    for limit in ("by_month", "by_monthday"):
        if place.has(limit) and place.at(limit).value != []:
            gathering.left_out(place.at(limit), "A layer recurs every week or month, not in chosen ones.")
            return []
    if shift is None:
        return []
    if shift.weekdays and frequency != "monthly":
        return _on_chosen_days(shift, gathering, frequency)
    return _on_any_day(shift, gathering, frequency)


def users_of(place: Place, gathering: Gathering) -> Group:
    """The addresses of the users whose ids the list at ``place`` has, each once; who is not known is noted."""
    found: list[str] = []
    for each in place.items(most=MOST_PEOPLE):
        if not isinstance(each.value, str):
            each.refuse("the id of a user")
        email = gathering.person_at(each, each.value)
        found += [email] if email else []
    return tuple(dict.fromkeys(found))


def _one_group(place: Place, gathering: Gathering) -> list[Group]:
    return [group for group in [users_of(place.at("users"), gathering)] if group]


def _rolling(place: Place, gathering: Gathering) -> list[Group]:
    groups: list[Group] = []
    for each in place.at("rolling_users").items(most=MOST_PEOPLE):
        group = users_of(each, gathering)
        if not group:
            gathering.left_out(each, "A turn that nobody has is not possible in a layer; the others close up.")
        groups.append(group)
    first = place.whole("start_rotation_from_user_index", least=0, most=max(0, len(groups) - 1), default=0)
    return [group for group in [*groups[first:], *groups[:first]] if group]


def _shift(place: Place, gathering: Gathering, *, zone_name: str, groups: list[Group]) -> Shift | None:
    own = gathering.zone(place, "time_zone")
    zone = ZoneInfo(own or zone_name)
    start = place.moment("start", zone=zone).astimezone(zone).replace(tzinfo=None)
    weekdays = tuple(sorted({_weekday(each) for each in place.at("by_day").items()}))
    week_start = _weekday(place.at("week_start")) if place.has("week_start") else 6
    if weekdays and start.weekday() not in weekdays:
        first = min(weekdays, key=lambda weekday: (weekday - week_start) % 7)
        start += timedelta(days=(first - start.weekday()) % 7)
    begins = instant(start.date(), start.time(), zone)
    if not groups:
        gathering.left_out(place, "Nobody of the shift is imported.")
        return None
    return Shift(
        place=place,
        name=gathering.name(place, default="Shift"),
        level=place.whole("level", least=0, most=1000, default=0),
        groups=tuple(groups),
        zone=zone,
        zone_name=own if own != zone_name else "",
        start=start,
        in_force_from=max(begins, place.moment_or_none("rotation_start", zone=zone) or begins),
        until=place.moment_or_none("until", zone=zone),
        duration=place.whole("duration", least=1, most=366 * _DAY),
        interval=place.whole("interval", least=1, most=LONGEST_TURN, default=1),
        weekdays=weekdays,
        week_start=week_start,
    )


def _weekday(place: Place) -> int:
    if place.value not in _WEEKDAYS:
        place.refuse(f"one of {', '.join(_WEEKDAYS)}")
    return _WEEKDAYS.index(place.value)


def _once(shift: Shift, gathering: Gathering) -> list[Turns]:
    """A single event: a layer of just its days, limited to its hours where these do not fill them."""
    days = ceil(shift.duration / _DAY)
    last = shift.start + timedelta(days=days)
    if shift.duration > _WEEK and shift.duration % _DAY:
        gathering.differs(shift.place, f"A layer of more than a week has whole days; it ends on {last}.")
    part = [range_of([shift.start.weekday()], shift.start.time(), shift.duration)] if shift.duration <= _WEEK else []
    ends = instant(last.date(), last.time(), shift.zone)
    return [shift.turns(Rotation.DAYS, days, restrictions=part, ends=ends)]


def _on_any_day(shift: Shift, gathering: Gathering, frequency: str) -> list[Turns]:
    rotation, unit = _FREQUENCIES[frequency]
    turn = unit * shift.interval
    if rotation == Rotation.MONTHS:
        if not turn <= shift.duration <= 31 * _DAY * shift.interval:
            gathering.left_out(shift.place, "Somebody is on call for a part of each month, which a layer cannot say.")
            return []
        said = f"Months are of different length: turns here last to the same day of the month, not {shift.duration} s."
        gathering.differs(shift.place, said)
        return [shift.turns(rotation, shift.interval)]
    if shift.duration == turn or (shift.is_of_one_group and shift.duration > turn):
        return [shift.turns(rotation, shift.interval)]
    if shift.duration > turn:
        gathering.left_out(shift.place, "Turns last longer than until the next one begins, which a layer cannot say.")
        return []
    if shift.interval > 1 or rotation == Rotation.HOURS:
        said = f"Somebody is on call for a part of every {turn // 3600} hours, which a layer cannot say."
        gathering.left_out(shift.place, said)
        return []
    days = range(7) if rotation == Rotation.DAYS else [shift.start.weekday()]
    return [shift.turns(rotation, 1, restrictions=[range_of(days, shift.start.time(), shift.duration)])]


def _on_chosen_days(shift: Shift, gathering: Gathering, frequency: str) -> list[Turns]:
    """Events on some days of the week; their turns change with the week, or from one chosen day to the next."""
    longest = _WEEK if shift.is_of_one_group else _DAY
    if frequency == "hourly":
        gathering.left_out(shift.place, "Turns in hours on chosen days have no form in a layer.")
    elif shift.duration > longest:
        gathering.left_out(shift.place, "Turns last longer than until the next one begins, which a layer cannot say.")
    elif frequency == "weekly" and shift.interval > 1:
        said = f"Somebody is on call in one of every {shift.interval} weeks, which a layer cannot say."
        gathering.left_out(shift.place, said)
    elif frequency == "weekly" or shift.is_of_one_group:
        week = shift.start - timedelta(days=(shift.start.weekday() - shift.week_start) % 7)
        hours = range_of(shift.weekdays, shift.start.time(), shift.duration)
        return [shift.turns(Rotation.WEEKS, 1, counted_from=week, restrictions=[hours])]
    else:
        return _from_day_to_day(shift)
    return []


def _from_day_to_day(shift: Shift) -> list[Turns]:
    """A layer for each chosen day of the week: who has it this week, who the next, until all begins anew."""
    found: list[Turns] = []
    chosen, groups = len(shift.weekdays), shift.groups
    weeks = shift.interval * len(groups) // gcd(chosen, shift.interval * len(groups))
    days = sorted(shift.weekdays, key=lambda weekday: (weekday - shift.start.weekday()) % 7)
    for number, weekday in enumerate(days):
        first = shift.start + timedelta(days=(weekday - shift.start.weekday()) % 7)
        order = [groups[(number + week * chosen) // shift.interval % len(groups)] for week in range(weeks)]
        hours = range_of([weekday], shift.start.time(), shift.duration)
        found.append(shift.turns(Rotation.WEEKS, 1, counted_from=first, groups=order, restrictions=[hours]))
    return found
