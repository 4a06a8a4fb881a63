"""What a table of layers would change of a roster: compared and said, nothing is written here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from django.core.exceptions import ValidationError

from apps.core.errors import Invalid
from apps.core.zones import zone_or_utc
from apps.rosters.models import Layer, Roster
from apps.rosters.planning import weekly_range
from apps.rosters.rules import WeeklyRange, check_left_to_calendar
from apps.rosters.tables import LayerSaid, Problem, RosterSaid, labels, settings_of
from apps.teams.models import User

_RANGES = "restrictions"


class Verb(StrEnum):
    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class SettingChange:
    """A setting by the name of its column, as the table writes it before and after; empty for none."""

    column: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class LayerChange:
    """What becomes of a layer. ``layer`` is how it is to be, or, for one that goes, how it is; not saved."""

    layer: Layer
    label: str
    verb: Verb
    settings: tuple[SettingChange, ...]
    ranges: tuple[WeeklyRange, ...]
    people_before: tuple[User, ...]
    people: tuple[User, ...]

    @property
    def joining(self) -> list[User]:
        """Who takes turns in it who did not, in order."""
        return [person for person in self.people if person not in self.people_before]

    @property
    def leaving(self) -> list[User]:
        """Who takes no more turns in it, in their old order."""
        return [person for person in self.people_before if person not in self.people]

    @property
    def is_reordered(self) -> bool:
        """Whether those who stay take turns in another order."""
        stayed = [person for person in self.people_before if person in self.people]
        return stayed != [person for person in self.people if person in self.people_before]

    @property
    def has_other_ranges(self) -> bool:
        """Whether it is restricted to other parts of the week."""
        return any(each.column == _RANGES for each in self.settings)

    @property
    def has_other_fields(self) -> bool:
        """Whether a field of the layer itself is another."""
        return any(each.column != _RANGES for each in self.settings)


@dataclass(frozen=True, slots=True)
class RosterChange:
    """What becomes of a roster: its layers that change."""

    roster: Roster
    layers: tuple[LayerChange, ...]


@dataclass(frozen=True, slots=True)
class People:
    """Who a table means, by mail address in lower case, and why some of them cannot be put in anew, by id."""

    by_address: Mapping[str, User]
    refused: Mapping[int, str]


def compared(
    roster: Roster, layers: Iterable[Layer], said: RosterSaid, *, people: People, now: datetime
) -> tuple[list[LayerChange], list[Problem]]:
    """Return what becomes of ``layers``, which are all of ``roster``, if it is to be as ``said``; and what cannot be.

    A layer that the table does not name goes, unless its turns come from a calendar: such a one stays as it is, and of
    one that is named what the calendar says is not changed. The layers come with their calendars, restrictions, and
    members with their persons.
    """
    in_order = sorted(layers, key=lambda layer: layer.pk)
    existing = dict(zip(labels(layer.name for layer in in_order), in_order, strict=True))
    changes: list[LayerChange] = []
    problems: list[Problem] = []
    highest = max((layer.position for layer in in_order), default=0)
    for each in said.layers:
        before = existing.pop(each.name, None)
        wanted = _as_said(before or _blank(roster, each, highest=highest, now=now), each)
        highest = max(highest, wanted.position)
        members, unknown = _people(each, before=_members(before), people=people)
        problems += unknown
        change = _change(wanted, before, each, members)
        if change is None:
            continue
        problems += _mistakes(wanted, each)
        if before is not None and before.has_calendar:
            problems += _left_to_calendar(change, each)
        elif not each.people:
            problems.append(Problem(each.row, "Nobody takes turns in this layer: add people."))
        changes.append(change)
    changes += [_removed(label, layer) for label, layer in existing.items() if not layer.has_calendar]
    return changes, problems


def _blank(roster: Roster, said: LayerSaid, *, highest: int, now: datetime) -> Layer:
    """A new layer with what the table may leave open: it comes on top, and begins today by its clocks."""
    named = said.settings["time_zone"].value if "time_zone" in said.settings else ""
    zone = zone_or_utc(named or roster.time_zone)
    today: date = now.astimezone(zone).date()
    return Layer(roster=roster, name=said.name, position=highest + 1, starts_on=today)


def _as_said(layer: Layer, said: LayerSaid) -> Layer:
    """A copy of ``layer`` with the fields that the table names."""
    wanted = copy(layer)
    for column, each in said.settings.items():
        if column != _RANGES:
            setattr(wanted, column, each.value)
    return wanted


def _mistakes(wanted: Layer, said: LayerSaid) -> Iterator[Problem]:
    """What of the layer cannot be, each by the row that says it."""
    try:
        wanted.clean_fields(exclude={"roster"})
        wanted.clean()
    except ValidationError as error:
        for name, texts in error.message_dict.items():
            row = said.settings[name].row if name in said.settings else said.row
            yield from (Problem(row, f"{'layer' if name == 'name' else name}: {text}") for text in texts)


def _left_to_calendar(change: LayerChange, said: LayerSaid) -> Iterator[Problem]:
    """Why the turns of the layer, which come from a calendar, are not changed, if that is what the table says."""
    changed = [each.column for each in change.settings]
    if change.people != change.people_before:
        changed.append("people")
    try:
        check_left_to_calendar(change.layer.name, changed)
    except Invalid as refused:
        yield Problem(said.row, str(refused))


def _people(said: LayerSaid, *, before: Sequence[User], people: People) -> tuple[tuple[User, ...], list[Problem]]:
    """The persons of the layer in order, and who of them is not known or could not answer a page.

    Whoever was in the layer before may stay: they are taken out, not refused.
    """
    found, problems = [], []
    for each in said.people:
        person = people.by_address.get(each.value)
        if person is None:
            problems.append(Problem(each.row, f"Nobody has the mail address {each.value[:100]}."))
        elif person.pk in people.refused and person not in before:
            problems.append(Problem(each.row, people.refused[person.pk]))
        else:
            found.append(person)
    return tuple(found), problems


def _change(wanted: Layer, before: Layer | None, said: LayerSaid, members: tuple[User, ...]) -> LayerChange | None:
    """What becomes of the layer; None where it stays as it is. Parts of the week are the same in any order."""
    ranges_before = _ranges(before)
    ranges: tuple[WeeklyRange, ...] = said.settings[_RANGES].value if _RANGES in said.settings else ranges_before
    old = settings_of(before, ranges_before) if before is not None else {}
    new = settings_of(wanted, ranges)
    if set(old.get(_RANGES, "").split("; ")) == set(new[_RANGES].split("; ")):
        new[_RANGES] = old.get(_RANGES, "")
    settings = tuple(
        SettingChange(column, old.get(column, ""), value)
        for column, value in new.items()
        if old.get(column, "") != value
    )
    if before is not None and not settings and members == _members(before):
        return None
    verb = Verb.ADDED if before is None else Verb.CHANGED
    return LayerChange(wanted, said.name, verb, settings, ranges, _members(before), members)


def _removed(label: str, layer: Layer) -> LayerChange:
    return LayerChange(layer, label, Verb.REMOVED, (), _ranges(layer), _members(layer), ())


def _members(layer: Layer | None) -> tuple[User, ...]:
    return tuple(member.person for member in layer.members.all()) if layer is not None else ()


def _ranges(layer: Layer | None) -> tuple[WeeklyRange, ...]:
    return tuple(weekly_range(each) for each in layer.restrictions.all()) if layer is not None else ()


def in_words(change: RosterChange) -> Iterator[str]:
    """Everything that the change says: two that say the same do the same."""
    for each in change.layers:
        which = "new" if each.verb is Verb.ADDED else each.layer.pk
        yield f"{change.roster.pk} {which} {each.label!r} {each.verb}"
        yield from (f"{setting.column} {setting.before!r} {setting.after!r}" for setting in each.settings)
        yield f"{[person.pk for person in each.people_before]} {[person.pk for person in each.people]}"
