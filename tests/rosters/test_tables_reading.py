"""What a CSV file of rosters says, and how one is written: no database."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, time, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import Invalid
from apps.rosters import tables
from apps.rosters.rules import read_ranges
from apps.rosters.tables import cells, files

HEADER = "roster,layer,person,place\n"


def read(text: str | bytes) -> tables.LayerTable:
    return tables.read_layers(text if isinstance(text, bytes) else text.encode())


def problems(text: str) -> list[tuple[int, str]]:
    return [(each.row, each.reason) for each in read(text).problems]


def people(text: str | bytes) -> list[str]:
    [roster] = read(text).rosters
    [layer] = roster.layers
    return [each.value for each in layer.people]


@pytest.mark.parametrize(
    "text",
    [
        "roster,layer,person\na,Days,x@example.com\na,Days,y@example.com\n",
        "Roster;Layer;Person\r\na;Days;X@example.com\r\n\r\na;Days;y@example.com\r\n;;\r\n",
        b"\xef\xbb\xbfroster,layer,person,,\na,Days,x@example.com,,\na,Days, y@example.com ,,",
        'person\tlayer\troster\n"x@example.com"\tDays\ta\ny@example.com\tDays\ta\n',
    ],
    ids=["plain", "semicolons", "as Excel saves it", "tabs"],
)
def test_files_are_read_as_spreadsheets_save_them(text):
    assert people(text) == ["x@example.com", "y@example.com"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "missing: roster, layer, person"),
        (b"roster,layer\na,Days", "missing: person"),
        (b"roster,layer,person,handof_time\n", "There is no column handof_time"),
        (b"roster,layer,person,person\n", "A column is there twice: person"),
        (b"roster,layer,person" + b",layer" * 150_000, "A column is there twice: layer"),
        (b"roster,layer,person\na,D\xe4ys,\n", "not in UTF-8"),
        ("roster,layer,person\n".encode("utf-16"), "not in UTF-8"),
        (b"roster,layer,person\na,\0,\n", "It is no text"),
        (b'roster,layer,person\na,"Days,\n', "cannot be read as CSV"),
        (b'roster,layer,person\na,"Days"x,\n', "cannot be read as CSV"),
        (b"roster,layer,person\n" + b"a,b,\n" * (files.MOST_ROWS + 1), "more than 5,000 rows"),
        (b"roster,layer,person\n" + b"\n" * files.LARGEST, "larger than 1 MB"),
        (b'roster,layer,person\na,"' + b"x" * 200_000 + b'",\n', "cannot be read as CSV"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused_with_a_reason(text, said):
    with pytest.raises(Invalid, match=said) as refused:
        read(text)
    assert refused.value.field == "file"


def test_rows_are_numbered_as_a_spreadsheet_shows_them():
    text = HEADER + "\n" + 'a,"two\nlines",x@example.com,first\n' + "a,b,,,,x\n"
    assert problems(text) == [
        (3, "place: “first” is not a whole number."),
        (4, "It has more cells than there are columns."),
    ]


def test_people_come_in_the_order_of_their_places_and_those_without_one_last():
    assert people(HEADER + "a,b,x@x.org,\na,b,y@x.org,20\na,b,Z@x.org,3\na,b,w@x.org,\n") == [
        "z@x.org", "y@x.org", "x@x.org", "w@x.org",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ("a,b,x@x.org,1\nc,b,x@x.org,1\na,b,X@x.org,2\n", [(4, "x@x.org is in this layer twice, first in row 2.")]),
        (",b,x@x.org,1\na,,x@x.org,1\n", [(2, "It does not say which roster."), (3, "It does not say which layer.")]),
        ("a,b,x@x.org,-1\n", [(2, "place: “-1” is not a whole number.")]),
    ],
)
def test_a_row_that_is_not_clear_is_named_with_its_reason(rows, found):
    assert problems(HEADER + rows) == found


@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [
        ("position", "1.5", "“1.5” is not a whole number."),
        ("rotation", "fortnights", "“fortnights” is not one of hours, days, weeks, months."),
        ("handoff_time", "9 o'clock", "“9 o'clock” is not a time of day such as 09:00."),
        ("handoff_time", "25:00", "25:00 is not a time of day."),
        ("handoff_weekday", "M", "“M” is not a day of the week such as Monday."),
        ("starts_on", "3/2/2026", "“3/2/2026” is not a day such as 2026-03-02."),
        ("ends_on", "2026-02-30", "There is no day 2026-02-30."),
        ("restrictions", "office hours", "“office hours” is not clear"),
        ("restrictions", "Mon, " * 2_500, "It is longer than 10,000 characters."),
    ],
)
def test_a_setting_that_is_not_clear_is_named_with_its_column(column, cell, said):
    [(row, reason)] = problems(f'roster,layer,person,{column}\na,b,,"{cell}"\n')
    assert (row, reason.startswith(f"{column}: {said}")) == (2, True), reason


def test_a_setting_need_be_said_once_and_is_said_alike():
    text = "roster,layer,person,length,handoff_time,ends_on\na,b,x@x.org,2,9:00,\na,b,y@x.org,,09:00:00,\n"
    [roster] = read(text).rosters
    [layer] = roster.layers
    assert {name: each.value for name, each in layer.settings.items()} == {
        "length": 2, "handoff_time": time(9), "ends_on": None,
    }  # fmt: skip
    assert problems(text + "a,b,z@x.org,3,,\n") == [(4, "length: row 2 says something else of the same layer.")]


def test_days_times_and_weekdays_are_read_as_spreadsheets_write_them():
    assert cells.day("2026-3-2") == cells.day("02.03.2026") == date(2026, 3, 2)
    assert cells.wall_time("9:05") == cells.wall_time("09.05") == cells.wall_time("09:05:00") == time(9, 5)
    assert cells.weekday("fri") == cells.weekday("FRIDAY") == 4
    assert cells.weekly_ranges("mon-fri 09:00-18:00; fri 18:00-mon 08:00 ") == read_ranges(
        "Mon-Fri 09:00-18:00; Fri 18:00 - Mon 08:00"
    )


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-03-02T09:00+01:00", "2026-03-02T08:00"),
        ("2026-03-02T08:00:00Z", "2026-03-02T08:00"),
        ("2026-03-02 09:00", "2026-03-02T08:00"),
        ("02.03.2026 09:00", "2026-03-02T08:00"),
        ("2026-03-29 02:30", "2026-03-29T01:00"),  # does not exist: the first instant after it
        ("2026-10-25 02:30", "2026-10-25T00:30"),  # comes twice: its first
        ("2026-10-25T02:30+01:00", "2026-10-25T01:30"),
    ],
)
def test_a_moment_says_its_offset_or_is_local_as_everywhere_in_the_house(text, utc):
    found = tables.instant(cells.moment(text), ZoneInfo("Europe/Berlin"))
    assert found == datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert found.utcoffset() == timedelta()


@pytest.mark.parametrize(
    "text", ["2026-03-02", "tomorrow 09:00", "2026-03-02T09:00+99:00", "1999-12-31T23:00", "9999-12-31T23:00Z", "T"]
)
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(Invalid):
        cells.moment(text)


def test_layers_of_one_name_are_told_apart_by_the_order_in_which_they_were_made():
    assert tables.labels(["Days", "Days (2)", "Days", "Nights", "Days (2)", "Days"]) == [
        "Days", "Days (2)", "Days (3)", "Nights", "Days (2) (2)", "Days (4)",
    ]  # fmt: skip


@pytest.mark.parametrize("cell", ["=1+1", "+49", "-x", "@a", "\t=x", "\r=x", "'=x", "''=x"])
def test_no_cell_is_a_formula(cell):
    written = tables.write_table(["roster"], [[cell]])
    [_, [shown]] = csv.reader(StringIO(written, newline=""))
    assert shown == f"'{cell}"


@given(
    st.lists(
        st.lists(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0")), min_size=2, max_size=2)
    )
)
def test_what_is_written_is_read_again(rows):
    rows = [[cell.strip() for cell in row] for row in rows]
    table = files.read_table(tables.write_table(("a", "b"), rows).encode(), required=("a", "b"), optional=())
    assert [[row.cells["a"], row.cells["b"]] for row in table.rows] == [row for row in rows if any(row)]
    assert table.problems == ()
