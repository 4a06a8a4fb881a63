"""Tokens: whom they act for, how long, and what their scope lets them do."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import RequestFactory
from django.urls import reverse
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.test import APIClient

from apps.audit.models import Entry
from apps.catalog.models import Service
from apps.core import keys, origins
from apps.core.audited import Act
from apps.teams import actions, token_shape
from apps.teams.actions.token_use import ADDRESSES_KEPT
from apps.teams.authentication import TokenAuthentication
from apps.teams.models import ApiToken, Scope, TeamRole, User
from tests.api.clients import client_with
from tests.factories.incidents import declare, make_procedures
from tests.factories.teams import make_person, make_team

pytestmark = pytest.mark.django_db


@pytest.fixture
def team(clock):
    return make_team()


@pytest.fixture
def mara(team) -> User:
    """Manages her team, so that it is the token's scope which decides."""
    return make_person("Mara", team, TeamRole.MANAGER)


def status_of(secret: str) -> int:
    return client_with(secret).get("/api/v1/me/").status_code


def test_a_token_acts_for_its_person(mara):
    _, secret = actions.create_token(mara, name="cron")
    assert client_with(secret).get("/api/v1/me/").json()["email"] == mara.email


def test_only_its_digest_is_kept(mara):
    token, secret = actions.create_token(mara, name="cron")
    assert re.fullmatch(keys.pattern(token_shape.PERSONAL), secret)
    kept = [str(value) for row in ApiToken.objects.values_list() for value in row]
    kept += [str(value) for row in ApiToken.history.values_list() for value in row]
    assert not any(secret in value for value in kept)
    assert status_of(token.digest) == 401


def test_two_tokens_are_two_secrets(mara):
    assert actions.create_token(mara, name="one")[1] != actions.create_token(mara, name="two")[1]


@pytest.mark.parametrize("secret", ["", "adop_", f"adop_{'0' * 40}3I7mjs", "\0", "ä", "x" * 5000])
def test_an_unknown_token_is_refused_and_told_how_to_sign_in(mara, secret):
    actions.create_token(mara, name="cron")
    answer = client_with(secret).get("/api/v1/me/")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="api"'


def test_a_token_ends_at_the_instant_it_expires(mara, clock):
    _, secret = actions.create_token(mara, name="cron", expires_at=clock.now + timedelta(hours=1))
    clock.shift(minutes=59, seconds=59)
    assert status_of(secret) == 200
    clock.shift(seconds=1)
    assert status_of(secret) == 401


def test_a_token_of_which_nothing_is_said_lives_for_90_days(mara, clock):
    token, _ = actions.create_token(mara, name="cron")
    assert token.expires_at == clock.now + timedelta(days=90)


def test_a_revoked_token_is_refused_and_another_of_the_same_person_is_not(mara, clock):
    token, secret = actions.create_token(mara, name="lost")
    _, other = actions.create_token(mara, name="kept")
    token.revoked_at = clock.now
    token.save()
    assert (status_of(secret), status_of(other)) == (401, 200)


def test_the_admin_revokes_at_once_what_is_selected(mara, clock, client):
    ada = make_person("Ada", None, TeamRole.ADMIN)
    ada.is_staff = True
    ada.save()
    client.force_login(ada)
    lost, secret = actions.create_token(mara, name="lost")
    _, other = actions.create_token(mara, name="kept")
    chosen = {"action": "revoke", "_selected_action": [lost.pk]}
    client.post(reverse("admin:teams_apitoken_changelist"), chosen)
    assert (status_of(secret), status_of(other)) == (401, 200)


def test_a_token_ends_when_its_person_is_deactivated(mara):
    _, secret = actions.create_token(mara, name="cron")
    mara.is_active = False
    mara.save()
    assert status_of(secret) == 401


def test_a_token_does_no_more_than_its_person_may(team):
    make_procedures()
    stella = make_person("Stella", team, TeamRole.STAKEHOLDER)
    _, secret = actions.create_token(stella, name="cron", scope=Scope.MANAGE)
    incident = declare(team)
    assert client_with(secret).get(f"/api/v1/incidents/{incident}/").status_code == 200
    assert client_with(secret).post(f"/api/v1/incidents/{incident}/acknowledge/").status_code == 403


