"""Who one is, one's teams, the session as credentials, and the API's own description."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from rest_framework.test import APIClient

from apps.catalog.models import Service
from apps.teams.actions import add_member
from apps.teams.models import Scope, Team, TeamRole
from tests.api.clients import client_of
from tests.factories.teams import make_person


def test_me_tells_who_i_am_and_my_roles_by_team(house):
    add_member(house.cora, house.platform, TeamRole.MANAGER)
    add_member(house.cora, None, TeamRole.AUDITOR)
    told = client_of(house.cora).get("/api/v1/me/").json()
    assert sorted(told["teams"][0].pop("roles")) == ["commander", "manager"]
    assert told == {
        "id": house.cora.pk,
        "email": "cora@example.com",
        "name": "Cora",
        "time_zone": "UTC",
        "teams": [{"slug": "platform", "name": "Platform"}],
        "roles": ["auditor"],
    }


def test_one_sees_the_teams_one_belongs_to_with_their_people(house, rita):
    (team,) = rita.get("/api/v1/teams/").json()["results"]
    assert team["slug"] == "platform"
    assert {"person": {"id": house.cora.pk, "email": "cora@example.com", "name": "Cora"}, "role": "commander"} in team[
        "members"
    ]
    assert rita.get("/api/v1/teams/ai/").status_code == 404
    assert len(client_of(house.ada).get("/api/v1/teams/").json()["results"]) == 2


def test_a_manager_changes_their_team_but_never_its_slug(house):
    client = client_of(house.ella, scope=Scope.MANAGE)
    told = client.patch("/api/v1/teams/ai/", {"name": "AI", "slug": "other", "time_zone": "Europe/Berlin"}).json()
    assert (told["slug"], told["name"], told["time_zone"]) == ("ai", "AI", "Europe/Berlin")
    assert client.patch("/api/v1/teams/ai/", {"time_zone": "Mars/Olympus"}).status_code == 400


def test_changing_a_team_takes_the_scope_and_the_right(house):
    assert client_of(house.ella).patch("/api/v1/teams/ai/", {"name": "X"}).status_code == 403
    assert client_of(house.rita, scope=Scope.MANAGE).patch("/api/v1/teams/platform/", {"name": "X"}).status_code == 403


def test_only_an_administrator_creates_teams(house):
    new = {"slug": "ops", "name": "Operations"}
    assert client_of(house.ella, scope=Scope.MANAGE).post("/api/v1/teams/", new).status_code == 403
    admin = client_of(make_person("Adam", None, TeamRole.ADMIN), scope=Scope.MANAGE)
    assert admin.post("/api/v1/teams/", new).status_code == 201
    assert list(admin.post("/api/v1/teams/", new).json()["errors"]) == ["slug"]
    assert Team.objects.filter(slug="ops").count() == 1


@pytest.mark.parametrize(
    ("path", "taken"),
    [
        ("teams/", {"slug": "ai", "name": "Mine"}),
        ("services/", {"slug": "agents", "name": "Mine", "team": "platform"}),
        ("services/", {"slug": "agents"}),
    ],
)
def test_whoever_may_not_create_learns_nothing_about_the_slugs_of_others(house, path, taken):
    Service.objects.create(slug="agents", name="Agents", team=house.ai)
    client = client_of(house.rita, scope=Scope.MANAGE)
    answers = [client.post(f"/api/v1/{path}", {**taken, "slug": slug}) for slug in (taken["slug"], "free")]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert answers[0].json() == answers[1].json()


def test_a_slug_that_is_taken_is_told_to_whoever_manages_the_team_it_would_be_for(house):
    client = client_of(house.ella, scope=Scope.MANAGE)
    theirs = client.post("/api/v1/services/", {"slug": "api", "name": "X", "team": "platform"})
    assert (theirs.status_code, list(theirs.json()["errors"])) == (400, ["team"])
    answer = client.post("/api/v1/services/", {"slug": "api", "name": "X", "team": "ai"})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["slug"])
    assert client.post("/api/v1/services/", {"slug": "a b", "name": "X", "team": "ai"}).status_code == 400


def test_a_session_reads_but_writes_only_with_its_csrf_token(house):
    client = Client(enforce_csrf_checks=True)
    client.force_login(house.rita)
    assert client.get("/api/v1/me/").status_code == 200
    new = {"title": "Down", "severity": "P0", "team": "platform"}
    answer = client.post("/api/v1/incidents/", new, content_type="application/json")
    assert (answer.status_code, answer["Content-Type"]) == (403, "application/problem+json")


@pytest.mark.parametrize(
    "path", ["oncall/", "rosters/", "services/", "teams/", "contacts/", "postmortems/", "action-items/"]
)
def test_every_list_of_the_contract_is_served(house, rita, path):
    answer = rita.get(f"/api/v1/{path}")
    assert answer.status_code == 200
    if path != "oncall/":
        assert answer.json().keys() == {"next", "previous", "results"}


def test_the_openapi_document_is_valid_and_without_warnings():
    document = StringIO()
    call_command("spectacular", validate=True, fail_on_warn=True, stdout=document)
    assert "/api/v1/incidents/{reference}/acknowledge/" in document.getvalue()


def test_every_post_documents_its_key_and_every_operation_its_problems(db):
    document = APIClient().get("/api/v1/schema/", HTTP_ACCEPT="application/json").json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            names = [parameter["name"] for parameter in operation.get("parameters", [])]
            assert ("Idempotency-Key" in names) == (method == "post"), (method, path)
            assert {"400", "401", "403", "404"} <= operation["responses"].keys(), (method, path)


def test_the_documentation_page_runs_no_script_that_is_not_a_file_of_ours(db):
    page = Client().get("/api/v1/docs/")
    policy = page["Content-Security-Policy"]
    assert "unsafe-inline" not in next(part for part in policy.split(";") if "script-src" in part)
    assert "//cdn" not in page.content.decode()
    assert Client().get("/api/v1/docs/?script=")["Content-Type"] == "application/javascript"
