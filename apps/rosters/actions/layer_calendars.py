"""Where the turns of one layer come from: set, looked at before, and taken away, each as one whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from apps.core import clock
from apps.core.errors import Invalid
from apps.core.history import made_by
from apps.rosters import queries
from apps.rosters.actions.calendars import plan_reading, set_address, set_file, window_at
from apps.rosters.actions.gaps import NamedGap, refusing_gaps
from apps.rosters.actions.layers import opened, set_people
from apps.rosters.actions.saving import Outlook, shifts_ahead
from apps.rosters.actions.shifts import materialise
from apps.rosters.calendars import reading
from apps.rosters.calendars.expansion import Expansion
from apps.rosters.calendars.fetching import as_address
from apps.rosters.calendars.turns import zone_of
from apps.rosters.models import CalendarSource, Layer
from apps.rosters.rules import check_takes_turns
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.models import User


@dataclass(frozen=True, slots=True)
class CalendarOutlook(Outlook):
    """What taking the turns of a layer from a calendar would make, and what in it is nobody's turn."""

    unmatched: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Read:
    """A calendar that was read for ``zone``."""

    name: str
    text: bytes
    expansion: Expansion
    zone: ZoneInfo


def use_address(layer: Layer, url: str, *, by: User, accept_gaps: bool = False) -> None:
    """Let the turns of ``layer`` come from the calendar at ``url``, which the engine reads from now on.

    The same address again is read anew, and no change. Raises NotAllowed unless ``by`` manages the roster's team;
    Invalid and ValidationError, naming ``url``, for an address that is none, or a private one; RuleViolation for a
    roster that is retired or frozen; Conflict where the layer is gone; LeavesGap unless ``accept_gaps``.
    """
    access.require_for_team(by, Permission.MANAGE, layer.roster.team)
    address = as_address(url)
    if not address:
        raise Invalid("Give an address.", field="url")
    CalendarSource(layer=layer, url=address).clean_fields(exclude={"layer"})
    with refusing_gaps(queries.with_stood_for([layer.roster]), by=by, accepts_all=accept_gaps):
        layer = opened(layer)
        source = _source_of(layer)
        if source.url != address:
            set_address(source, address, by=by)
        materialise(layer.roster)
        plan_reading(layer.roster)


def use_file(layer: Layer, *, name: str, text: bytes, by: User, accept_gaps: bool = False) -> None:
    """Let the turns of ``layer`` be those of the calendar ``text``, which came in a file of that ``name``.

    Raises as ``use_address`` does; Unreadable, naming ``file``, for a calendar that cannot be used. It is read before
    anything is locked.
    """
    _use(layer, _read(layer, name, text, by=by), by=by, accept_gaps=accept_gaps)


def look_at_file(layer: Layer, *, name: str, text: bytes, by: User) -> CalendarOutlook:
    """What ``use_file`` would make; nothing is saved. Raises as it does, but for the gaps, which are told."""
    read = _read(layer, name, text, by=by)
    with transaction.atomic():
        gaps = _use(layer, read, by=by, accept_gaps=True)
        unmatched = CalendarSource.objects.values_list("unmatched", flat=True).get(layer=layer)
        found = CalendarOutlook(shifts_ahead(layer.roster), gaps, unmatched)
        transaction.set_rollback(True)
    return found


def take_calendar_away(layer: Layer, *, people: Sequence[User] = (), by: User, accept_gaps: bool = False) -> None:
    """Let ``people`` take the turns of ``layer`` again, in that order, or, without any named, its own people.

    A layer without a calendar just gets these people. Raises as ``use_address`` does; Invalid, naming ``people``,
    where nobody would take turns, for a person twice, and for somebody new who could not answer a page.
    """
    access.require_for_team(by, Permission.MANAGE, layer.roster.team)
    with refusing_gaps(queries.with_stood_for([layer.roster]), by=by, accepts_all=accept_gaps):
        layer = opened(layer)
        if people:
            set_people(layer, people, by=by)
        check_takes_turns(layer.members.all(), from_calendar=False)
        for source in CalendarSource.objects.filter(layer=layer):
            made_by(source, by)
            source.delete()
        materialise(layer.roster)


def _read(layer: Layer, name: str, text: bytes, *, by: User) -> _Read:
    access.require_for_team(by, Permission.MANAGE, layer.roster.team)
    zone = zone_of(layer)
    return _Read(name, text, reading.read(text, window=window_at(clock.now()), zone=zone), zone)


def _use(layer: Layer, read: _Read, *, by: User, accept_gaps: bool) -> list[NamedGap]:
    with refusing_gaps(queries.with_stood_for([layer.roster]), by=by, accepts_all=accept_gaps) as gaps:
        layer = opened(layer)
        source = _source_of(layer)
        set_file(source, name=read.name, text=read.text, expansion=read.expansion, zone=read.zone, by=by)
        materialise(layer.roster)
    return gaps


def _source_of(layer: Layer) -> CalendarSource:
    return CalendarSource.objects.filter(layer=layer).first() or CalendarSource(layer=layer)
