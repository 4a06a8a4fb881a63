"""Accounts that are no person: service accounts and what stands behind a webhook. Nobody signs in as one."""

from __future__ import annotations

import pytest
from django.conf import settings

from apps.contacts import actions as contacts
from apps.core.errors import Invalid, RuleViolation
from apps.identity import invitations
from apps.identity.models import Invitation
from apps.teams import actions as teams
from apps.teams.models import TeamRole
from tests.factories.teams import make_person
from tests.identity.conftest import PASSWORD

BACKEND = "apps.teams.backends.PeopleBackend"


@pytest.fixture(params=["service account", "webhook"])
def account(request, root, team):
    if request.param == "webhook":
        return contacts.upsert_endpoint(slug="pager", name="Pager", url="https://example.com/hook").person
    return teams.create_service_account(name="Robot", team=team, role=TeamRole.RESPONDER, by=root)


@pytest.fixture
def invited_before(account, root, team) -> Invitation:
    """An invitation from before the address was the account's."""
    made = invitations.invite("late@example.com", role=TeamRole.RESPONDER, teams=[team], by=root)
    account.email = "late@example.com"
    account.save()
    return made


def test_a_session_of_one_is_nobodys(client, account):
    client.force_login(account, backend=BACKEND)
    assert client.get("/profile/").status_code == 302


def test_no_password_opens_one(type_in, client, account):
    account.set_password(PASSWORD)
    if not account.is_service_account:  # there the database refuses it
        account.save()
    assert type_in(account.email).status_code == 200
    assert client.get("/profile/").status_code == 302


def test_it_is_not_invited_by_either_address(account, root, team):
    with pytest.raises(Invalid):
        invitations.invite(account.email, role=TeamRole.RESPONDER, teams=[team], by=root)
    account.email = "robot@example.com"
    account.save()
    with pytest.raises(Invalid):
        invitations.invite("Robot@example.com", role=TeamRole.RESPONDER, teams=[team], by=root)


def test_no_invitation_leads_to_an_address_that_nobody_reads(root, team):
    with pytest.raises(Invalid):
        invitations.invite("new@service-accounts.invalid", role=TeamRole.RESPONDER, teams=[team], by=root)


@pytest.mark.parametrize("chosen", [{"password": PASSWORD}, {"password": "", "passkey": "yes"}])
def test_an_invitation_that_came_before_is_refused(client, account, invited_before, chosen):
    link = invitations.link_of(invited_before).removeprefix(settings.SITE_URL)
    answer = client.post(link, {"name": "R", **chosen})
    assert answer.status_code == 422
    assert "no person" in answer.content.decode()
    assert client.get("/profile/").status_code == 302
    account.refresh_from_db()
    assert not account.has_usable_password()


def test_its_use_is_refused_for_whoever_asks(account, invited_before):
    with pytest.raises(RuleViolation):
        invitations.use(invited_before, name="Robot", password=PASSWORD)


def test_people_sign_in_as_ever(client, team):
    client.force_login(make_person("Rita", team, TeamRole.RESPONDER), backend=BACKEND)
    assert client.get("/profile/").status_code == 200
