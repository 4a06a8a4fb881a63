"""``GET /api/v1/coverage/``."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.teams.models import Scope, TeamRole
from tests.api.clients import client_of
from tests.factories.rosters import put_on_call
from tests.factories.teams import make_person


@pytest.fixture
def roster(house):
    return put_on_call(house.platform, house.rita)


def test_it_answers_what_the_command_says(house, roster, clock):
    told = client_of(house.rita, scope=Scope.READ).get("/api/v1/coverage/?days=30").json()
    assert (told["from"], told["to"]) == (
        f"{clock.now:%Y-%m-%dT%H:%M:%SZ}",
        f"{clock.now + timedelta(days=30):%Y-%m-%dT%H:%M:%SZ}",
    )
    [found] = told["rosters"]
    assert (found["roster"], found["team"], found["gaps"]) == ("platform", "platform", [])
    assert [point["kind"] for point in found["single_points"]] == ["only_one"]
    [rita] = told["people"]
    assert rita["seconds"]["total"] == 30 * 24 * 3600
    assert {strain["kind"] for strain in rita["strains"]} == {"no_break", "many_nights"}


def test_one_sees_ones_own_teams_only(house, roster):
    ella = client_of(house.ella)
    assert ella.get("/api/v1/coverage/").json()["rosters"] == []
    assert ella.get("/api/v1/coverage/?team=platform").status_code == 400
    adam = client_of(make_person("Adam", None, TeamRole.ADMIN))
    assert len(adam.get("/api/v1/coverage/?team=platform").json()["rosters"]) == 1
    assert adam.get("/api/v1/coverage/?team=ai").json()["rosters"] == []


@pytest.mark.parametrize(
    ("query", "field"), [("days=0", "days"), ("days=120", "days"), ("days=x", "days"), ("team=none", "team")]
)
def test_what_is_none_is_400(house, query, field):
    answer = client_of(house.rita).get(f"/api/v1/coverage/?{query}")
    assert answer.status_code == 400
    assert field in answer.json()["errors"]


def test_it_takes_a_token(house, client):
    assert client.get("/api/v1/coverage/").status_code == 401
