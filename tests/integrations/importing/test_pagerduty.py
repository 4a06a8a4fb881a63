"""PagerDuty: layers, restrictions, overrides, levels, and what has no form here."""

from __future__ import annotations

from copy import deepcopy
from datetime import date, time, timedelta
from typing import Any

import pytest

from apps.contacts.models import MethodKind
from apps.escalation.models import TargetKind
from apps.integrations.importing import pagerduty
from apps.integrations.importing.plan import Member, Outcome, Target
from apps.rosters.models import Rotation
from apps.rosters.rules import WeeklyRange
from apps.teams.models import TeamRole
from tests.integrations.importing.counting import compared, read, said
from tests.integrations.importing.pagerduty_export import export, users


@pytest.fixture
def document() -> dict[str, Any]:
    return export()


def layer(**fields: Any) -> dict[str, Any]:
    return {
        "name": "Layer", "start": "2026-01-05T09:00:00-05:00", "end": None,
        "rotation_virtual_start": "2026-01-05T09:00:00-05:00", "rotation_turn_length_seconds": 604_800,
        "users": users("PANN", "PBEN", "PCLEO"), "restrictions": [], **fields,
    }  # fmt: skip


def with_layers(document: dict[str, Any], *layers: dict[str, Any]) -> dict[str, Any]:
    changed = deepcopy(document)
    changed["schedules"] = [changed["schedules"][0]]
    changed["schedules"][0]["schedule"]["schedule_layers"] = list(layers)
    return changed


def test_the_final_schedule_holds_hour_by_hour(document):
    primary = compared(read(pagerduty, document))["Platform Primary"]
    assert (primary.hours, primary.equal, primary.different) == (335, 335, 0)


def test_what_has_no_form_here_shows_in_the_comparison_and_nothing_else(document):
    database = compared(read(pagerduty, document))["Database"]
    assert (database.hours, database.different) == (335, 3)
    assert [(f"{each.start:%d %H:%M}", each.here, each.there) for each in database.differences] == [
        ("03 07:00", (), ("ann@example.com",)),
        ("03 08:00", ("cleo@example.com",), ("ann@example.com",)),
        ("03 08:30", ("cleo@example.com",), ("ben@example.com",)),
    ]


@pytest.mark.parametrize(
    ("place", "field", "value"),
    [
        pytest.param(1, "users", users("PBEN", "PANN", "PCLEO"), id="another order"),
        pytest.param(1, "rotation_virtual_start", "2026-01-05T10:00:00-05:00", id="an hour later"),
        pytest.param(1, "rotation_turn_length_seconds", 86_400, id="days for weeks"),
        pytest.param(0, "restrictions", [], id="no restriction"),
        pytest.param(0, "users", users("PEVA", "PDAN"), id="the other night"),
    ],
)
def test_the_comparison_fails_once_a_layer_is_another(document, place, field, value):
    document["schedules"][0]["schedule"]["schedule_layers"][place][field] = value
    assert compared(read(pagerduty, document))["Platform Primary"].different > 0


def test_the_comparison_fails_if_the_layers_are_taken_in_the_other_order(document):
    document["schedules"][0]["schedule"]["schedule_layers"].reverse()
    primary = compared(read(pagerduty, document))["Platform Primary"]
    assert {each.there for each in primary.differences} == {("dan@example.com",), ("eva@example.com",)}


def test_a_layer_begins_with_the_turn_that_runs_and_keeps_the_order(document):
    [weeks, nights] = read(pagerduty, document).rosters[0].layers
    assert (weeks.rotation, weeks.length, weeks.handoff_time, weeks.handoff_weekday) == (Rotation.WEEKS, 1, time(9), 0)
    assert (weeks.starts_on, weeks.people[0]) == (date(2026, 2, 9), "cleo@example.com")
    assert nights.restrictions == (
        WeeklyRange(frozenset({4}), time(22), time(6), 1),
        WeeklyRange(frozenset({5}), time(22), time(6), 1),
    )


def test_people_are_known_by_their_address_in_lower_case(document):
    ann = read(pagerduty, document).people[0]
    assert (ann.email, ann.name, ann.time_zone) == ("ann@example.com", "Ann", "America/New_York")
    assert [(method.kind, method.value) for method in ann.methods] == [
        (MethodKind.EMAIL, "Ann@Example.com"),
        (MethodKind.VOICE, "+49 1701234567"),
        (MethodKind.SMS, "+49 1701234567"),
    ]


def test_a_contact_method_that_is_not_in_use_there_is_left_out(document):
    ben = read(pagerduty, document).people[1]
    assert MethodKind.SMS not in [method.kind for method in ben.methods]


def test_roles_are_those_of_the_team(document):
    assert read(pagerduty, document).teams[0].members == (
        Member("ann@example.com", TeamRole.MANAGER),
        Member("ben@example.com", TeamRole.RESPONDER),
        Member("cleo@example.com", TeamRole.RESPONDER),
        Member("olga@example.com", TeamRole.STAKEHOLDER),
    )


def test_without_the_teams_own_list_the_account_says_who_belongs_to_it(document):
    del document["team_members"]
    document["users"][1]["users"][2]["teams"] = [{"id": "PT1", "type": "team_reference"}]
    assert read(pagerduty, document).teams[0].members == (Member("olga@example.com", TeamRole.STAKEHOLDER),)


