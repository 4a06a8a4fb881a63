"""What is sensitive asks again who it is, once in a while, and leads back."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from apps.alerts import actions as alerts
from apps.alerts.models import Format
from apps.teams import actions as teams
from apps.teams.models import Membership, TeamRole
from tests.factories.rosters import put_on_call
from tests.factories.teams import make_person, make_team

PASSWORD = "correct horse battery staple"
CONFIRM = "/confirm/"


@pytest.fixture
def team(db):
    return make_team()


@pytest.fixture
def root(team):
    root = make_person("Root", None, TeamRole.ADMIN)
    root.is_staff = root.is_superuser = True
    root.set_password(PASSWORD)
    root.save()
    return root


@pytest.fixture
def admin(client, clock, root):
    """An administrator who signed in 16 minutes ago."""
    client.force_login(root, backend="apps.teams.backends.PeopleBackend")
    clock.shift(minutes=16)
    return client


def asked(answer) -> bool:
    return answer.status_code == 302 and urlsplit(answer["Location"]).path == CONFIRM


@pytest.fixture
def integration(team, root):
    made, _ = alerts.create_integration(team=team, name="Sender", sender_format=Format.GENERIC, by=root)
    return made


@pytest.fixture
def sensitive(team, root, integration):
    put_on_call(team, root)
    return [
        "/admin/teams/user/add/",
        f"/admin/teams/user/{root.pk}/change/",
        f"/admin/teams/user/{root.pk}/password/",
        "/admin/teams/team/add/",
        f"/admin/teams/team/{team.pk}/change/",
        "/admin/contacts/webhookendpoint/add/",
        "/admin/alerts/integration/add/",
        f"/admin/alerts/integration/{integration.pk}/change/",
        "/admin/rosters/roster/tables/layers.csv",
        "/admin/rosters/roster/tables/shifts.csv?from=2026-02-01&to=2026-03-01",
        "/coverage/pay.csv?from=2026-02-01&to=2026-03-01",
        reverse("tokens"),
        reverse("service_accounts"),
        "/invitations/",
    ]


def test_what_is_sensitive_asks_who_signed_in_some_time_ago(admin, sensitive):
    assert [address for address in sensitive if not asked(admin.get(address))] == []


def test_who_signed_in_just_now_is_not_asked(client, root, sensitive):
    client.force_login(root, backend="apps.teams.backends.PeopleBackend")
    assert [address for address in sensitive if client.get(address).status_code != 200] == []


def test_the_password_leads_back_to_the_page_and_holds_for_a_quarter_of_an_hour(admin, clock, root):
    page = f"/admin/teams/user/{root.pk}/change/"
    to = admin.get(page)["Location"]
    assert parse_qs(urlsplit(to).query)["next"] == [page]
    assert admin.post(to, {"password": "wrong", "next": page}).status_code == 200
    assert asked(admin.get(page))
    answer = admin.post(to, {"password": PASSWORD, "next": page})
    assert (answer.status_code, answer["Location"]) == (302, page)
    clock.shift(minutes=14)
    assert admin.get(page).status_code == 200
    clock.shift(minutes=1)
    assert asked(admin.get(page))


def test_a_form_that_is_sent_too_late_does_nothing_and_says_so(admin, team, root):
    page = f"/admin/teams/team/{team.pk}/change/"
    sent = {
        "name": "Other", "slug": team.slug, "time_zone": "UTC", "memberships-TOTAL_FORMS": "1",
        "memberships-INITIAL_FORMS": "0", "memberships-0-person": root.pk, "memberships-0-role": "manager",
    }  # fmt: skip
    answer = admin.post(page, sent, HTTP_REFERER=f"http://testserver{page}")
    assert asked(answer)
    assert "Nothing was done yet" in admin.get(answer["Location"]).content.decode()
    assert not Membership.objects.filter(team=team).exists()


def test_the_key_of_an_integration_is_rotated_only_by_who_confirmed(admin, integration):
    before = integration.key_hint
    sent = {"action": "rotate_key", "_selected_action": [integration.pk]}
    assert asked(admin.post("/admin/alerts/integration/", sent))
    integration.refresh_from_db()
    assert integration.key_hint == before


def test_a_session_makes_and_rotates_tokens_over_the_api_only_when_confirmed(admin, root):
    token, secret = teams.create_token(root, name="old")
    for address in ("/api/v1/tokens/", f"/api/v1/tokens/{token.pk}/rotate/"):
        answer = admin.post(address, {"name": "new"}, content_type="application/json")
        assert (answer.status_code, answer.json()["detail"]) == (403, "Confirm first that it is you.")
    assert root.tokens.count() == 1
    itself = Client(headers={"Authorization": f"Bearer {secret}"})
    rotated = itself.post(f"/api/v1/tokens/{token.pk}/rotate/", {}, content_type="application/json")
    assert rotated.status_code == 201


def test_revoking_a_token_never_waits(admin, root):
    token, _ = teams.create_token(root, name="leaked")
    assert admin.post(reverse("token_revoke", args=[token.pk]))["Location"] == reverse("tokens")
    token.refresh_from_db()
    assert token.revoked_at is not None
