"""One roster as its page shows it: drawn or listed, in the zone one chooses, of everybody or of one person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Max

from apps.core.business_calendar import holiday_names
from apps.core.walltime import instant
from apps.core.zones import zone_or_utc
from apps.rosters import picture, planning, queries
from apps.rosters.coverage import wanted_of
from apps.rosters.models import Layer, Roster, Shift, ShiftSource
from apps.rosters.picture import A_DAY, A_WEEK, Picture, Row
from apps.rosters.rules import Stretch, Window
from apps.teams.models import User

VIEWS = {"weeks": "Two weeks", "month": "Month", "list": "List"}
ZONES = {"mine": "My time", "roster": "Roster's time", "utc": "UTC"}
#: How far before and after now a page may lie: what is asked for beyond is a slip.
FARTHEST = timedelta(days=3 * 366)
LISTED = timedelta(days=42)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of the page asks for; what it cannot mean is as if it were not there."""

    view: str
    zone_name: str
    zone: ZoneInfo
    person: int | None
    first: date

    @classmethod
    def read(cls, query: Mapping[str, str], *, roster: Roster, viewer: User, now: datetime) -> Asked:
        zone_name = query.get("zone", "mine")
        zones = {"mine": viewer.time_zone, "roster": roster.time_zone, "utc": "UTC"}
        zone = zone_or_utc(zones.get(zone_name, viewer.time_zone))
        person = query.get("person", "")
        view = query.get("view", "weeks")
        return cls(
            view=view if view in VIEWS else "weeks",
            zone_name=zone_name if zone_name in ZONES else "mine",
            zone=zone,
            person=int(person) if person.isdecimal() and len(person) < 18 else None,
            first=_first_day(query.get("from", ""), now=now, zone=zone, view=view),
        )

    @property
    def weeks(self) -> int:
        """How many weeks are drawn."""
        if self.view != "month":
            return 2
        return -(-(_next_month(self.first) - self._monday).days // 7)

    @property
    def _monday(self) -> date:
        return self.first - timedelta(days=self.first.weekday())

    @property
    def window(self) -> Window:
        """From when to when the page shows shifts, UTC."""
        if self.view == "list":
            return Window(*(instant(day, time(0), self.zone) for day in (self.first, self.first + LISTED)))
        return Window(*(instant(self._monday + number * A_WEEK, time(0), self.zone) for number in (0, self.weeks)))

    @property
    def drawn_from(self) -> date:
        """The Monday from which on weeks are drawn."""
        return self._monday

    @property
    def earlier(self) -> date:
        """The day from which on the page before this one shows."""
        if self.view == "month":
            return (self.first - timedelta(days=1)).replace(day=1)
        return self.first - (LISTED if self.view == "list" else 2 * A_WEEK)

    @property
    def later(self) -> date:
        """The day from which on the page after this one shows."""
        if self.view == "month":
            return _next_month(self.first)
        return self.first + (LISTED if self.view == "list" else 2 * A_WEEK)


@dataclass(frozen=True, slots=True)
class Shown:
    """The shifts of the window, and the weeks that are drawn of them (None in the list).

    ``planned_until``: where the window lies beyond it in part, from when on nothing is planned yet.
    """

    shifts: list[Shift]
    picture: Picture | None
    people: list[User]
    planned_until: datetime | None
    is_beyond: bool

    @property
    def seats(self) -> int:
        """In how many seats the shifts are."""
        return max((shift.seat + 1 for shift in self.shifts), default=1)


def shown(roster: Roster, asked: Asked, *, now: datetime) -> Shown:
    """What the page shows: stored shifts, and what each layer says of the time from now on, as far as it is planned."""
    window = asked.window
    planned_until = _planned_until(roster, window, now=now)
    is_beyond = planned_until is not None and planned_until <= window.start
    shifts = list(queries.shifts_between(window.start, window.end).filter(roster=roster))
    people = {shift.person_id: shift.person for shift in shifts}
    listed = [shift for shift in shifts if asked.person in (None, shift.person_id)]
    choices = sorted(people.values(), key=str)
    if asked.view == "list":
        return Shown(listed, None, choices, planned_until, is_beyond)
    rows = [*_layer_rows(roster, Window(max(window.start, now), window.end), asked.person, planned_until)]
    held = [Stretch(each.seat, each.person_id, each.start, each.end, ShiftSource(each.source)) for each in listed]
    rows.append(Row("On call", held, is_result=True))
    missing = {stretch.person for row in rows for stretch in row.stretches} - people.keys()
    people |= User.objects.in_bulk(missing)
    last = asked.drawn_from + asked.weeks * A_WEEK
    drawn = picture.drawn(
        rows,
        first=asked.drawn_from,
        weeks=asked.weeks,
        zone=asked.zone,
        people=people,
        now=now,
        holidays=holiday_names(roster.holidays_of, first=asked.drawn_from, last=last),
        says_nobody=asked.person is None,
        wanted=wanted_of([roster], window)[roster.pk],
        planned_until=planned_until,
    )
    return Shown(listed, drawn, choices, planned_until, is_beyond)


def _planned_until(roster: Roster, window: Window, *, now: datetime) -> datetime | None:
    """Until when the shifts of ``roster`` are planned; None where ``window`` does not reach beyond.

    The horizon moves on once a day, so that the last of it may not be filled yet.
    """
    horizon = now + settings.ROSTER_HORIZON
    filled = horizon - A_DAY
    if roster.retired_at is not None or window.end <= filled:
        return None
    last = roster.shifts.filter(during__endswith__gt=filled).aggregate(last=Max("during__endswith"))["last"]
    until: datetime = last or filled
    return until if until < window.end else None


def _layer_rows(roster: Roster, window: Window, person: int | None, planned_until: datetime | None) -> list[Row]:
    if window.start >= window.end or roster.retired_at is not None:
        return []
    window = Window(window.start, min(window.end, planned_until or window.end))
    if window.start >= window.end:
        return [Row(layer.name, [], goes_on=_lasts(layer, window.end)) for layer in roster.layers.reverse()]
    return [
        Row(
            layer.name,
            [each for each in stretches if person in (None, each.person)],
            goes_on=_lasts(layer, window.end),
        )
        for layer, stretches in reversed(planning.by_layer(roster, window))
    ]


def _lasts(layer: Layer, at: datetime) -> bool:
    """Whether ``layer`` has not ended by the day of ``at``."""
    return layer.ends_on is None or layer.ends_on > at.date()


def _first_day(text: str, *, now: datetime, zone: ZoneInfo, view: str) -> date:
    today = now.astimezone(zone).date()
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = today
    if abs(day - today) > FARTHEST:
        day = today
    return day.replace(day=1) if view == "month" else day


def _next_month(first: date) -> date:
    return (first.replace(day=1) + timedelta(days=32)).replace(day=1)
