"""Random rosters: layers of every rhythm, exceptions, and gaps that nobody covers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from hypothesis import strategies as st

from apps.rosters import actions
from apps.rosters.models import Layer, LayerMember, Override, Roster, Rotation
from apps.teams.models import User

NAMES = ("Olga", "Tom", "Emma", "Carl", "Ceo", "Nina")
ZONES = ("UTC", "Europe/Berlin", "America/New_York")
#: So long before an incident its rosters were planned.
PLANNED_BEFORE = timedelta(days=2)


@dataclass(frozen=True)
class RandomLayer:
    """``first`` and ``last`` are days since the incident; nobody of ``people``: a layer that covers nothing."""

    rotation: Rotation
    length: int
    handoff_time: time
    weekday: int | None
    first: int
    last: int | None
    people: tuple[str, ...]


@dataclass(frozen=True)
class RandomOverride:
    """``person`` stands in from so long ``after`` the declaration on."""

    seat: int
    person: str
    after: timedelta
    length: timedelta


@dataclass(frozen=True)
class RandomRoster:
    zone: str
    layers: tuple[RandomLayer, ...]
    overrides: tuple[RandomOverride, ...]


@st.composite
def _layer(draw: st.DrawFn) -> RandomLayer:
    rotation = draw(st.sampled_from(Rotation))
    lengths = {
        Rotation.HOURS: st.integers(3, 30),
        Rotation.DAYS: st.integers(1, 3),
        Rotation.WEEKS: st.just(1),
        Rotation.MONTHS: st.integers(1, 2),
    }
    weekday = draw(st.none() | st.integers(0, 6)) if rotation == Rotation.WEEKS else None
    people = draw(st.lists(st.sampled_from(NAMES), max_size=4, unique=True))
    hour, minute = draw(st.integers(0, 23)), draw(st.sampled_from((0, 30)))
    first = draw(st.integers(-9, 2))
    last = draw(st.none() | st.integers(1, 10).map(lambda days: first + days))
    return RandomLayer(rotation, draw(lengths[rotation]), time(hour, minute), weekday, first, last, tuple(people))


_overrides = st.builds(
    RandomOverride,
    seat=st.integers(0, 1),
    person=st.sampled_from(NAMES),
    after=st.integers(-20, 40).map(lambda hours: timedelta(hours=hours)),
    length=st.integers(1, 30).map(lambda hours: timedelta(hours=hours)),
)

rosters = st.builds(
    RandomRoster,
    zone=st.sampled_from(ZONES),
    layers=st.lists(_layer(), min_size=1, max_size=3).map(tuple),
    overrides=st.lists(_overrides, max_size=3).map(tuple),
)


def fill(roster: Roster, said: RandomRoster, people: dict[str, User], *, start: datetime) -> None:
    """Let the empty ``roster`` be what the random one says, for an incident at ``start``, and plan its shifts."""
    roster.time_zone = said.zone
    roster.save()
    day = start.date()
    for position, each in enumerate(said.layers, start=1):
        layer = Layer.objects.create(
            roster=roster, position=position, name=f"Layer {position}", rotation=each.rotation, length=each.length,
            handoff_time=each.handoff_time, handoff_weekday=each.weekday, starts_on=day + timedelta(days=each.first),
            ends_on=None if each.last is None else day + timedelta(days=each.last),
        )  # fmt: skip
        for place, name in enumerate(each.people, start=1):
            LayerMember.objects.create(layer=layer, person=people[name], position=place)
    for override in said.overrides:
        begins = start + override.after
        Override.objects.create(
            roster=roster, seat=override.seat, person=people[override.person],
            during=DateTimeTZRange(begins, begins + override.length),
        )  # fmt: skip
    actions.materialise(roster, now=start - PLANNED_BEFORE)