#: What the scope of a token lets its person do: look, respond to an incident, change what the team owns.
ALLOWED = {
    Scope.READ: (True, False, False),
    Scope.RESPOND: (True, True, False),
    Scope.MANAGE: (True, True, True),
    Scope.INGEST: (False, False, False),
    Scope.PROVISION: (False, False, False),
}


@pytest.mark.parametrize("scope", Scope)
def test_scopes_contain_one_another_and_to_send_alerts_is_none_of_them(team, mara, scope):
    make_procedures()
    incident = declare(team)
    service = Service.objects.create(slug="api", name="API", team=team)
    client = client_with(actions.create_token(mara, name="cron", scope=scope)[1])
    answers = [
        client.get(f"/api/v1/incidents/{incident}/"),
        client.post(f"/api/v1/incidents/{incident}/acknowledge/"),
        client.patch(f"/api/v1/services/{service.slug}/", {"name": "Public API"}),
    ]
    assert [answer.status_code for answer in answers] == [200 if allowed else 403 for allowed in ALLOWED[scope]]
    incident.refresh_from_db()
    service.refresh_from_db()
    _, responds, manages = ALLOWED[scope]
    assert (incident.acknowledged_by == mara, service.name == "Public API") == (responds, manages)


def test_when_it_was_used_is_noted_at_most_every_five_minutes(mara, clock):
    token, secret = actions.create_token(mara, name="cron")
    first = clock.now
    status_of(secret)
    clock.shift(minutes=5)
    status_of(secret)
    token.refresh_from_db()
    assert token.last_used_at == first
    clock.shift(seconds=1)
    status_of(secret)
    token.refresh_from_db()
    assert token.last_used_at == clock.now


def test_its_first_use_from_an_address_is_told_once(mara):
    token, secret = actions.create_token(mara, name="cron")
    for address in ("192.0.2.1", "192.0.2.1", "2001:db8::1", "192.0.2.1"):
        assert client_with(secret).get("/api/v1/me/", REMOTE_ADDR=address).status_code == 200
    told = Entry.objects.filter(act=Act.TOKEN_ELSEWHERE).order_by("pk")
    assert [entry.text for entry in told] == [
        "Used the token cron from 192.0.2.1 for the first time",
        "Used the token cron from 2001:db8::1 for the first time",
    ]
    token.refresh_from_db()
    assert token.last_used_from == "2001:db8::1"  # of a known address it is noted every five minutes only


def test_only_so_many_addresses_are_remembered(mara):
    token, secret = actions.create_token(mara, name="cron")
    for number in range(ADDRESSES_KEPT + 5):
        client_with(secret).get("/api/v1/me/", REMOTE_ADDR=f"192.0.2.{number + 1}")
    token.refresh_from_db()
    assert token.known_addresses == [f"192.0.2.{number + 1}" for number in range(5, ADDRESSES_KEPT + 5)]


def test_to_know_whose_a_token_is_takes_one_query(mara, django_assert_num_queries):
    _, secret = actions.create_token(mara, name="cron")
    status_of(secret)
    request = RequestFactory().get("/", headers={"Authorization": f"Bearer {secret}"})
    with origins.within(origins.Origin("127.0.0.1")), django_assert_num_queries(1):
        TokenAuthentication().authenticate(Request(request))


@pytest.mark.parametrize("secret", ["adop_" + "x" * 46, "ghp_" + "x" * 36, "", "adop_" + "x" * 45 + "é"])
def test_what_cannot_be_a_token_is_refused_without_a_query(secret, django_assert_num_queries):
    request = RequestFactory().get("/", headers={"Authorization": f"Bearer {secret}"})
    with django_assert_num_queries(0), pytest.raises(AuthenticationFailed):
        TokenAuthentication().authenticate(Request(request))


@pytest.mark.parametrize("scheme", ["bearer", "BEARER"])
def test_the_word_before_the_token_is_written_as_one_likes(mara, scheme):
    _, secret = actions.create_token(mara, name="cron")
    assert APIClient().get("/api/v1/me/", HTTP_AUTHORIZATION=f"{scheme} {secret}").status_code == 200
    assert APIClient().get("/api/v1/me/", HTTP_AUTHORIZATION=f"Basic {secret}").status_code == 401
