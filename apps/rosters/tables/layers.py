"""The layers of rosters as a table: a row for each person in the order of a layer. No database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any

from apps.core.errors import Invalid
from apps.rosters.models import Layer, Weekday
from apps.rosters.models.rosters import LAST_PLACE, MOST_PEOPLE, TOO_MANY_PEOPLE
from apps.rosters.rules import WeeklyRange, ranges_in_words
from apps.rosters.tables import cells
from apps.rosters.tables.files import Problem, Row, read_table

REQUIRED = ("roster", "layer", "person")
#: How a cell of each setting is read; the names are those of the fields of a layer, and ``restrictions``.
_READ: Mapping[str, Callable[[str], object]] = {
    "position": cells.number,
    "rotation": cells.rotation,
    "length": cells.number,
    "at_once": cells.number,
    "handoff_time": cells.wall_time,
    "handoff_weekday": cells.weekday,
    "time_zone": str,
    "starts_on": cells.day,
    "ends_on": cells.day,
    "restrictions": cells.weekly_ranges,
    "holidays_of": str,
}
SETTINGS = tuple(_READ)
COLUMNS = ("roster", "layer", *SETTINGS, "person", "place")
#: What an empty cell means; of the other settings it says nothing.
_EMPTY: Mapping[str, object] = {
    "handoff_weekday": None, "time_zone": "", "ends_on": None, "restrictions": (), "holidays_of": "",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """A value, and the row that says it."""

    value: Any
    row: int


@dataclass(frozen=True, slots=True)
class LayerSaid:
    """What the table says of a layer: the settings that it names, and mail addresses in the order of their turns."""

    name: str
    row: int
    settings: Mapping[str, Said]
    people: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class RosterSaid:
    """The layers that the table names of a roster."""

    slug: str
    row: int
    layers: tuple[LayerSaid, ...]


@dataclass(frozen=True, slots=True)
class LayerTable:
    """What a table of layers says, and the rows of it that say nothing clear, by their numbers."""

    rosters: tuple[RosterSaid, ...]
    problems: tuple[Problem, ...]


def read_layers(text: bytes) -> LayerTable:
    """Return what the CSV file ``text`` says of layers. Raises Invalid, naming ``file``, for one that cannot be used.

    Rows of one roster and layer belong together, wherever they stand. What a layer is need be said in one of its rows;
    where two say different things, that is a problem. People come in the order of their places, those without one
    after the others; mail addresses in lower case.
    """
    table = read_table(text, required=REQUIRED, optional=(*SETTINGS, "place"))
    problems = list(table.problems)
    grouped: dict[str, dict[str, list[Row]]] = {}
    for row in table.rows:
        slug, name = row.cells["roster"], row.cells["layer"]
        if slug and name:
            grouped.setdefault(slug, {}).setdefault(name, []).append(row)
        else:
            problems.append(Problem(row.number, f"It does not say which {'layer' if slug else 'roster'}."))
    rosters = []
    for slug, by_layer in grouped.items():
        layers = tuple(_layer(name, rows, table.columns, problems) for name, rows in by_layer.items())
        rosters.append(RosterSaid(slug, min(layer.row for layer in layers), layers))
    return LayerTable(tuple(rosters), tuple(sorted(problems, key=lambda each: each.row)))


def labels(names: Iterable[str]) -> list[str]:
    """Return for each of the layers of a roster, in the order in which they were made, what a table calls it.

    That is its name, and for a later one of the same name this with a number, such as ``Days (2)``.
    """
    plain = [name.strip() or "Layer" for name in names]
    taken: set[str] = set()
    found = []
    for name in plain:
        label, number = name, 1
        while label in taken or (number > 1 and label in plain):
            number += 1
            label = f"{name} ({number})"
        taken.add(label)
        found.append(label)
    return found


def settings_of(layer: Layer, ranges: Iterable[WeeklyRange]) -> dict[str, str]:
    """The cells that say what ``layer`` is, with the parts of the week to which it is restricted."""
    weekday = layer.handoff_weekday
    return {
        "position": str(layer.position),
        "rotation": str(layer.rotation),
        "length": str(layer.length),
        "at_once": str(layer.at_once),
        "handoff_time": _in_words(layer.handoff_time),
        "handoff_weekday": Weekday(weekday).label if weekday is not None else "",
        "time_zone": layer.time_zone,
        "starts_on": layer.starts_on.isoformat(),
        "ends_on": layer.ends_on.isoformat() if layer.ends_on else "",
        "restrictions": ranges_in_words(ranges),
        "holidays_of": layer.holidays_of,
    }


def layer_rows(slug: str, label: str, settings: Mapping[str, str], people: Sequence[str]) -> Iterator[list[str]]:
    """The rows of a layer, by COLUMNS: one for each mail address of ``people``, or one without any."""
    said = [slug, label, *(settings[name] for name in SETTINGS)]
    if not people:
        yield [*said, "", ""]
    for place, address in enumerate(people, start=1):
        yield [*said, address, str(place)]


def _layer(name: str, rows: list[Row], columns: frozenset[str], problems: list[Problem]) -> LayerSaid:
    settings: dict[str, Said] = {}
    for column in SETTINGS:
        if column in columns:
            for row in rows:
                _take_setting(column, row, settings, problems)
            if column in _EMPTY:
                settings.setdefault(column, Said(_EMPTY[column], rows[0].number))
    return LayerSaid(name, rows[0].number, settings, _people(rows, problems))


def _take_setting(column: str, row: Row, settings: dict[str, Said], problems: list[Problem]) -> None:
    """Put what ``row`` says of ``column``, if anything, into ``settings``; or note why it cannot be."""
    if not row.cells[column]:
        return
    try:
        said = Said(_READ[column](row.cells[column]), row.number)
    except Invalid as unclear:
        problems.append(Problem(row.number, f"{column}: {unclear}"))
        return
    first = settings.setdefault(column, said)
    if first.value != said.value:
        problems.append(Problem(row.number, f"{column}: row {first.row} says something else of the same layer."))


def _people(rows: list[Row], problems: list[Problem]) -> tuple[Said, ...]:
    first: dict[str, int] = {}
    found: list[tuple[int, Said]] = []
    for row in rows:
        address = row.cells["person"].lower()
        if not address:
            continue
        if address in first:
            twice = f"{address[:100]} is in this layer twice, first in row {first[address]}."
            problems.append(Problem(row.number, twice))
            continue
        first[address] = row.number
        try:
            place = cells.number(row.cells["place"]) if row.cells["place"] else LAST_PLACE
        except Invalid as unclear:
            problems.append(Problem(row.number, f"place: {unclear}"))
            continue
        found.append((place, Said(address, row.number)))
    if len(found) > MOST_PEOPLE:
        problems.append(Problem(rows[0].number, TOO_MANY_PEOPLE))
    return tuple(said for _, said in sorted(found, key=lambda each: each[0]))


def _in_words(at: time) -> str:
    return at.isoformat("minutes" if not (at.second or at.microsecond) else "auto")
