"""The pages of one's tokens and of the service accounts one keeps."""

from __future__ import annotations

import html
import re

import pytest

from apps.teams import actions, queries
from apps.teams.models import ApiToken, TeamRole, User
from tests.api.clients import client_with

MAKE = {"name": "cron", "scope": "respond", "days": "90"}
SECRET = re.compile(r"ado[ps]_[0-9A-Za-z]{46}")


@pytest.fixture
def ella(house, client):
    """Manages AI."""
    actions.add_member(house.ella, house.ai, TeamRole.MANAGER)
    client.force_login(house.ella, backend="apps.teams.backends.PeopleBackend")
    return client


def page_of(client) -> str:
    return html.unescape(client.get("/profile/tokens/").content.decode())


def test_a_secret_is_shown_once_and_by_no_cache(house, rita):
    made = rita.post("/profile/tokens/make/", MAKE)
    [secret] = set(SECRET.findall(made.content.decode()))
    assert client_with(secret).get("/api/v1/me/").json()["email"] == house.rita.email
    assert "no-store" in made["Cache-Control"]
    assert "cron" in page_of(rita)
    assert not SECRET.search(page_of(rita))


def test_one_that_sends_alerts_alone_is_made(house, rita):
    assert rita.post("/profile/tokens/make/", MAKE | {"scope": "ingest"}).status_code == 200
    assert ApiToken.objects.get().scope == "ingest"


def test_one_of_which_nothing_is_seen_has_no_name(house, rita):
    answer = rita.post("/profile/tokens/make/", MAKE | {"name": "\u202e"})
    assert (answer.status_code, ApiToken.objects.exists()) == (422, False)


def test_one_that_cannot_be_is_refused_beside_the_field(house, rita):
    answer = rita.post("/profile/tokens/make/", MAKE | {"name": "", "days": "4000", "scope": "provision"})
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"name", "days", "scope"}
    assert not ApiToken.objects.exists()


def test_what_the_owner_does_not_see_is_refused_beside_the_teams(house, ella):
    actions.create_service_account(name="Deploys", team=house.ai, role=TeamRole.RESPONDER, by=house.ella)
    actions.add_member(house.ella, house.platform, TeamRole.RESPONDER)
    robot = queries.kept_accounts(house.ella).get()
    told = MAKE | {"owner": robot.pk, "teams": [house.platform.pk]}
    answer = ella.post("/profile/tokens/make/", told)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["teams"])


def test_those_of_others_do_not_exist(house, rita):
    token, _ = actions.create_token(house.cora, name="hers")
    assert rita.post(f"/profile/tokens/{token.pk}/revoke/").status_code == 404
    assert rita.post(f"/profile/tokens/{token.pk}/rotate/", {"overlap": "1"}).status_code == 404
    assert "hers" not in page_of(rita)


def test_rotating_shows_the_new_secret_and_how_long_the_old_one_goes_on(house, rita):
    token, old = actions.create_token(house.rita, name="cron")
    shown = rita.post(f"/profile/tokens/{token.pk}/rotate/", {"overlap": "7"}).content.decode()
    [secret] = set(SECRET.findall(shown))
    assert secret != old
    assert "The old secret goes on until" in shown
    assert "replaced" in page_of(rita)
    again = rita.post(f"/profile/tokens/{token.pk}/rotate/", {"overlap": "7"}, follow=True).content.decode()
    assert "was rotated before" in again


def test_managers_make_service_accounts_of_their_teams_and_switch_them_off(house, ella):
    told = {"name": "Deploys", "team": house.ai.pk, "role": "responder"}
    assert ella.post("/profile/tokens/accounts/", told).status_code == 302
    robot = User.objects.get(kind="service")
    assert (robot.kept_by, robot.memberships.get().role) == (house.ai, "responder")
    _, secret = actions.create_token(robot, name="ci")
    ella.post(f"/profile/tokens/accounts/{robot.pk}/off/")
    assert client_with(secret).get("/api/v1/me/").status_code == 401


@pytest.mark.parametrize("changed", [{"role": "commander"}, {"role": "admin"}, {"team": ""}, {"name": "!"}])
def test_no_account_is_more_than_its_keepers_can_give(house, ella, changed):
    told = {"name": "Deploys", "team": house.ai.pk, "role": "responder"} | changed
    assert ella.post("/profile/tokens/accounts/", told).status_code == 422
    assert not User.objects.filter(kind="service").exists()


def test_who_manages_no_team_keeps_no_accounts(house, rita):
    assert rita.get("/profile/tokens/accounts/").status_code == 403
    assert "/profile/tokens/accounts/" not in page_of(rita)


def test_the_admin_gives_no_service_account_a_password(house, client):
    root = User.objects.create_superuser("root@example.com", name="Root")
    robot = actions.create_service_account(name="Deploys", team=house.ai, role=TeamRole.RESPONDER, by=root)
    client.force_login(root, backend="apps.teams.backends.PeopleBackend")
    told = {"password1": "correct horse battery", "password2": "correct horse battery"}
    assert client.post(f"/admin/teams/user/{robot.pk}/password/", told).status_code == 404
    assert client.post(f"/admin/teams/user/{house.rita.pk}/password/", told).status_code == 302
