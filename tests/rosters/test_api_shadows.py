"""Shadows over the API and in the admin."""

from __future__ import annotations

import pytest

from apps.rosters.models import Shadow
from apps.teams.models import Team, TeamRole
from tests.rosters.building import member
from tests.rosters.test_api import client_of

pytestmark = pytest.mark.django_db

ADDRESS = "/api/v1/shadows/"
DAYS = {"roster": "platform", "start": "2026-03-03T08:00:00Z", "end": "2026-03-05T08:00:00Z"}


def test_one_becomes_a_shadow_is_listed_and_takes_it_back(roster, people):
    anna, ben, cleo = people
    client = client_of(anna)
    added = client.post(ADDRESS, {**DAYS, "of": ben.email, "is_woken": True}, format="json")
    assert added.status_code == 201
    shadow = added.json()
    assert shadow["person"]["email"] == anna.email
    assert (shadow["roster"], shadow["of"]["email"], shadow["is_woken"]) == ("platform", ben.email, True)
    assert (shadow["start"], shadow["end"]) == (DAYS["start"], DAYS["end"])
    assert [each["id"] for each in client_of(cleo).get(ADDRESS).json()["results"]] == [shadow["id"]]
    assert client_of(cleo).delete(f"{ADDRESS}{shadow['id']}/").status_code == 403
    assert client.delete(f"{ADDRESS}{shadow['id']}/").status_code == 204
    assert client.get(ADDRESS).json()["results"] == []


def test_managers_enter_it_for_others_and_strangers_see_nothing(roster, people, manager):
    anna, ben, _ = people
    stranger = client_of(member("sam@example.com", Team.objects.create(slug="ai", name="AI"), TeamRole.MANAGER))
    assert client_of(ben).post(ADDRESS, {**DAYS, "user": anna.email}, format="json").status_code == 403
    added = client_of(manager).post(ADDRESS, {**DAYS, "user": anna.email}, format="json")
    assert (added.status_code, added.json()["of"]) == (201, None)
    assert stranger.get(ADDRESS).json()["results"] == []
    assert stranger.delete(f"{ADDRESS}{added.json()['id']}/").status_code == 404
    assert stranger.post(ADDRESS, DAYS, format="json").status_code == 400


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"roster": "nothing"}, "roster"),
        ({"start": "2026-03-03T08:00:00"}, "start"),
        ({"end": "2026-03-03T08:00:00Z"}, "end"),
        ({"of": "anna@example.com"}, "of"),
        ({"of": "nobody@example.com"}, "of"),
        ({"is_woken": "perhaps"}, "is_woken"),
        ({"whom": "ben@example.com"}, "whom"),
    ],
    ids=str,
)
def test_a_mistake_is_told_by_its_field(roster, people, change, field):
    answer = client_of(people[0]).post(ADDRESS, DAYS | change, format="json")
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [field]
    assert not Shadow.objects.exists()


def test_a_list_costs_the_same_for_many(roster, people, django_assert_max_num_queries):
    for person in people:
        client_of(person).post(ADDRESS, DAYS, format="json")
    client = client_of(people[0])
    with django_assert_max_num_queries(5):
        assert len(client.get(ADDRESS).json()["results"]) == 3


def entered(**changes):
    return {"start": "2026-03-03T08:00", "end": "2026-03-05T08:00", "of": "", **changes}


def test_a_manager_adds_one_in_the_admin_and_takes_it_back(roster, people, manager, client):
    manager.is_staff = True
    manager.save()
    client.force_login(manager)
    answer = client.post("/admin/rosters/shadow/add/", entered(roster=roster.pk, person=people[0].pk))
    assert answer.status_code == 302
    shadow = Shadow.objects.get()
    assert (shadow.person, shadow.of, shadow.created_by) == (people[0], None, manager)
    assert "anna" in client.get("/admin/rosters/shadow/").content.decode()
    refused = client.post("/admin/rosters/shadow/add/", entered(roster=roster.pk, person=people[0].pk))
    assert refused.status_code == 200
    assert "within that time already" in refused.content.decode()
    assert client.post(f"/admin/rosters/shadow/{shadow.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Shadow.objects.exists()


def test_a_manager_of_another_team_finds_none_of_it_in_the_admin(roster, people, manager, client):
    client_of(people[0]).post(ADDRESS, DAYS, format="json")
    stranger = member("sam@example.com", Team.objects.create(slug="ai", name="AI"), TeamRole.MANAGER, is_staff=True)
    client.force_login(stranger)
    assert "anna" not in client.get("/admin/rosters/shadow/").content.decode()
    answer = client.post("/admin/rosters/shadow/add/", entered(roster=roster.pk, person=people[1].pk))
    assert answer.status_code == 200
    assert "Select a valid choice" in answer.content.decode()
