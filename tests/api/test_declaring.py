from __future__ import annotations

import pytest

from apps.catalog.models import Service
from apps.incidents.models import ClockName, Incident
from apps.teams.actions import add_member
from apps.teams.models import Scope, Team, TeamRole
from tests.api.clients import client_of
from tests.factories.teams import make_person

URL = "/api/v1/incidents/"
DOWN = {"title": "Down", "severity": "P0"}


def test_a_declared_incident_is_answered_as_the_contract_says(house, rita):
    answer = rita.post(URL, {**DOWN, "summary": "All of it", "service": "api", "detection": "user_report"})
    assert answer.status_code == 201
    told = answer.json()
    number = Incident.objects.get().pk
    nothing = {"due_at": None, "met_at": None, "breached_at": None}
    checklist = told.pop("checklist")
    version = told.pop("procedures_version")
    assert told.pop("clocks")["response"] == {**nothing, "due_at": "2026-03-02T10:15:00Z"}
    assert told == {
        "id": f"INC-{number}",
        "title": "Down",
        "summary": "All of it",
        "severity": "P0",
        "status": "declared",
        "team": "platform",
        "services": ["api"],
        "detection": "user_report",
        "private": False,
        "drill": False,
        "declared_at": "2026-03-02T10:00:00Z",
        "acknowledged_at": None,
        "resolved_at": None,
        "closed_at": None,
        "roles": [
            {"role": role, "user": None, "since": None}
            for role in ("commander", "technical_lead", "communications_lead")
        ],
        "escalation": {"level": None, "next_level": 1, "next_at": "2026-03-02T10:00:00Z"},
        "url": f"http://127.0.0.1:8000/incidents/INC-{number}/",
    }
    assert [item["part"] for item in checklist] == ["initial", "immediate", "short_term", "long_term"]
    assert {"done": False, "waived_reason": None, "by": None, "at": None}.items() <= checklist[0].items()
    assert version == f"1.0-r{Incident.objects.get().procedures_id}"


def test_every_clock_of_the_contract_is_there_even_where_none_runs(house, rita, declare):
    told = declare()
    Incident.objects.get().clocks.filter(name=ClockName.UPDATE).delete()
    clocks = rita.get(f"{URL}{told['id']}/").json()["clocks"]
    assert clocks["resolution"]["due_at"] == "2026-03-02T12:00:00Z"
    assert clocks["update"] == {"due_at": None, "met_at": None, "breached_at": None}


def test_the_owner_of_the_service_responds_where_no_team_is_named(house):
    Service.objects.create(slug="agents", name="Agents", team=house.ai)
    add_member(house.rita, house.ai, TeamRole.RESPONDER)
    assert client_of(house.rita).post(URL, {**DOWN, "service": "agents"}).json()["team"] == "ai"


def test_a_named_team_responds_for_the_service_of_another(house):
    add_member(house.rita, house.ai, TeamRole.STAKEHOLDER)
    Service.objects.create(slug="agents", name="Agents", team=house.ai)
    assert (
        client_of(house.rita).post(URL, {**DOWN, "service": "agents", "team": "platform"}).json()["team"] == "platform"
    )


def test_without_team_and_service_the_only_team_of_the_caller_responds(house, rita):
    assert rita.post(URL, DOWN).json()["team"] == "platform"


def test_without_team_and_service_a_member_of_two_teams_must_name_one(house):
    add_member(house.rita, house.ai, TeamRole.RESPONDER)
    answer = client_of(house.rita).post(URL, DOWN)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == ["team"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("severity", "P9"),
        ("team", "nobody"),
        ("service", "nothing"),
        ("title", ""),
        ("title", "x" * 201),
        ("title", None),
        ("title", ["Down"]),
        ("detection", "smell"),
        ("private", "perhaps"),
        ("severity", {"code": "P0"}),
        ("team", 7),
    ],
)
def test_a_field_that_cannot_be_is_named(house, rita, field, value):
    answer = rita.post(URL, {**DOWN, "team": "platform", field: value})
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert list(answer.json()["errors"]) == [field]
    assert not Incident.objects.exists()


def test_nobody_declares_for_a_team_they_do_not_respond_for(house):
    add_member(house.rita, house.ai, TeamRole.STAKEHOLDER)
    assert client_of(house.rita).post(URL, {**DOWN, "team": "ai"}).status_code == 403


@pytest.mark.parametrize("named", ["team", "service"])
def test_what_one_does_not_see_is_unknown(house, rita, named):
    Service.objects.create(slug="ai", name="Agents", team=house.ai)
    answer = rita.post(URL, {**DOWN, named: "ai"})
    assert (answer.status_code, answer.json()["errors"]) == (400, {named: [f"There is no {named} ai."]})


@pytest.mark.parametrize("who", ["stella", "ada"])
def test_who_responds_for_no_team_declares_nothing(house, who):
    answer = client_of(getattr(house, who)).post(URL, {**DOWN, "team": "platform"})
    assert answer.status_code == 403
    assert not Incident.objects.exists()


def test_an_administrator_declares_for_any_team(house):
    admin = make_person("Adam", None, TeamRole.ADMIN)
    assert client_of(admin).post(URL, {**DOWN, "team": "ai"}).status_code == 201


def test_a_team_that_is_out_of_use_is_unknown(house, rita):
    Team.objects.create(slug="old", name="Old", is_active=False)
    assert rita.post(URL, {**DOWN, "team": "old"}).status_code == 400


def test_a_token_that_may_only_read_declares_nothing(house):
    answer = client_of(house.rita, scope=Scope.READ).post(URL, {**DOWN, "team": "platform"})
    assert answer.status_code == 403


def test_private_and_drill_are_kept(house, declare):
    told = declare(private=True, drill=True)
    assert (told["private"], told["drill"]) == (True, True)
