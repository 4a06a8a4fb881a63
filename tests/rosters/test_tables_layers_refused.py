"""Rows of a table of layers that cannot be used: each is named, and nothing is saved."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core.errors import Invalid
from apps.rosters import actions
from apps.rosters.models import Roster
from apps.rosters.models.rosters import MOST_LAYERS, MOST_PEOPLE
from apps.teams.models import Team, TeamRole, User
from tests.rosters.building import layer_of, member
from tests.rosters.test_tables_layers import carried_out, exported, file_of, names_in, problems, records, rows

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"time_zone": "Mars/Base"}, "time_zone: Mars/Base is not an IANA time zone such as Europe/Berlin."),
        ({"holidays_of": "Atlantis"}, "holidays_of: "),
        ({"length": 0}, "length: Ensure this value is greater than or equal to 1."),
        ({"length": 1001}, "length: Ensure this value is less than or equal to 1000."),
        ({"at_once": 11}, "at_once: Ensure this value is less than or equal to 10."),
        ({"position": 999_999}, "position: Ensure this value is less than or equal to 10000."),
        ({"starts_on": "1999-12-31"}, "starts_on: Expected a day from 2000-01-01 on."),
        ({"ends_on": "2026-03-02"}, "ends_on: A layer ends after its first day."),
        ({"handoff_weekday": "Monday"}, "handoff_weekday: Only turns in weeks are handed over on a weekday."),
        ({"layer": "x" * 121}, "layer: Ensure this value has at most 120 characters"),
        ({"handoff_time": "99:00"}, "handoff_time: 99:00 is not a time of day."),
        ({"roster": "elsewhere"}, "You manage no roster “elsewhere”."),
    ],
    ids=str,
)
def test_a_row_that_cannot_be_used_is_named_and_nothing_is_saved(roster, manager, settings, said):
    before = records()
    text = file_of([*exported(roster)[:1], *rows("anna", **{"layer": "New", **settings})])
    if "ends_on" in settings or "handoff_weekday" in settings:
        text = file_of(rows("anna", **settings))
    found = problems(text, manager)
    assert len(found) == 1
    assert found[0][0] == (2 if len(text.splitlines()) == 2 else 3)
    assert found[0][1].startswith(said), found
    with pytest.raises(Invalid, match="Row "):
        carried_out(text, manager)
    assert records() == before


def test_people_who_could_not_answer_a_page_are_refused_but_may_stay(roster, people, manager, team):
    gone = member("gone@example.com", team, TeamRole.RESPONDER, is_active=False)
    member("stella@example.com", team, TeamRole.STAKEHOLDER)
    User.objects.filter(pk=people[0].pk).update(is_active=False)
    text = file_of(rows("anna", gone.name, "stella", "nobody"))
    assert problems(text, manager) == [
        (3, "gone is no longer active."),
        (4, "stella responds for no team and cannot be on call."),
        (5, "Nobody has the mail address nobody@example.com."),
    ]


def test_rosters_of_other_teams_are_as_unknown_as_none(roster, people, manager, responder):
    other = Roster.objects.create(slug="ai", name="AI", team=Team.objects.create(slug="ai", name="AI"))
    layer_of(other, people)
    said = file_of([*exported(roster), *rows("anna", roster="ai"), *rows("anna", roster="none")])
    assert problems(said, manager) == [(5, "You manage no roster “ai”."), (6, "You manage no roster “none”.")]
    auditor = member("audrey@example.com", None, TeamRole.AUDITOR)
    for person in (responder, auditor):
        assert problems(file_of(rows("anna")), person) == [(2, "You manage no roster “platform”.")]
        with pytest.raises(Invalid):
            actions.import_layers(file_of(rows("anna")), by=person, seal="")
    assert names_in(other.layers.get()) == ["anna", "ben", "cleo"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"frozen_until": "2026-03-20T00:00Z"}, "The layers of Platform stand still until 2026-03-20 00:00 UTC."),
        ({"retired_at": "2026-03-01T00:00Z"}, "The roster Platform is retired."),
    ],
)
def test_a_roster_that_stands_still_is_not_changed(roster, manager, clock, fields, said):
    Roster.objects.update(**fields)
    assert problems(file_of(rows("anna")), manager) == [(2, said)]


def test_a_roster_has_so_many_layers_at_most(roster, manager):
    said = [row for number in range(MOST_LAYERS) for row in rows("anna", layer=f"L{number}")]
    assert problems(file_of([*exported(roster), *said]), manager) == [(2, "Platform would have more than 50 layers.")]
    assert problems(file_of(said), manager) == []


def test_a_layer_has_so_many_people_at_most(roster, manager, team):
    many = [member(f"one{number}@example.com", team, TeamRole.RESPONDER).name for number in range(MOST_PEOPLE + 1)]
    [(_, said)] = problems(file_of(rows(*many)), manager)
    assert said == "A layer has 200 people at most."
    assert problems(file_of(rows(*many[1:])), manager) == []


def test_more_rosters_than_can_be_locked_at_once_are_refused(roster, manager):
    with pytest.raises(Invalid, match="more than 100 rosters"):
        actions.plan_layers_import(file_of([r for n in range(101) for r in rows("anna", roster=f"r{n}")]), by=manager)


def test_of_more_layers_than_a_roster_may_have_none_is_looked_at(roster, manager):
    text = file_of([row for number in range(1_500) for row in rows("anna", layer=f"L{number}", time_zone="Nowhere")])
    assert problems(text, manager) == [(2, "Platform would have more than 50 layers.")]


def test_a_look_at_what_cannot_be_used_or_changes_nothing_locks_nothing(roster, manager):
    unusable = rows("anna", "nobody")
    for said, locks in ((unusable, False), (exported(roster), False), (rows("anna", "ben"), True)):
        with CaptureQueriesContext(connection) as captured:
            actions.plan_layers_import(file_of(said), by=manager)
        assert any("FOR NO KEY UPDATE" in query["sql"] for query in captured) is locks


def test_the_zones_that_there_are_are_not_read_for_each_layer(roster, manager, monkeypatch):
    assert problems(file_of(rows("anna", time_zone="Europe/Berlin")), manager) == []
    monkeypatch.setattr("zoneinfo.available_timezones", lambda: pytest.fail("The zones were read anew."))
    text = file_of([row for n in range(40) for row in rows("anna", layer=f"L{n}", time_zone="Europe/Lisbon")])
    assert problems(text, manager) == []
