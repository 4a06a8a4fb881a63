"""Overrides as a table, a row for each; and shifts, which are written so that they can be read as such. No database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from apps.core.errors import Invalid
from apps.rosters.models import MOST_AT_ONCE, Shift
from apps.rosters.tables import cells
from apps.rosters.tables.files import Problem, Row, read_table

REQUIRED = ("roster", "person", "start", "end")
#: Read for nobody: what a table of shifts says besides.
_FOR_PEOPLE = ("name", "start_local", "end_local", "time_zone", "source")
SHIFT_COLUMNS = ("roster", "seat", "person", "name", "start", "end", "start_local", "end_local", "time_zone", "source")
LONGEST_REASON = 255


@dataclass(frozen=True, slots=True)
class OverrideSaid:
    """Who is to stand in, by mail address, and when: naive times are local to the roster. Seats count from 0."""

    row: int
    slug: str
    person: str
    start: datetime
    end: datetime
    seat: int
    reason: str


@dataclass(frozen=True, slots=True)
class OverrideTable:
    """What a table of overrides says, in the order of its rows, and the rows of it that say nothing clear."""

    overrides: tuple[OverrideSaid, ...]
    problems: tuple[Problem, ...]


def read_overrides(text: bytes) -> OverrideTable:
    """Return what the CSV file ``text`` says of overrides; in the file the first seat is 1, as on the pages.

    Raises Invalid, naming ``file``, for one that cannot be used.
    """
    table = read_table(text, required=REQUIRED, optional=("reason", "seat", *_FOR_PEOPLE))
    problems = list(table.problems)
    found = []
    for row in table.rows:
        try:
            found.append(_override(row))
        except Invalid as unclear:
            problems.append(Problem(row.number, f"{unclear.field}: {unclear}" if unclear.field else str(unclear)))
    return OverrideTable(tuple(found), tuple(sorted(problems, key=lambda each: each.row)))


def shift_rows(slug: str, zone: ZoneInfo, shifts: list[Shift]) -> Iterator[list[str]]:
    """The rows of the shifts of a roster, by SHIFT_COLUMNS: to the second, in UTC and by clocks in ``zone``."""
    for shift in shifts:
        yield [
            slug,
            str(shift.seat + 1),
            shift.person.email,
            shift.person.name,
            f"{shift.start.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            f"{shift.end.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            shift.start.astimezone(zone).isoformat(timespec="seconds"),
            shift.end.astimezone(zone).isoformat(timespec="seconds"),
            zone.key,
            shift.source,
        ]


def _override(row: Row) -> OverrideSaid:
    if missing := [name for name in REQUIRED if not row.cells[name]]:
        raise Invalid(f"Nothing is said of {', '.join(missing)}.")
    return OverrideSaid(
        row=row.number,
        slug=row.cells["roster"],
        person=row.cells["person"].lower(),
        start=_moment(row, "start"),
        end=_moment(row, "end"),
        seat=_seat(row),
        reason=_reason(row),
    )


def _moment(row: Row, column: str) -> datetime:
    try:
        return cells.moment(row.cells[column])
    except Invalid as unclear:
        raise Invalid(str(unclear), field=column) from unclear


def _seat(row: Row) -> int:
    said = row.cells["seat"] or "1"
    if not (said.isascii() and said.isdecimal() and len(said) < 4 and 1 <= int(said) <= MOST_AT_ONCE):
        raise Invalid(f"Seats are numbered from 1 to {MOST_AT_ONCE}.", field="seat")
    return int(said) - 1


def _reason(row: Row) -> str:
    if len(row.cells["reason"]) > LONGEST_REASON:
        raise Invalid(f"It is longer than {LONGEST_REASON} characters.", field="reason")
    return row.cells["reason"]
