"""What an import wants, in this house's words: people, teams, rosters, chains, and what of a document is lost.

Nothing here knows a vendor or a database. People are named by their email address in lower case, teams, rosters and
chains by the reference that the vendor has for them (``ref``), which stays when they are renamed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from apps.contacts.models import MethodKind
from apps.escalation.models import TargetKind, Unless
from apps.integrations.models import Vendor
from apps.rosters.models import Rotation
from apps.rosters.rules import LayerPlan, WeeklyRange, Window
from apps.teams.models import TeamRole


class Outcome(StrEnum):
    """What became of a thing of the document that is not taken over as it stands."""

    LEFT_OUT = "left out"
    DIFFERS = "differs"
    NOTED = "noted"


@dataclass(frozen=True, slots=True)
class Note:
    """Something that does not map: where it stands in the document, what became of it, and why."""

    where: str
    outcome: Outcome
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A way to reach somebody. The vendor's word that it works is not taken over: here it is verified anew."""

    kind: MethodKind
    value: str
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody with an account. Without a ``time_zone`` the document says none that is known here."""

    ref: str
    email: str
    name: str
    time_zone: str = ""
    methods: tuple[Method, ...] = ()


@dataclass(frozen=True, slots=True)
class Member:
    """Who belongs to a team, in which role."""

    person: str
    role: TeamRole


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A team and who belongs to it."""

    ref: str
    name: str
    description: str = ""
    members: tuple[Member, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A layer as ``rosters.models.Layer`` has it; ``people`` are addresses, ``zone`` empty is that of the roster."""

    name: str
    people: tuple[str, ...]
    rotation: Rotation
    length: int
    handoff_time: time
    starts_on: date
    handoff_weekday: int | None = None
    ends_on: date | None = None
    zone: str = ""
    at_once: int = 1
    restrictions: tuple[WeeklyRange, ...] = ()

    def as_rules(self, ids: Mapping[str, int]) -> LayerPlan:
        """The layer as ``rosters.rules`` computes it, people by their number in ``ids``."""
        return LayerPlan(
            people=tuple(ids[person] for person in self.people),
            rotation=self.rotation,
            length=self.length,
            handoff_time=self.handoff_time,
            starts_on=self.starts_on,
            handoff_weekday=self.handoff_weekday,
            ends_on=self.ends_on,
            zone=ZoneInfo(self.zone) if self.zone else None,
            at_once=self.at_once,
            restrictions=self.restrictions,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """Somebody who stands in, from ``start`` to ``end`` (UTC), in one seat."""

    ref: str
    person: str
    start: datetime
    end: datetime
    seat: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """A roster with its layers, the lowest first, and its overrides in the order in which they count.

    ``team`` is the reference of its team; empty: the vendor says none. ``overrides_within``: the document names every
    override that begins then, so that one it no longer names was taken back; None: it need not name them all.
    """

    ref: str
    name: str
    team: str
    time_zone: str
    layers: tuple[Layer, ...]
    overrides: tuple[Override, ...] = ()
    overrides_within: Window | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a level pages: a person by address, a team or a roster by reference."""

    kind: TargetKind
    ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A level of a chain; ``after`` counts from the declaration."""

    after: timedelta
    targets: tuple[Target, ...]
    unless: Unless = Unless.ACKNOWLEDGED
    round_robin: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """An escalation policy, and whose it is: ``teams`` by reference, ``services`` by the name they have there."""

    ref: str
    name: str
    teams: tuple[str, ...]
    services: tuple[str, ...]
    levels: tuple[Level, ...]
    repeats: int = 0
    repeat_every: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """Who is on call from when to when by the vendor's own reckoning; an address, or what else names them."""

    person: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalSchedule:
    """A schedule as the vendor computed it for ``window``: what its ``rosters`` here are held against."""

    ref: str
    name: str
    rosters: tuple[str, ...]
    window: Window
    held: tuple[Held, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPlan:
    """Everything that one document wants, and what of it is lost."""

    vendor: Vendor
    people: tuple[Person, ...] = ()
    teams: tuple[Team, ...] = ()
    rosters: tuple[Roster, ...] = ()
    chains: tuple[Chain, ...] = ()
    expected: tuple[FinalSchedule, ...] = ()
    notes: tuple[Note, ...] = ()
