"""Grafana OnCall: levels, groups, events on chosen days, overrides, steps, and what has no form here."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

import pytest

from apps.contacts.models import MethodKind
from apps.escalation.models import TargetKind
from apps.integrations.importing import grafana_oncall
from apps.integrations.importing.plan import Outcome, Target
from apps.rosters.models import Rotation
from apps.rosters.rules import WeeklyRange
from tests.integrations.importing.counting import compared, read, said
from tests.integrations.importing.grafana_export import export, shift

EVERY_DAY = frozenset(range(7))


@pytest.fixture
def document() -> dict[str, Any]:
    return export()


def rolling(hours: int, *groups: str, start: str = "2026-03-02T09:00:00", **fields: Any) -> dict[str, Any]:
    users = [[f"U-{name}" for name in group.split()] for group in groups]
    return shift("O1", "rolling_users", 0, start, hours, **{
        "interval": 1, "until": None, "by_day": None, "rolling_users": users, "start_rotation_from_user_index": 0,
        **fields,
    })  # fmt: skip


def with_shifts(document: dict[str, Any], *shifts: dict[str, Any]) -> dict[str, Any]:
    numbered = [{**each, "id": f"O{number}"} for number, each in enumerate(shifts, start=1)]
    document["on_call_shifts"] = numbered
    document["schedules"]["results"] = [
        {**document["schedules"]["results"][0], "shifts": [each["id"] for each in numbered]}
    ]
    return document


def test_the_final_shifts_hold_hour_by_hour(document):
    primary = compared(read(grafana_oncall, document))["Primary"]
    assert (primary.hours, primary.equal, primary.different) == (336, 336, 0)


def test_events_over_midnight_on_chosen_days_hold_in_another_zone(document):
    late = compared(read(grafana_oncall, document))["Late"]
    assert (late.hours, late.equal) == (336, 336)


@pytest.mark.parametrize(
    ("place", "field", "value"),
    [
        pytest.param(0, "start_rotation_from_user_index", 0, id="another first group"),
        pytest.param(0, "start", "2026-03-02T18:00:00", id="nine hours later"),
        pytest.param(1, "level", 0, id="no higher level"),
        pytest.param(1, "by_day", None, id="on weekends too"),
        pytest.param(2, "level", 0, id="a single event beneath"),
        pytest.param(3, "users", ["U-ben"], id="another stands in"),
    ],
)
def test_the_comparison_fails_once_a_shift_is_another(document, place, field, value):
    changed = document["on_call_shifts"]["results"][place]
    changed[field] = value
    if field == "start":
        changed["rotation_start"] = value
    assert compared(read(grafana_oncall, document))["Primary"].different > 0


def test_two_at_once_beneath_one_become_two_rosters_that_hide_them_alike(document):
    first, second = read(grafana_oncall, document).rosters[:2]
    assert [layer.people for layer in (first.layers[0], second.layers[0])] == [
        ("ann@example.com", "cleo@example.com"),
        ("ben@example.com", "dan@example.com"),
    ]
    assert first.layers[1:] == second.layers[1:]


def test_groups_of_one_size_alone_are_people_at_once(document):
    plan = read(grafana_oncall, with_shifts(document, rolling(168, "ann ben", "cleo dan", frequency="weekly")))
    [roster] = plan.rosters
    [layer] = roster.layers
    assert (layer.at_once, layer.people[:2]) == (2, ("ann@example.com", "ben@example.com"))


def test_an_override_stands_in_for_everybody_at_once(document):
    override = document["on_call_shifts"]["results"][3]
    weeks = rolling(168, "ann ben", "cleo dan", frequency="weekly")
    [roster] = read(grafana_oncall, with_shifts(document, weeks, override)).rosters
    assert [(each.seat, each.person) for each in roster.overrides] == [(0, "gus@example.com"), (1, "gus@example.com")]


def test_groups_of_different_size_are_on_call_as_they_are(document):
    """Ann and Ben for a day, then Cleo alone."""
    document["window"] = {"start_date": "2026-03-02T08:00", "end_date": "2026-03-04T08:00"}
    document["final_shifts"] = {"S1": [
        {"user_email": f"{name}@example.com", "shift_start": f"2026-03-0{day}T08:00:00Z",
         "shift_end": f"2026-03-0{day + 1}T08:00:00Z"}
        for name, day in (("ann", 2), ("ben", 2), ("cleo", 3))
    ]}  # fmt: skip
    plan = read(grafana_oncall, with_shifts(document, rolling(24, "ann ben", "cleo", frequency="daily")))
    assert (compared(plan)["Primary"].hours, compared(plan)["Primary"].different) == (48, 0)


@pytest.mark.parametrize(
    ("made", "rotation", "length", "restrictions"),
    [
        pytest.param(rolling(12, "ann", "ben", frequency="hourly", interval=12), Rotation.HOURS, 12, (), id="hours"),
        pytest.param(rolling(24, "ann", "ben", frequency="daily"), Rotation.DAYS, 1, (), id="days"),
        pytest.param(rolling(72, "ann", "ben", frequency="daily", interval=3), Rotation.DAYS, 3, (), id="three days"),
        pytest.param(
            rolling(8, "ann", "ben", frequency="daily"), Rotation.DAYS, 1,
            (WeeklyRange(EVERY_DAY, time(9), time(17)),), id="a part of each day",
        ),
        pytest.param(
            rolling(60, "ann", "ben", start="2026-03-06T18:00:00", frequency="weekly"), Rotation.WEEKS, 1,
            (WeeklyRange(frozenset({4}), time(18), time(6), 3),), id="weekends",
        ),
        pytest.param(rolling(336, "ann", "ben", frequency="weekly", interval=2), Rotation.WEEKS, 2, (), id="2 weeks"),
        pytest.param(
            rolling(12, "ann", "ben", frequency="weekly", week_start="MO", by_day=["MO", "WE"]), Rotation.WEEKS, 1,
            (WeeklyRange(frozenset({0, 2}), time(9), time(21)),), id="chosen days",
        ),
        pytest.param(rolling(720, "ann", "ben", frequency="monthly"), Rotation.MONTHS, 1, (), id="months"),
    ],
)  # fmt: skip
def test_a_shift_of_each_frequency(document, made, rotation, length, restrictions):
    [layer] = read(grafana_oncall, with_shifts(document, made)).rosters[0].layers
    assert (layer.rotation, layer.length, layer.restrictions) == (rotation, length, restrictions)


def test_turns_on_chosen_days_change_with_the_week(document):
    made = rolling(
        12, "ann", "ben", start="2026-03-04T20:00:00", frequency="weekly", week_start="SU", by_day=["WE", "SU"]
    )
    [layer] = read(grafana_oncall, with_shifts(document, made)).rosters[0].layers
    assert (layer.starts_on, layer.handoff_weekday, layer.people[0]) == (date(2026, 3, 4), 6, "ann@example.com")


def test_daily_turns_on_chosen_days_skip_the_others(document):
    made = rolling(8, "ann", "ben", "cleo", frequency="daily", by_day=["MO", "WE"])
    monday, wednesday = read(grafana_oncall, with_shifts(document, made)).rosters[0].layers
    assert [person[:3] for person in monday.people] == ["ann", "cle", "ben"]
    assert [person[:3] for person in wednesday.people] == ["ben", "ann", "cle"]
    assert (monday.starts_on, wednesday.starts_on) == (date(2026, 3, 2), date(2026, 3, 4))


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (rolling(6, "ann", "ben", frequency="hourly", interval=12), "a part of every 12 hours"),
        (rolling(8, "ann", "ben", frequency="daily", interval=2), "a part of every 48 hours"),
        (rolling(36, "ann", "ben", frequency="daily"), "Turns last longer than until the next one begins"),
        (rolling(8, "ann", "ben", frequency="weekly", interval=2, by_day=["MO"]), "one of every 2 weeks"),
        (rolling(8, "ann", "ben", frequency="hourly", by_day=["MO"]), "Turns in hours on chosen days"),
        (rolling(8, "ann", frequency="monthly"), "a part of each month"),
        (rolling(8, "ann", frequency="monthly", by_monthday=[15]), "recurs every week or month, not in chosen ones"),
        (rolling(24, "nobody", frequency="daily"), "Nobody of the shift is imported"),
    ],
)
def test_what_a_layer_cannot_say_is_left_out_with_the_reason(document, made, reason):
    plan = read(grafana_oncall, with_shifts(document, made))
    assert plan.rosters[0].layers == ()
    assert any(reason in note for note in said(plan, Outcome.LEFT_OUT))


def test_schedules_from_calendars_are_left_out(document):
    plan = read(grafana_oncall, document)
    assert "Calendar" not in [roster.name for roster in plan.rosters]
    assert any("read from a calendar" in note for note in said(plan, Outcome.LEFT_OUT))


def test_people_and_how_they_are_reached(document):
    plan = read(grafana_oncall, document)
    assert [(method.kind, method.value) for method in plan.people[0].methods] == [
        (MethodKind.EMAIL, "ann@Example.com"),
        (MethodKind.SLACK, "UANNSLACK"),
    ]
    assert "users[0].results[0]: The API does not tell the phone number." in said(plan, Outcome.LEFT_OUT)


def test_steps_between_waits_are_a_level(document):
    [chain] = read(grafana_oncall, document).chains
    assert [(level.after, level.round_robin) for level in chain.levels] == [
        (timedelta(0), False),
        (timedelta(minutes=5), False),
        (timedelta(minutes=20), True),
    ]
    assert chain.levels[1].targets == (Target(TargetKind.PERSON, "ann@example.com"), Target(TargetKind.TEAM, "T1"))
    assert (chain.repeats, chain.repeat_every) == (5, timedelta(minutes=50))
