"""Opsgenie: rotations side by side, overrides of one rotation, rules by their time, and what has no form here."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

import pytest

from apps.contacts.models import MethodKind
from apps.escalation.models import TargetKind, Unless
from apps.integrations.importing import opsgenie
from apps.integrations.importing.plan import Member, Outcome, Target
from apps.rosters.models import Rotation
from apps.rosters.rules import WeeklyRange
from apps.teams.models import TeamRole
from tests.integrations.importing.counting import compared, read, said
from tests.integrations.importing.opsgenie_export import export, hours, people


@pytest.fixture
def document() -> dict[str, Any]:
    return export()


def rotation(**fields: Any) -> dict[str, Any]:
    return {
        "id": "r-1", "name": "Turns", "type": "weekly", "length": 1, "startDate": "2026-03-02T09:00:00+01:00",
        "participants": people("ann", "ben"), **fields,
    }  # fmt: skip


def with_rotations(document: dict[str, Any], *rotations: dict[str, Any]) -> dict[str, Any]:
    document["schedules"]["data"] = document["schedules"]["data"][:1]
    document["schedules"]["data"][0]["rotations"] = list(rotations)
    return document


def test_the_timeline_holds_hour_by_hour_but_for_what_has_no_form_here(document):
    platform = compared(read(opsgenie, document))["Platform_schedule"]
    assert (platform.hours, platform.different) == (335, 2)
    [difference] = platform.differences
    assert (f"{difference.start:%m-%d %H:%M}", f"{difference.end:%H:%M}") == ("04-04 06:00", "08:00")
    assert difference.here == ("cleo@example.com", "eva@example.com")
    assert difference.there == ("Platform", "cleo@example.com", "eva@example.com")


def test_turns_in_hours_within_a_part_of_the_day_hold(document):
    six_hours = compared(read(opsgenie, document))["Six_hours"]
    assert (six_hours.hours, six_hours.equal) == (24, 24)


@pytest.mark.parametrize(
    ("place", "field", "value"),
    [
        pytest.param(0, "participants", people("ben", "ann"), id="another order"),
        pytest.param(1, "startDate", "2026-03-09T18:00:00+01:00", id="a week later"),
        pytest.param(2, "length", 1, id="weeks for fortnights"),
        pytest.param(0, "timeRestriction", None, id="no restriction"),
    ],
)
def test_the_comparison_fails_once_a_rotation_is_another(document, place, field, value):
    document["schedules"]["data"][0]["rotations"][place][field] = value
    assert compared(read(opsgenie, document))["Platform_schedule"].different > 2


def test_rotations_that_are_on_together_become_rosters_of_their_own(document):
    first, second = read(opsgenie, document).rosters[:2]
    assert [(roster.ref, roster.name) for roster in (first, second)] == [
        ("s-1", "Platform_schedule"),
        ("s-1#2", "Platform_schedule (2)"),
    ]
    assert [layer.name for layer in first.layers] == ["Days", "Nights"]
    assert [layer.name for layer in second.layers] == ["Backup"]


def test_rotations_that_never_meet_are_layers_of_one_roster(document):
    plan = read(opsgenie, with_rotations(
        document,
        rotation(timeRestriction={"type": "time-of-day", "restriction": {"startHour": 8, "endHour": 20}}),
        rotation(timeRestriction={"type": "time-of-day", "restriction": {"startHour": 20, "endHour": 8}}),
    ))  # fmt: skip
    assert [len(roster.layers) for roster in plan.rosters] == [2]


def test_an_override_takes_the_place_of_everybody_or_of_the_rotation_it_names(document):
    first, second = read(opsgenie, document).rosters[:2]
    assert [(each.ref, each.person, f"{each.start:%d %H} {each.end:%d %H}") for each in first.overrides] == [
        ("o-1", "dan@example.com", "25 11 25 13"),
        ("o-2#1", "gus@example.com", "26 07 26 17"),
        ("o-2#2", "gus@example.com", "27 07 27 17"),
    ]
    assert [each.ref for each in second.overrides] == ["o-1"]


def test_nights_and_weekends_are_restrictions_over_midnight(document):
    nights = read(opsgenie, document).rosters[0].layers[1]
    assert nights.restrictions[0] == WeeklyRange(frozenset({0}), time(18), time(8), 1)
    assert nights.restrictions[4] == WeeklyRange(frozenset({4}), time(18), time(8), 3)


@pytest.mark.parametrize(
    ("restriction", "expected"),
    [
        pytest.param(hours("monday", 0, "monday", 24), WeeklyRange(frozenset({0}), time(0), time(0), 1), id="a day"),
        pytest.param(hours("monday", 9, "monday", 9), WeeklyRange(frozenset({0}), time(9), time(9), 7), id="a week"),
        pytest.param(hours("friday", 18, "monday", 8), WeeklyRange(frozenset({4}), time(18), time(8), 3), id="weekend"),
        pytest.param(hours("sunday", 9, "sunday", 17), WeeklyRange(frozenset({6}), time(9), time(17), 0), id="hours"),
    ],
)
def test_a_restriction_within_the_week_lasts_as_long_as_it_says(document, restriction, expected):
    limited = rotation(timeRestriction={"type": "weekday-and-time-of-day", "restrictions": [restriction]})
    assert read(opsgenie, with_rotations(document, limited)).rosters[0].layers[0].restrictions == (expected,)


@pytest.mark.parametrize(
    ("kind", "length", "expected"),
    [("hourly", 5, Rotation.HOURS), ("daily", 3, Rotation.DAYS), ("weekly", 2, Rotation.WEEKS)],
)
def test_a_rotation_of_each_kind_begins_where_it_is_counted_from(document, kind, length, expected):
    [layer] = read(opsgenie, with_rotations(document, rotation(type=kind, length=length))).rosters[0].layers
    assert (layer.rotation, layer.length) == (expected, length)
    assert (layer.starts_on, layer.handoff_time) == (date(2026, 3, 2), time(9))


def test_people_and_how_they_are_reached(document):
    ann = read(opsgenie, document).people[0]
    assert (ann.email, ann.name) == ("ann@example.com", "Ann")
    assert [(method.kind, method.value) for method in ann.methods] == [
        (MethodKind.EMAIL, "Ann@Example.com"),
        (MethodKind.SMS, "+49 1701234567"),
        (MethodKind.VOICE, "+49 1701234567"),
    ]


def test_roles_of_a_team(document):
    assert read(opsgenie, document).teams[0].members == (
        Member("ann@example.com", TeamRole.MANAGER),
        Member("ben@example.com", TeamRole.RESPONDER),
        Member("cleo@example.com", TeamRole.RESPONDER),
    )


def test_rules_of_one_time_are_a_level_and_page_every_roster_of_a_schedule(document):
    [chain] = read(opsgenie, document).chains
    assert [(level.after, level.unless) for level in chain.levels] == [
        (timedelta(0), Unless.ACKNOWLEDGED),
        (timedelta(minutes=5), Unless.ACKNOWLEDGED),
        (timedelta(minutes=10), Unless.ACKNOWLEDGED),
        (timedelta(hours=1), Unless.RESOLVED),
    ]
    assert chain.levels[0].targets == (Target(TargetKind.ROSTER, "s-1"), Target(TargetKind.ROSTER, "s-1#2"))
    assert chain.levels[1].targets == (Target(TargetKind.NEXT, "s-1"), Target(TargetKind.NEXT, "s-1#2"))
    assert chain.levels[2].targets == (Target(TargetKind.PERSON, "ann@example.com"), Target(TargetKind.TEAM, "t-1"))
    assert (chain.repeats, chain.repeat_every) == (3, timedelta(minutes=75))


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Outcome.LEFT_OUT, "users[1].data[0]: The account is blocked."),
        (Outcome.LEFT_OUT, "contacts['u-ann'].data[4]: It is not in use there."),
        (Outcome.LEFT_OUT, "schedules.data[2]: It is switched off there."),
        (
            Outcome.LEFT_OUT,
            "schedules.data[0].rotations[3].participants[0]: In a layer people take turns, no escalation.",
        ),
        (Outcome.LEFT_OUT, "escalations.data[0].rules[5]: A level here does not page “previous” of a schedule."),
        (Outcome.LEFT_OUT, "escalations.data[0].repeat: An incident here is never closed because nobody answered."),
        (Outcome.DIFFERS, "teams[0].data.members[2]: The role “night owl” is one of your own; it becomes responder."),
    ],
)  # fmt: skip
def test_what_is_lost_is_said_with_its_place_and_reason(document, outcome, expected):
    assert expected in said(read(opsgenie, document), outcome)


def test_a_turn_that_nobody_has_is_said_to_be_lost(document):
    plan = read(opsgenie, with_rotations(document, rotation(participants=[*people("ann", "ben"), {"type": "none"}])))
    assert any("A turn that nobody has is not possible" in note for note in said(plan, Outcome.LEFT_OUT))
