"""Tables as CSV files: read as spreadsheets save them, written so that no cell is a formula. No database."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import StringIO

from apps.core.errors import Invalid

LARGEST = 1024 * 1024
LARGEST_IN_WORDS = "1 MB"
MOST_ROWS = 5_000
#: Spreadsheets of some countries put semicolons where others put commas; tabs come from copying.
SEPARATORS = (",", ";", "\t")

#: What a spreadsheet takes for a formula begins with one of these; an apostrophe before it makes a text of it.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_TEXT_OF_FORMULA = re.compile(r"'+[=+\-@\t\r]")


@dataclass(frozen=True, slots=True)
class Row:
    """A row, by the names of its columns; ``number`` counts as spreadsheets do: that of the header is 1."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row cannot be used."""

    row: int
    reason: str


@dataclass(frozen=True, slots=True)
class Table:
    """The rows that are not blank, the columns that the file has, and the rows that do not fit them."""

    columns: frozenset[str]
    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]


def read_table(text: bytes, *, required: Collection[str], optional: Collection[str]) -> Table:
    """Return the table in ``text``: UTF-8, with a row that names its columns and one of SEPARATORS between cells.

    Columns come in any order; those of ``optional`` may be missing, their cells are empty then. Cells come without
    blanks around them, and without the apostrophe that ``write_table`` puts before what would be a formula. Raises
    Invalid, naming ``file``, for a file that is too large, is no such table, or has other columns.
    """
    if len(text) > LARGEST:
        raise Invalid(f"It is larger than {LARGEST_IN_WORDS}.", field="file")
    try:
        lines = text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid("It is not in UTF-8: save it as “CSV UTF-8”.", field="file") from error
    if "\0" in lines:
        raise Invalid("It is no text: save it as “CSV UTF-8”.", field="file")
    known = (*required, *optional)
    separator = max(SEPARATORS, key=lambda each: len(set(known).intersection(_header(lines, each))))
    header = _header(lines, separator)
    _check_header(header, required=required, known=known)
    rows, problems = [], []
    for number, cells in _numbered(lines, separator):
        if any(cells[len(header) :]):
            problems.append(Problem(number, "It has more cells than there are columns."))
        else:
            said = dict(zip(header, [*cells, *[""] * len(header)], strict=False))
            rows.append(Row(number, {name: said.get(name, "") for name in known}))
    return Table(frozenset(header), tuple(rows), tuple(problems))


def write_table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a CSV file, as RFC 4180 has it, of a header and ``rows``; no cell reads as a formula."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows([as_text(cell) for cell in row] for row in rows)
    return out.getvalue()


def _header(lines: str, separator: str) -> list[str]:
    try:
        first = next(csv.reader(StringIO(lines, newline=""), delimiter=separator), [])
    except csv.Error:
        return []
    names = [cell.strip().lower().replace(" ", "_") for cell in first]
    while names and not names[-1]:  # a spreadsheet saves the columns beside the table as well
        names.pop()
    return names


def _check_header(header: list[str], *, required: Collection[str], known: Collection[str]) -> None:
    """Raise Invalid unless the columns are those that are expected, each once."""
    if missing := [name for name in required if name not in header]:
        raise Invalid(f"Its first row names the columns; missing: {', '.join(missing)}.", field="file")
    if unknown := [name or "(empty)" for name in header if name not in known]:
        raise Invalid(f"There is no column {', '.join(unknown[:5])[:200]}.", field="file")
    if twice := sorted(name for name, times in Counter(header).items() if times > 1):
        raise Invalid(f"A column is there twice: {', '.join(twice)}.", field="file")


def _numbered(lines: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Yield number and cells of the rows after the header that are not blank. Raises Invalid for too many."""
    reader = csv.reader(StringIO(lines, newline=""), delimiter=separator, strict=True)
    found = 0
    try:
        for number, row in enumerate(reader, start=1):
            cells = [_as_meant(cell) for cell in row]
            if number == 1 or not any(cells):
                continue
            found += 1
            if found > MOST_ROWS:
                raise Invalid(f"It has more than {MOST_ROWS:,} rows.", field="file")
            yield number, cells
    except csv.Error as error:
        raise Invalid(f"It cannot be read as CSV: line {reader.line_num}, {error}.", field="file") from error


def as_text(cell: str) -> str:
    """The cell as no spreadsheet takes it for a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _as_meant(cell: str) -> str:
    cell = cell.strip()
    return cell[1:].strip() if _TEXT_OF_FORMULA.match(cell) else cell
