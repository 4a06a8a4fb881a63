"""Swaps and leave over the API."""

from __future__ import annotations

import pytest

from apps.rosters import actions
from apps.rosters.models import Absence, Roster, Swap
from apps.teams.models import Team, TeamRole
from tests.rosters.building import layer_of, member, shown
from tests.rosters.test_api import client_of

pytestmark = pytest.mark.django_db

BENS_DAY = {"roster": "platform", "start": "2026-03-03T08:00:00Z", "end": "2026-03-04T08:00:00Z"}
CLEOS_DAY = {"start": "2026-03-04T09:00:00+01:00", "end": "2026-03-05T09:00:00+01:00"}


def test_a_swap_is_asked_for_seen_and_accepted(roster, people):
    _, ben, cleo = people
    asked = client_of(ben).post(
        "/api/v1/swaps/", {**BENS_DAY, "asked_of": "CLEO@example.com", "in_return": CLEOS_DAY}, format="json"
    )
    assert asked.status_code == 201
    swap = asked.json()
    assert (swap["state"], swap["asked_of"]["email"], swap["in_return"]) == (
        "asked", "cleo@example.com", {"start": "2026-03-04T08:00:00Z", "end": "2026-03-05T08:00:00Z"},
    )  # fmt: skip
    assert [each["id"] for each in client_of(cleo).get("/api/v1/swaps/").json()["results"]] == [swap["id"]]
    accepted = client_of(cleo).post(f"/api/v1/swaps/{swap['id']}/accept/")
    assert (accepted.status_code, accepted.json()["state"]) == (200, "accepted")
    assert [name for name, *_ in shown(roster, 3)] == ["anna", "cleo", "ben"]
    assert client_of(cleo).post(f"/api/v1/swaps/{swap['id']}/refuse/").status_code == 409


def test_cover_is_asked_for_and_withdrawn(roster, people):
    _, ben, _ = people
    swap = client_of(ben).post("/api/v1/swaps/", BENS_DAY, format="json").json()
    assert (swap["asked_of"], swap["in_return"]) == (None, None)
    assert client_of(ben).post(f"/api/v1/swaps/{swap['id']}/accept/").status_code == 403
    assert client_of(ben).post(f"/api/v1/swaps/{swap['id']}/withdraw/").json()["state"] == "withdrawn"


def test_leave_that_is_there_already_is_said_to_be(roster, people):
    client, leave = client_of(people[0]), {"start": "2026-03-03T08:00:00Z", "end": "2026-03-04T08:00:00Z"}
    assert client.post("/api/v1/absences/", leave, format="json").status_code == 201
    again = client.post("/api/v1/absences/", leave, format="json")
    assert (again.status_code, again.json()["detail"]) == (
        409,
        "It is there already: anna is away for all of that time.",
    )
    assert Absence.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"roster": "nothing"}, "roster"),
        ({"start": "2026-03-03T08:00:00"}, "start"),
        ({"start": "2026-03-03T07:00:00Z"}, "start"),
        ({"end": "2026-03-03T08:00:00Z"}, "end"),
        ({"asked_of": "nobody@example.com"}, "asked_of"),
        ({"asked_of": "steve@example.com"}, "asked_of"),
        ({"in_return": CLEOS_DAY}, "asked_of"),
        ({"in_return": {"start": "soon"}}, "in_return"),
        ({"whom": "cleo@example.com"}, "whom"),
    ],
    ids=str,
)
def test_a_mistake_is_told_by_its_field(roster, people, change, field, team):
    member("steve@example.com", team, TeamRole.STAKEHOLDER)
    answer = client_of(people[1]).post("/api/v1/swaps/", BENS_DAY | change, format="json")
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [field]
    assert not Swap.objects.exists()


def test_another_team_sees_nothing_of_it(roster, people):
    swap = client_of(people[1]).post("/api/v1/swaps/", BENS_DAY, format="json").json()
    stranger = client_of(member("sam@example.com", Team.objects.create(slug="ai", name="AI"), TeamRole.RESPONDER))
    assert stranger.get("/api/v1/swaps/").json()["results"] == []
    assert stranger.post(f"/api/v1/swaps/{swap['id']}/accept/").status_code == 404
    entered = {"user": "anna@example.com", "start": "2026-03-03T08:00:00Z", "end": "2026-03-04T08:00:00Z"}
    assert stranger.post("/api/v1/absences/", entered, format="json").status_code == 403
    assert stranger.get("/api/v1/absences/").json()["results"] == []


def test_leave_is_entered_listed_and_taken_back(roster, people, manager):
    anna, ben, _ = people
    entered = {"start": "2026-03-02T12:00:00Z", "end": "2026-03-02T16:00:00Z", "kind": "sick"}
    first = client_of(anna).post("/api/v1/absences/", entered, format="json")
    assert (first.status_code, first.json()["person"]["email"]) == (201, "anna@example.com")
    assert shown(roster, 2)[1][:2] == ("ben", "03-02 12:00")
    second = client_of(manager).post("/api/v1/absences/", entered | {"user": "ben@example.com"}, format="json")
    assert second.status_code == 201
    assert shown(roster, 2)[1][:2] == ("cleo", "03-02 12:00")
    listed = client_of(ben).get("/api/v1/absences/").json()["results"]
    assert [(each["person"]["name"], each["kind"]) for each in listed] == [("ben", "sick"), ("anna", None)]
    for_managers = client_of(manager).get("/api/v1/absences/").json()["results"]
    assert [each["kind"] for each in for_managers] == ["sick", "sick"]
    assert client_of(ben).delete(f"/api/v1/absences/{first.json()['id']}/").status_code == 403
    assert client_of(anna).delete(f"/api/v1/absences/{first.json()['id']}/").status_code == 204
    assert Absence.objects.get().person == ben


def test_lists_cost_the_same_for_one_and_for_many(roster, people, django_assert_num_queries):
    client = client_of(people[0])
    addresses = ("/api/v1/swaps/", "/api/v1/absences/")
    for address in addresses:  # what one may see is remembered from the first request on
        client.get(address)
    for day in range(2):
        for address in addresses:
            with django_assert_num_queries(1):
                client.get(address)
        for person in people:
            hours = {"start": f"2026-03-1{day}T12:00:00Z", "end": f"2026-03-1{day}T16:00:00Z"}
            client_of(person).post("/api/v1/absences/", hours, format="json")


def test_leave_that_leaves_nobody_on_call_needs_a_yes_but_for_whoever_is_ill_now(team, clock, people):
    anna = people[0]
    alone = Roster.objects.create(slug="alone", name="Alone", team=team, is_primary=True)
    layer_of(alone, [anna])
    actions.materialise(alone)
    client = client_of(anna)
    days = {"start": "2026-03-05T08:00:00Z", "end": "2026-03-06T08:00:00Z"}
    refused = client.post("/api/v1/absences/", days, format="json")
    assert (refused.status_code, refused.json()["missing"]) == (
        409,
        [
            {
                "gate": "accept_gaps",
                "item_id": None,
                "text": "Nobody would be on call for Alone from 2026-03-05 08:00 to 2026-03-06 08:00 UTC.",
            }
        ],
    )
    assert not Absence.objects.exists()
    assert client.post("/api/v1/absences/", days | {"accept_gaps": True}, format="json").status_code == 201
    ill = {"start": "2026-03-01T08:00:00Z", "end": "2026-03-03T08:00:00Z", "kind": "sick"}
    assert client.post("/api/v1/absences/", ill, format="json").status_code == 201
