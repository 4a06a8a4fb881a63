from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError
from rest_framework.test import APIClient

from apps.catalog.models import Service
from apps.rosters import actions
from apps.rosters.models import Roster
from apps.teams.models import Team, TeamRole
from tests.rosters.building import layer_of, member

pytestmark = pytest.mark.django_db


def client_of(person) -> APIClient:
    client = APIClient()
    client.force_authenticate(person)
    return client


def shown(person) -> dict[str, object]:
    return {"id": person.pk, "email": person.email, "name": person.name}


@pytest.fixture
def other(clock, people):
    """A roster of a team that the responder does not belong to."""
    team = Team.objects.create(slug="ai", name="AI")
    roster = Roster.objects.create(slug="ai", name="AI", team=team)
    layer_of(roster, people)
    actions.materialise(roster, now=clock.now)
    return roster


def test_on_call_is_a_bare_list_of_who_and_who_is_next(roster, responder, people):
    answer = client_of(responder).get("/api/v1/oncall/")
    assert answer.status_code == 200
    assert answer.json() == [
        {
            "roster": "platform",
            "team": "platform",
            "seat": 0,
            "person": shown(people[0]),
            "start": "2026-03-02T10:00:00Z",
            "end": "2026-03-03T08:00:00Z",
            "next": {"person": shown(people[1]), "start": "2026-03-03T08:00:00Z"},
        }
    ]


def test_on_call_at_another_time(roster, responder, people):
    answer = client_of(responder).get("/api/v1/oncall/", {"at": "2026-03-03T09:00:00+01:00"})
    assert answer.json()[0]["person"] == shown(people[1])


def test_on_call_by_team_and_by_service(roster, other, responder, people):
    member_of_both = client_of(member("max@example.com", other.team, TeamRole.STAKEHOLDER))
    Service.objects.create(slug="agents", name="Agents", team=other.team)
    Service.objects.create(slug="cli", name="CLI", team=roster.team)
    assert [each["roster"] for each in member_of_both.get("/api/v1/oncall/", {"team": "ai"}).json()] == ["ai"]
    assert [each["roster"] for each in member_of_both.get("/api/v1/oncall/", {"service": "agents"}).json()] == ["ai"]


@pytest.mark.parametrize("name", ["team", "service"])
def test_what_one_may_not_see_is_as_unknown_as_what_does_not_exist(roster, other, responder, name):
    Service.objects.create(slug="ai", name="Agents", team=other.team)
    hidden, missing = (client_of(responder).get("/api/v1/oncall/", {name: slug}) for slug in ("ai", "no"))
    assert (hidden.status_code, missing.status_code) == (400, 400)
    [said] = hidden.json()["errors"][name]
    assert missing.json()["errors"][name] == [said.replace("=ai ", "=no ")]


@pytest.mark.parametrize("query", [{"at": "soon"}, {"team": "nobody"}, {"service": "nothing"}])
def test_a_filter_that_cannot_be_understood_is_refused(roster, responder, query):
    answer = client_of(responder).get("/api/v1/oncall/", query)
    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == set(query)


def test_while_nobody_is_on_call_the_entry_says_so(clock, team, responder):
    Roster.objects.create(slug="empty", name="Empty", team=team)
    [entry] = client_of(responder).get("/api/v1/oncall/").json()
    assert (entry["person"], entry["start"], entry["end"], entry["next"]) == (None, None, None, None)


def test_rosters_of_other_teams_are_not_there(roster, other, responder):
    client = client_of(responder)
    assert [each["slug"] for each in client.get("/api/v1/rosters/").json()["results"]] == ["platform"]
    for address in ("", "shifts/"):
        assert client.get(f"/api/v1/rosters/ai/{address}").status_code == 404
    assert client.post("/api/v1/rosters/ai/overrides/", {}).status_code == 404


def test_a_roster_says_its_layers(roster, responder, people):
    answer = client_of(responder).get("/api/v1/rosters/platform/").json()
    assert (answer["team"], answer["time_zone"], answer["is_primary"]) == ("platform", "Europe/Berlin", True)
    [layer] = answer["layers"]
    assert (layer["rotation"], layer["length"], layer["handoff_time"]) == ("days", 1, "09:00:00")
    assert layer["people"] == [person.email for person in people]


def test_shifts_come_by_the_page_earliest_first(roster, responder, people):
    client = client_of(responder)
    first = client.get(
        "/api/v1/rosters/platform/shifts/",
        {"from": "2026-03-02T00:00:00Z", "to": "2026-03-05T00:00:00Z", "page_size": 2},
    ).json()
    second = client.get(first["next"]).json()
    assert [each["person"]["name"] for each in first["results"]] == ["anna", "ben"]
    assert second == {
        "next": None,
        "previous": second["previous"],
        "results": [
            {
                "roster": "platform",
                "seat": 0,
                "person": shown(people[2]),
                "start": "2026-03-04T08:00:00Z",
                "end": "2026-03-05T08:00:00Z",
                "source": "layer",
            }
        ],
    }


@pytest.mark.parametrize(
    ("query", "field"),
    [({"from": "yesterday"}, "from"), ({"from": "2026-03-02T00:00:00Z", "to": "2026-03-02T00:00:00Z"}, "to")],
)
def test_a_time_that_makes_no_sense_is_refused(roster, responder, query, field):
    answer = client_of(responder).get("/api/v1/rosters/platform/shifts/", query)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])


