"""``/tokens/``: made as whoever is signed in, shown once, rotated and revoked; a token keeps but itself."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from apps.core.models import RememberedAnswer
from apps.teams import actions
from apps.teams.models import ApiToken, Scope, TeamRole, User
from tests.api.clients import client_of, client_with, signed_in

URL = "/api/v1/tokens/"


@pytest.fixture
def session(house) -> APIClient:
    return signed_in(house.rita)


@pytest.fixture
def robot(house) -> User:
    return actions.create_service_account(name="Deploys", team=house.ai, role=TeamRole.RESPONDER, by=house.ella)


def test_one_is_made_and_its_secret_shown_once(house, session):
    made = session.post(URL, {"name": "ci", "scope": "read", "teams": ["platform"], "days": 7})
    assert (made.status_code, made.json()["scope"], made.json()["teams"]) == (201, "read", ["platform"])
    seen = client_with(made.json()["token"]).get("/api/v1/teams/").json()["results"]
    assert [team["slug"] for team in seen] == ["platform"]
    listed = session.get(URL).json()["results"]
    assert [each["id"] for each in listed] == [made.json()["id"]]
    assert "token" not in listed[0]
    assert made.json()["token"] not in session.get(f"{URL}{made.json()['id']}/").content.decode()


def test_what_is_not_said_is_a_responders_token_of_90_days(house, session, clock):
    made = session.post(URL, {"name": "ci"}).json()
    assert (made["scope"], made["teams"], made["expires_at"]) == ("respond", None, "2026-05-31T10:00:00Z")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": ""}, "name"),
        ({"scope": "everything"}, "scope"),
        ({"teams": ["ai"]}, "teams"),
        ({"teams": []}, "teams"),
        ({"days": 366}, "days"),
        ({"days": 10**30}, "days"),
        ({"days": 0}, "days"),
        ({"account": "rita@example.com"}, "account"),
        ({"expires": "never"}, "expires"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(house, session, changed, field):
    answer = session.post(URL, {"name": "ci"} | changed)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert not ApiToken.objects.exists()


def test_its_secret_is_kept_in_no_remembered_answer(house, session):
    for status in (201, 409):
        assert session.post(URL, {"name": "ci"}, HTTP_IDEMPOTENCY_KEY="a").status_code == status
    assert ApiToken.objects.count() == 1
    assert RememberedAnswer.objects.get().body is None


def test_who_keeps_a_service_account_makes_its_tokens_and_others_do_not_know_it(house, robot, session):
    made = signed_in(house.ella).post(URL, {"name": "ci", "account": robot.email})
    assert (made.status_code, made.json()["owner"]["name"]) == (201, "Deploys")
    assert session.post(URL, {"name": "ci", "account": robot.email}).status_code == 400
    assert session.get(f"{URL}{made.json()['id']}/").status_code == 404
    assert session.delete(f"{URL}{made.json()['id']}/").status_code == 404


def test_nobody_but_administrators_makes_one_to_provision(house, session):
    assert session.post(URL, {"name": "ci", "scope": "provision"}).status_code == 403


@pytest.mark.parametrize("scope", [Scope.RESPOND, Scope.MANAGE])
def test_tokens_make_no_tokens(house, scope):
    assert client_of(house.rita, scope=scope).post(URL, {"name": "ci"}).status_code == 403
    assert ApiToken.objects.count() == 1


def test_a_token_sees_itself_rotates_itself_and_revokes_itself(house):
    other, _ = actions.create_token(house.rita, name="other")
    token, secret = actions.create_token(house.rita, name="ci", team_ids=[house.platform.pk])
    client = client_with(secret)
    assert [each["id"] for each in client.get(URL).json()["results"]] == [token.pk]
    assert client.post(f"{URL}{other.pk}/rotate/").status_code == 404
    rotated = client.post(f"{URL}{token.pk}/rotate/", {"overlap_days": 0})
    assert (rotated.status_code, client.get("/api/v1/me/").status_code) == (201, 401)
    renewed = client_with(rotated.json()["token"])
    told = rotated.json()
    assert (told["replaces"], told["teams"], told["scope"]) == (token.pk, ["platform"], "respond")
    assert renewed.delete(f"{URL}{told['id']}/").status_code == 204
    assert renewed.get("/api/v1/me/").status_code == 401


def test_one_that_only_reads_only_looks_at_itself(house):
    token, secret = actions.create_token(house.rita, name="ci", scope=Scope.READ)
    client = client_with(secret)
    assert client.get(f"{URL}{token.pk}/").status_code == 200
    assert client.post(f"{URL}{token.pk}/rotate/").status_code == 403


def test_a_session_rotates_and_sees_both_while_both_work(house, session):
    token, secret = actions.create_token(house.rita, name="ci")
    rotated = session.post(f"{URL}{token.pk}/rotate/", {"overlap_days": 7}).json()
    assert {each["id"]: each["replaced_by"] for each in session.get(URL).json()["results"]} == {
        rotated["id"]: None,
        token.pk: rotated["id"],
    }
    assert client_with(secret).get("/api/v1/me/").status_code == 200
    assert session.post(f"{URL}{token.pk}/rotate/").status_code == 409
    assert session.post(f"{URL}{rotated['id']}/rotate/", {"overlap_days": 8}).status_code == 400


def test_the_list_takes_as_many_queries_for_many_as_for_one(house, session, django_assert_max_num_queries):
    for number in range(12):
        actions.create_token(house.rita, name=str(number), team_ids=[house.platform.pk])
    with django_assert_max_num_queries(8):
        assert len(session.get(URL).json()["results"]) == 12
