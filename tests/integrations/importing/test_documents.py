"""Documents that are none: a sentence with the place, never a traceback, and nothing taken for what it is not."""

from __future__ import annotations

import json
import random
import time
from copy import deepcopy
from typing import Any

import pytest

from apps.core.errors import Invalid
from apps.integrations.importing import document, grafana_oncall, opsgenie, pagerduty
from tests.integrations.importing import grafana_export, opsgenie_export, pagerduty_export
from tests.integrations.importing.counting import NOW, read

VENDORS = [
    pytest.param(pagerduty, pagerduty_export.export, id="PagerDuty"),
    pytest.param(opsgenie, opsgenie_export.export, id="Opsgenie"),
    pytest.param(grafana_oncall, grafana_export.export, id="Grafana OnCall"),
]
NONSENSE = [
    None, True, 0, -1, 10**30, 1.5, "", "x", "\x00", "\ud800", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00",
    [], [None], [[]], {}, {"id": None}, [{"id": 1}], "2026-02-30T00:00:00Z", "Mars/Olympus", "x" * 500, {"data": 1},
]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"\xff\xfe", "is not UTF-8 text"),
        (b"[" * 200_000, "nested too deeply"),
        (b"[1]", "the document: expected an object, found a list"),
        (b'"text"', 'the document: expected an object, found "text"'),
        (b"null", "the document: expected an object, found nothing"),
    ],
)
def test_a_file_that_is_no_document_is_refused_in_a_sentence(tmp_path, content, said):
    file = tmp_path / "export.json"
    file.write_bytes(content)
    with pytest.raises(Invalid, match=said):
        document.load(file)


def test_a_file_that_is_not_there_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(Invalid, match="cannot be read: No such file"):
        document.load(tmp_path / "nowhere.json")


def test_a_file_beyond_all_measure_is_not_read(tmp_path):
    file = tmp_path / "export.json"
    with file.open("wb") as large:
        large.truncate(document.LARGEST_FILE + 1)
    with pytest.raises(Invalid, match="larger than 64 MiB"):
        document.load(file)


@pytest.mark.parametrize(("reader", "export"), VENDORS)
@pytest.mark.parametrize(
    ("content", "said"),
    [({}, "has none of the keys"), ({"users": [], "usres": []}, "usres: not a key of such a document")],
)
def test_a_document_of_something_else_is_refused(reader, export, content, said):
    with pytest.raises(Invalid, match=said):
        read(reader, content)


@pytest.mark.parametrize(
    ("reader", "path", "value", "said"),
    [
        (pagerduty, ("users", 0, "users", 1, "id"), 7, "users[0].users[1].id: expected a text, found 7."),
        (pagerduty, ("users",), "many", 'users: expected an object, found "many".'),
        (
            pagerduty, ("schedules", 0, "schedule", "schedule_layers", 0, "restrictions", 0, "start_day_of_week"), 8,
            "schedules[0].schedule.schedule_layers[0].restrictions[0].start_day_of_week: "
            "expected a whole number from 1 to 7, found 8.",
        ),
        (
            pagerduty, ("schedules", 0, "schedule", "schedule_layers", 0, "rotation_virtual_start"), "soon",
            "schedules[0].schedule.schedule_layers[0].rotation_virtual_start: "
            'expected a moment such as 2026-03-02T09:00:00Z, found "soon".',
        ),
        (pagerduty, ("window", "until"), "2036-01-01T00:00:00Z", "window: expected a window of at most 366 days"),
        (
            opsgenie, ("schedules", "data", 0, "rotations", 0, "type"), "fortnightly",
            'schedules.data[0].rotations[0].type: expected one of hourly, daily, weekly, found "fortnightly".',
        ),
        (
            opsgenie, ("timelines", "s-1", "data", "endDate"), "2026-03-22T00:00:00Z",
            "timelines['s-1'].data: expected a window that ends after it starts, found an object.",
        ),
        (
            grafana_oncall, ("on_call_shifts", "results", 0, "frequency"), "yearly",
            'on_call_shifts.results[0].frequency: expected one of hourly, daily, weekly, monthly, found "yearly".',
        ),
        (
            grafana_oncall, ("on_call_shifts", "results", 0, "start"), None,
            "on_call_shifts.results[0].start: expected a moment such as 2026-03-02T09:00:00Z, found nothing.",
        ),
    ],
)  # fmt: skip
def test_what_the_api_does_not_answer_is_refused_with_its_place(reader, path, value, said):
    export = {pagerduty: pagerduty_export, opsgenie: opsgenie_export, grafana_oncall: grafana_export}[reader].export()
    _put(export, path, value)
    with pytest.raises(Invalid) as refused:
        read(reader, export)
    assert str(refused.value).startswith(said)


@pytest.mark.parametrize(("reader", "export"), VENDORS)
def test_nonsense_at_any_place_is_understood_or_refused_but_never_breaks_anything(reader, export):
    """Places all over the document become some kind of nonsense, or are missing."""
    whole = export()
    chance = random.Random(5)
    paths = list(_paths(whole))
    refused = [
        _refusal(reader, whole, path, chance.choice([*NONSENSE, "missing"])) for path in chance.sample(paths, 120)
    ]
    assert len([said for said in refused if said]) > 30
    assert all(said.endswith(".") for said in refused if said)


def _refusal(reader: Any, whole: Any, path: tuple[Any, ...], value: Any) -> str:
    broken = deepcopy(whole)
    _put(broken, path, value)
    try:
        read(reader, broken)
    except Invalid as refused:
        return str(refused)
    return ""


def test_twenty_megabytes_are_read_in_good_time(tmp_path):
    large = pagerduty_export.export()
    one = pagerduty_export.user("PANN")
    count = 20 * 1024 * 1024 // len(json.dumps(one))
    large["users"] = [{**one, "id": f"N{number}", "email": f"n{number}@example.com"} for number in range(count)]
    file = tmp_path / "export.json"
    file.write_text(json.dumps(large), encoding="utf-8")
    assert file.stat().st_size > 19 * 1024 * 1024
    began = time.monotonic()
    plan = pagerduty.read(document.load(file), now=NOW)
    assert time.monotonic() - began < 30
    assert len(plan.people) == count


@pytest.mark.parametrize(
    ("path", "entry", "count"),
    [
        pytest.param(("schedule_layers",), None, 1_001, id="layers"),
        pytest.param(("schedule_layers", 0, "users"), {"user": {"id": "PANN"}}, 501, id="people"),
        pytest.param(("schedule_layers", 0, "restrictions"), {}, 51, id="restrictions"),
        pytest.param(("final_schedule", "rendered_schedule_entries"), {}, 20_001, id="final schedule"),
    ],
)
def test_a_schedule_that_nobody_could_mean_is_refused_before_it_is_computed(path, entry, count):
    export = pagerduty_export.export()
    _put(export["schedules"][0]["schedule"], path, [entry] * count)
    with pytest.raises(Invalid, match=f"{count:,} entries; more than"):
        read(pagerduty, export)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Any:
    if path:
        yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in list(children)[:6]:
        yield from _paths(child, (*path, key))


def _put(value: Any, path: tuple[Any, ...], wanted: Any) -> None:
    for step in path[:-1]:
        value = value[step]
    if wanted == "missing":
        del value[path[-1]]
    else:
        value[path[-1]] = wanted
