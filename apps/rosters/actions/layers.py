"""The layers of a roster with their people and times, written as one whole: what stays the same is not touched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError

from apps.core import clock
from apps.core.errors import Conflict, Invalid
from apps.core.history import made_by
from apps.core.zones import zone_named
from apps.rosters.actions.checks import check_layer_count, check_layers_move
from apps.rosters.actions.overrides import check_stands_in
from apps.rosters.actions.shifts import locked
from apps.rosters.models import Layer, LayerMember, Restriction, Roster
from apps.rosters.models.rosters import MOST_PEOPLE, MOST_RESTRICTIONS, TOO_MANY_PEOPLE
from apps.rosters.planning import weekly_range
from apps.rosters.rules import LEFT_TO_CALENDARS, WeeklyRange, check_left_to_calendar, check_takes_turns
from apps.teams.models import User

#: What a layer says itself.
FIELDS = (
    "name", "position", "rotation", "length", "handoff_time", "handoff_weekday", "starts_on", "ends_on", "time_zone",
    "holidays_of", "at_once",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerEntry:
    """A layer as it is to be: some of FIELDS by their names, its people in their order, and when in the week.

    ``id`` says which layer of the roster it is; without one that is the one of its name, or a new one.
    """

    fields: Mapping[str, Any]
    people: Sequence[User]
    restrictions: Sequence[WeeklyRange] = ()
    id: int | None = None


def write_layers(roster: Roster, entries: Sequence[LayerEntry], *, by: User) -> bool:
    """Make the layers of ``roster``, which is locked, what ``entries`` say, lowest first; return whether any changed.

    A field that is not named is as in a new layer, ``position`` the place among the entries; only the first day of a
    layer stays, and a new one begins today. Layers that are not among the entries go, but for those whose turns come
    from a calendar; of such a one what the calendar says is not changed. Shifts are to be filled after it. Raises
    Invalid, naming ``layers.NUMBER.FIELD``, for what does not go together, nobody in it, a person twice, and somebody
    new who could not answer a page; naming ``layers``, for more than a roster may have.
    """
    layers = roster.layers.select_related("calendar").defer("calendar__good_text", "calendar__unmatched")
    existing = list(layers.prefetch_related("members", "restrictions"))
    matched = _matched(entries, existing)
    unnamed = [layer for layer in existing if layer not in matched]
    going = [layer for layer in unnamed if not layer.has_calendar]
    check_layer_count(roster, len(entries) + len(unnamed) - len(going), before=len(existing))
    for layer in going:
        remove_layer(layer, by=by)
    changed = bool(going)
    for number, (entry, found) in enumerate(zip(entries, matched, strict=True)):
        layer = found or Layer(roster=roster)
        with _beside(f"layers.{number}"):
            if found is not None and found.has_calendar:
                check_left_to_calendar(found.name, _different(found, entry))
            else:
                check_takes_turns(entry.people, from_calendar=False)
            changed |= _write_fields(layer, entry, place=number + 1, by=by)
            changed |= set_people(layer, entry.people, by=by)
            changed |= set_restrictions(layer, entry.restrictions, by=by)
    return changed


def opened(layer: Layer) -> Layer:
    """The layer as it is now, with its roster locked for a change.

    Raises RuleViolation for a roster that is retired or frozen, Conflict where the layer is gone.
    """
    roster = locked(layer.roster)
    check_layers_move(roster, now=clock.now())
    found = roster.layers.filter(pk=layer.pk).first()
    if found is None:
        raise Conflict(f"The layer {layer.name} is no longer there.")
    return found


def set_people(layer: Layer, people: Sequence[User], *, by: User | None = None) -> bool:
    """Make ``people`` those who take turns in ``layer``, in that order; return whether they were not so already.

    Whoever keeps their place keeps their row. ``by`` None: whoever signed in. Raises Invalid, naming ``people``, for
    a person twice, for more than MOST_PEOPLE, and for somebody new who could not answer a page.
    """
    twice = [person for person, times in Counter(people).items() if times > 1]
    if twice:
        raise Invalid(f"There twice: {', '.join(map(str, twice))}.", field="people")
    if len(people) > MOST_PEOPLE:
        raise Invalid(TOO_MANY_PEOPLE, field="people")
    members = {member.person_id: member for member in layer.members.all()}
    wanted = dict.fromkeys(person.pk for person in people)
    if list(members) == list(wanted):
        return False
    for member in members.values():
        if member.person_id not in wanted:
            made_by(member, by)
            member.delete()
    for place, person in enumerate(people, start=1):
        held = members.get(person.pk)
        if held is None:
            check_stands_in(person, field="people")
            held = LayerMember(layer=layer, person=person)
        elif held.position == place:
            continue
        held.position = place
        made_by(held, by)
        held.save()
    return True


def set_restrictions(layer: Layer, wanted: Sequence[WeeklyRange], *, by: User | None = None) -> bool:
    """Let ``layer`` cover only what lies within ``wanted``, without any all the time; return whether that is new.

    ``by`` None: whoever signed in. Raises Invalid, naming ``restrictions.NUMBER.FIELD``, for a range that ends before
    it starts or lasts longer than a week; naming ``restrictions``, for more than MOST_RESTRICTIONS.
    """
    existing = list(layer.restrictions.all())
    if set(wanted) == {weekly_range(each) for each in existing}:
        return False
    if len(set(wanted)) > MOST_RESTRICTIONS:
        raise Invalid(f"A layer covers {MOST_RESTRICTIONS} parts of the week at most.", field="restrictions")
    for restriction in existing:
        made_by(restriction, by)
        restriction.delete()
    for number, each in enumerate(dict.fromkeys(wanted)):
        restriction = Restriction(
            layer=layer, weekdays=sorted(each.weekdays), start=each.start, end=each.end, days=each.days
        )
        with _beside(f"restrictions.{number}"):
            restriction.clean()
        made_by(restriction, by)
        restriction.save()
    return True


def remove_layer(layer: Layer, *, by: User) -> None:
    """Delete ``layer``, and its parts before it: what goes along with it would not say who did it."""
    for row in (*layer.members.all(), *layer.restrictions.all(), layer):
        made_by(row, by)
        row.delete()


def _matched(entries: Sequence[LayerEntry], existing: Sequence[Layer]) -> list[Layer | None]:
    """Which of the ``existing`` layers each entry is of: by its id, else by its name, first by its first day too."""
    left = {layer.pk: layer for layer in existing}
    found: list[Layer | None] = [None] * len(entries)
    for number, entry in enumerate(entries):
        if entry.id is not None:
            found[number] = left.pop(entry.id, None)
            if found[number] is None:
                raise Invalid(f"The roster has no layer {entry.id}, or it is there twice.", field=f"layers.{number}.id")
    for number, entry in enumerate(entries):
        if entry.id is None:
            same = [layer for layer in left.values() if layer.name == entry.fields["name"]]
            same.sort(key=lambda layer: layer.starts_on != entry.fields.get("starts_on"))
            found[number] = left.pop(same[0].pk) if same else None
    return found


def _different(layer: Layer, entry: LayerEntry) -> Iterator[str]:
    """The names of what of ``layer`` the entry says is another."""
    yield from (name for name, value in entry.fields.items() if getattr(layer, name) != value)
    if [member.person_id for member in layer.members.all()] != [person.pk for person in entry.people]:
        yield "people"
    if {weekly_range(each) for each in layer.restrictions.all()} != set(entry.restrictions):
        yield "restrictions"


def _write_fields(layer: Layer, entry: LayerEntry, *, place: int, by: User) -> bool:
    """Save what of FIELDS differs. Raises ValidationError for what no layer can have."""
    is_new = layer.pk is None
    changed = []
    for name, value in _wanted(layer, entry.fields, place=place).items():
        if is_new or getattr(layer, name) != value:
            setattr(layer, name, value)
            changed.append(name)
    if changed:
        layer.full_clean(exclude=["roster"], validate_unique=False, validate_constraints=False)
        made_by(layer, by)
        layer.save(update_fields=None if is_new else changed)
    return bool(changed)


def _wanted(layer: Layer, fields: Mapping[str, Any], *, place: int) -> dict[str, Any]:
    """What each of FIELDS is to be; what is left to the calendar of ``layer`` stays."""
    new = Layer()
    stays = LEFT_TO_CALENDARS if layer.pk is not None and layer.has_calendar else ()
    wanted = {name: fields.get(name, getattr(layer if name in stays else new, name)) for name in FIELDS}
    wanted["position"] = fields.get("position", place)
    wanted["starts_on"] = fields.get("starts_on", layer.starts_on)
    if wanted["starts_on"] is None:
        zone = zone_named(wanted["time_zone"] or layer.roster.time_zone)
        wanted["starts_on"] = clock.now().astimezone(zone).date()
    return wanted


@contextmanager
def _beside(place: str) -> Iterator[None]:
    """Let what is wrong there say so: its field is one of ``place``."""
    try:
        yield
    except Invalid as wrong:
        raise Invalid(str(wrong), field=f"{place}.{wrong.field}") from wrong
    except ValidationError as wrong:
        field, messages = next(iter(wrong.message_dict.items()))
        raise Invalid(messages[0], field=f"{place}.{field}") from wrong