def test_rules_become_levels_at_the_sum_of_the_times_before_them(document):
    chain = read(pagerduty, document).chains[0]
    assert [level.after for level in chain.levels] == [timedelta(0), timedelta(minutes=10)]
    assert [level.round_robin for level in chain.levels] == [False, True]
    assert chain.levels[0].targets == (Target(TargetKind.ROSTER, "PS1"),)
    assert (chain.repeats, chain.repeat_every) == (2, timedelta(minutes=25))
    assert (chain.teams, chain.services) == (("PT1",), ("Checkout API",))


def test_a_chain_has_five_levels_and_says_what_is_lost(document):
    plan = read(pagerduty, document)
    assert len(plan.chains[1].levels) == 5
    differs, left_out = said(plan, Outcome.DIFFERS), said(plan, Outcome.LEFT_OUT)
    assert any("“Data” has 6 levels; a chain has 5" in note for note in differs)
    assert any("The schedule PNOPE is not imported" in note for note in left_out)


@pytest.mark.parametrize(
    "expected",
    [
        "schedules[1].schedule.schedule_layers[0]: A turn of 90 minutes is none of whole hours.",
        "overrides['PS1'].overrides[2]: The user PGONE is not in the document; deleted there, perhaps.",
        "users[0].users[1].contact_methods[2]: It is not in use there.",
        "users[0].users[0].contact_methods[3]: A push_notification is set up by the person, here anew.",
    ],
)
def test_what_is_left_out_is_said_with_its_place_and_reason(document, expected):
    assert expected in said(read(pagerduty, document), Outcome.LEFT_OUT)


def test_layers_that_are_over_are_counted(document):
    notes = said(read(pagerduty, document), Outcome.NOTED)
    assert "schedules[0].schedule.schedule_layers: 1 of the layers are over and not needed." in notes


@pytest.mark.parametrize(
    ("fields", "people", "length"),
    [
        pytest.param({"users": users("PANN", "PBEN", "PANN", "PBEN")}, ("ann", "ben"), 1, id="the same again"),
        pytest.param({"users": users("PANN", "PANN", "PBEN", "PBEN")}, ("ann", "ben"), 2, id="two turns each"),
        pytest.param({"rotation_turn_length_seconds": 2 * 604_800}, ("ann", "ben", "cleo"), 2, id="two weeks"),
    ],
)
def test_an_order_is_said_in_fewest_words(document, fields, people, length):
    [found] = read(pagerduty, with_layers(document, layer(**fields))).rosters[0].layers
    assert tuple(person.partition("@")[0] for person in found.people) == people
    assert (found.rotation, found.length) == (Rotation.WEEKS, length)


def test_two_turns_in_one_round_are_said_to_be_lost(document):
    plan = read(pagerduty, with_layers(document, layer(users=users("PANN", "PBEN", "PANN", "PCLEO"))))
    assert plan.rosters[0].layers[0].people == ("ann@example.com", "ben@example.com", "cleo@example.com")
    assert any("ann@example.com takes more than one turn" in note for note in said(plan, Outcome.DIFFERS))


@pytest.mark.parametrize(
    ("seconds", "rotation", "length"),
    [
        (3_600, Rotation.HOURS, 1),
        (43_200, Rotation.HOURS, 12),
        (86_400, Rotation.DAYS, 1),
        (3 * 86_400, Rotation.DAYS, 3),
        (604_800, Rotation.WEEKS, 1),
        (364 * 86_400, Rotation.WEEKS, 52),
    ],
)
def test_a_turn_is_said_in_the_largest_unit(document, seconds, rotation, length):
    [found] = read(pagerduty, with_layers(document, layer(rotation_turn_length_seconds=seconds))).rosters[0].layers
    assert (found.rotation, found.length) == (rotation, length)


def test_a_start_and_an_end_within_a_turn_that_are_to_come_are_said(document):
    start, end = "2026-03-20T15:00:00-04:00", "2026-04-21T15:00:00-04:00"
    plan = read(pagerduty, with_layers(document, layer(start=start, end=end)))
    [found] = plan.rosters[0].layers
    assert (found.starts_on, found.ends_on) == (date(2026, 3, 16), date(2026, 4, 22))
    assert [note for note in said(plan, Outcome.DIFFERS) if "schedule_layers" in note] == [
        "schedules[0].schedule.schedule_layers[0]: It begins on 2026-03-20 19:00 UTC, within a turn; "
        "a layer begins with one, on 2026-03-16 09:00:00.",
        "schedules[0].schedule.schedule_layers[0]: It ends on 2026-04-21 19:00 UTC; "
        "a layer ends at its handoff time, here on 2026-04-22 at 09:00:00.",
    ]


def test_a_layer_of_weeks_may_begin_on_any_day_at_its_handoff_time(document):
    plan = read(pagerduty, with_layers(document, layer(start="2026-03-20T09:00:00-04:00")))
    [found] = plan.rosters[0].layers
    assert (found.starts_on, found.handoff_weekday, found.people[0]) == (date(2026, 3, 20), 0, "ben@example.com")
    assert not [note for note in said(plan, Outcome.DIFFERS) if "schedule_layers" in note]


def test_overrides_are_taken_from_the_schedule_where_they_are_not_asked_for_by_themselves(document):
    del document["overrides"]
    document["schedules"][0]["schedule"]["overrides_subschedule"] = {"rendered_schedule_entries": [
        {"user": {"id": "PBEN"}, "start": "2026-03-04T12:00:00-05:00", "end": "2026-03-04T18:00:00-05:00"},
        {"user": {"id": "PANN"}, "start": "2026-03-08T01:00:00-05:00", "end": "2026-03-08T04:00:00-04:00"},
    ]}  # fmt: skip
    plan = read(pagerduty, document)
    assert compared(plan)["Platform Primary"].different == 0
    assert plan.rosters[0].overrides_within is None