def test_an_override_answers_with_its_shift(roster, clock, manager, people):
    answer = client_of(manager).post(
        "/api/v1/rosters/platform/overrides/",
        {"user": "BEN@example.com", "start": "2026-03-02T12:00:00Z", "end": "2026-03-02T14:00:00Z"},
    )
    assert answer.status_code == 201
    assert answer.json() == {
        "id": roster.overrides.get().pk,
        "roster": "platform",
        "seat": 0,
        "person": shown(people[1]),
        "start": "2026-03-02T12:00:00Z",
        "end": "2026-03-02T14:00:00Z",
        "source": "override",
        "reason": "",
    }
    assert roster.shifts.get(during__contains=clock.now + timedelta(hours=3)).person == people[1]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"user": "nobody@example.com"}, "user"),
        ({"start": "noon"}, "start"),
        ({"end": "2026-03-02T12:00:00Z"}, "end"),
        ({"end": None}, "end"),
        ({"reason": "x" * 256}, "reason"),
        ({"start": "0001-01-01T00:00:00Z"}, "start"),
        ({"start": "2001-01-01T00:00:00Z"}, "end"),
        ({"end": "9999-12-30T00:00:00Z"}, "end"),
        ({"start": "2099-12-30T00:00:00Z", "end": "2099-12-31T00:00:00Z"}, "start"),
        ({"start": "0001-01-01T00:00:00+14:00"}, "start"),
        ({"start": "2026-03-02T12:00:00"}, "start"),
        ({"end": "2026-03-02"}, "end"),
        ({"seat": 10}, "seat"),
        ({"seat": 1}, "seat"),
        ({"seat": 9}, "seat"),
        ({"place": 1}, "place"),
    ],
)
def test_an_override_that_makes_no_sense_is_refused_beside_its_field(roster, manager, change, field):
    entered = {"user": "ben@example.com", "start": "2026-03-02T12:00:00Z", "end": "2026-03-02T14:00:00Z", **change}
    answer = client_of(manager).post("/api/v1/rosters/platform/overrides/", entered)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert not roster.overrides.exists()


@pytest.mark.parametrize("role", [TeamRole.STAKEHOLDER, TeamRole.AUDITOR])
def test_who_responds_for_no_team_cannot_be_put_on_call(roster, team, manager, role):
    member("vera@example.com", team, role)
    entered = {"user": "vera@example.com", "start": "2026-03-02T12:00:00Z", "end": "2026-03-02T14:00:00Z"}
    answer = client_of(manager).post("/api/v1/rosters/platform/overrides/", entered)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["user"])


@pytest.mark.parametrize(
    ("address", "name"), [("oncall/", "at"), ("rosters/platform/shifts/", "from"), ("rosters/platform/shifts/", "to")]
)
def test_a_time_without_its_offset_is_refused_where_the_roster_has_a_zone_of_its_own(roster, responder, address, name):
    client = client_of(responder)
    answer = client.get(f"/api/v1/{address}", {name: "2026-03-03T09:00:00"})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [name])
    assert "offset" in answer.json()["errors"][name][0]
    assert client.get(f"/api/v1/{address}", {name: "2026-03-03T09:00:00+01:00"}).status_code == 200


def test_a_responder_puts_in_themselves_only(roster, responder):
    entered = {"user": "ben@example.com", "start": "2026-03-02T12:00:00Z", "end": "2026-03-02T14:00:00Z"}
    client = client_of(responder)
    assert client.post("/api/v1/rosters/platform/overrides/", entered).status_code == 403
    assert not roster.overrides.exists()
    made = client.post("/api/v1/rosters/platform/overrides/", {**entered, "user": responder.email})
    assert (made.status_code, made.json()["person"]) == (201, shown(responder))
    assert [(each.person, each.created_by) for each in roster.overrides.all()] == [(responder, responder)]


def test_an_override_of_a_retired_roster_conflicts(roster, manager):
    actions.retire(roster, by=manager)
    entered = {"user": "ben@example.com", "start": "2026-03-02T12:00:00Z", "end": "2026-03-02T14:00:00Z"}
    assert client_of(manager).post("/api/v1/rosters/platform/overrides/", entered).status_code == 409


def test_lists_cost_the_same_for_one_roster_and_for_many(roster, clock, manager, people, django_assert_num_queries):
    client = client_of(manager)
    client.get("/api/v1/rosters/")
    with django_assert_num_queries(5):
        client.get("/api/v1/rosters/")
    for number in range(5):
        layer_of(Roster.objects.create(slug=f"r{number}", name=f"R{number}", team=roster.team), people)
    with django_assert_num_queries(5):
        assert len(client.get("/api/v1/rosters/").json()["results"]) == 6


def test_handover_notes_are_left_and_listed_newest_first(roster, responder, team):
    client = client_of(responder)
    for text in ("First", "Second"):
        left = client.post("/api/v1/rosters/platform/notes/", {"text": text})
        assert (left.status_code, left.json()["author"]) == (201, shown(responder))
    assert [note["text"] for note in client.get("/api/v1/rosters/platform/notes/").json()["results"]] == [
        "Second", "First",
    ]  # fmt: skip
    stakeholder = client_of(member("steve@example.com", team, TeamRole.STAKEHOLDER))
    assert stakeholder.post("/api/v1/rosters/platform/notes/", {"text": "Hello"}).status_code == 403
    assert client.post("/api/v1/rosters/platform/notes/", {"text": " "}).status_code == 400


def test_a_handover_note_is_never_changed(roster, responder):
    note = actions.write_handover_note(roster, "Look at the queue", by=responder)
    note.text = "Nothing"
    with pytest.raises(DatabaseError, match="append_only"):
        note.save()
