"""How far provisioning reaches: not to administrators made by hand, and to nobody under another name."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from apps.core.audited import Act
from apps.engine.models import Timer
from apps.identity import addresses
from apps.identity.handlers import tell_old_address
from apps.teams import access
from apps.teams import actions as teams
from apps.teams.models import TeamRole, User
from tests.factories.identity import make_group
from tests.factories.teams import make_person, make_team
from tests.identity.conftest import PASSWORD
from tests.identity.provisioning import USER

pytestmark = pytest.mark.django_db

OFF = {"op": "replace", "path": "active", "value": False}
ON = {**OFF, "value": True}


def address(new: str) -> dict[str, str]:
    return {"op": "replace", "path": "userName", "value": new}


@pytest.fixture
def anna(provider) -> User:
    """Provisioned, with a role and all ways of signing in that there are."""
    anna = User.objects.get(pk=provider.made("anna@example.com", displayName="Anna", externalId="e-1")["id"])
    teams.add_member(anna, make_team("platform"), TeamRole.RESPONDER)
    anna.set_password(PASSWORD)
    anna.save()
    Authenticator.objects.create(user=anna, type=Authenticator.Type.TOTP, data={})
    SocialAccount.objects.create(user=anna, provider="entra", uid="7")
    return anna


def ways_of(person: User) -> tuple[bool, int, int]:
    person.refresh_from_db()
    factors, linked = (each.objects.filter(user=person).count() for each in (Authenticator, SocialAccount))
    return person.has_usable_password(), factors, linked


@pytest.fixture(params=["superuser", "by hand"])
def keeper(request, root) -> User:
    if request.param == "superuser":
        return root
    return make_person("Kim", None, TeamRole.ADMIN)


def test_who_was_made_an_administrator_by_hand_keeps_address_and_activity(provider, keeper):
    make_person("Other", None, TeamRole.ADMIN)
    here, was = f"/Users/{keeper.pk}", keeper.email
    for change in (address("mine@evil.example.com"), OFF):
        answer = provider.patch(here, change)
        assert (answer.status, "made an administrator here" in answer["detail"]) == (403, True)
    put = provider.put(here, {"schemas": [USER], "userName": "mine@evil.example.com"})
    assert (put.status, provider.delete(here)) == (403, 403)
    keeper.refresh_from_db()
    assert (keeper.email, keeper.is_active, access.is_administrator(keeper)) == (was, True, True)
    User.objects.filter(pk=keeper.pk).update(is_active=False)
    assert provider.patch(here, ON).status in (401, 403), "401: the token is that of the administrator who is off"
    keeper.refresh_from_db()
    assert not keeper.is_active


def test_their_name_and_number_are_provisioned_as_others_are(provider, keeper):
    told = {
        "schemas": [USER],
        "userName": keeper.email.upper(),
        "displayName": "K",
        "externalId": "e-7",
        "active": True,
    }
    assert provider.put(f"/Users/{keeper.pk}", told).status == 200
    keeper.refresh_from_db()
    assert keeper.name == "K"


def test_who_administrates_by_a_group_is_the_providers(provider, root, anna):
    root.set_password("somebody else can sign in")
    root.save()
    group = make_group("admins", (None, TeamRole.ADMIN))
    provider.patch(f"/Groups/{group.pk}", {"op": "add", "path": "members", "value": [{"value": str(anna.pk)}]})
    assert access.is_administrator(User.objects.get(pk=anna.pk))
    assert provider.patch(f"/Users/{anna.pk}", OFF).status == 200


def test_another_address_ends_sessions_is_noted_and_told_to_the_old_one(provider, root, anna, told, mailoutbox):
    browser = Client()
    browser.force_login(anna)
    provider.patch(f"/Users/{anna.pk}", address("ANNA@example.com"))
    assert browser.get("/profile/").status_code == 200, "in another case it is the same"
    assert provider.patch(f"/Users/{anna.pk}", address("anna@new.example.com")).status == 200
    assert browser.get("/profile/").status_code == 302
    (noted,) = [each for each in told if each.act is Act.ADDRESS_CHANGED]
    assert (noted.by, noted.about) == (root, anna)
    (timer,) = Timer.objects.filter(kind=addresses.TELL)
    tell_old_address(timer)
    assert [(mail.to, "not expect it" in mail.body) for mail in mailoutbox] == [(["anna@example.com"], True)]


def test_it_is_so_too_where_an_administrator_changes_the_address(root, anna, told):
    browser = Client()
    browser.force_login(anna)
    keeper = Client()
    keeper.force_login(root)
    form = {"email": "anna@new.example.com", "name": "Anna", "time_zone": "UTC", "is_active": "on"}
    for rows in ("memberships", "contact_methods", "notification_rules", "notification_preferences"):
        form |= {f"{rows}-TOTAL_FORMS": 0, f"{rows}-INITIAL_FORMS": 0}
    assert keeper.post(f"/admin/teams/user/{anna.pk}/change/", form).status_code == 302
    assert browser.get("/profile/").status_code == 302
    assert [each.about for each in told if each.act is Act.ADDRESS_CHANGED] == [anna]
    assert Timer.objects.filter(kind=addresses.TELL).exists()
    older = anna.history.filter(email="anna@example.com").latest()
    form |= {"email": "anna@example.com"}
    assert keeper.post(f"/admin/teams/user/{anna.pk}/history/{older.pk}/", form).status_code == 302
    assert User.objects.get(pk=anna.pk).email == "anna@example.com"
    assert [each.about for each in told if each.act is Act.ADDRESS_CHANGED] == [anna, anna], "an older version, too"


def test_who_is_deleted_has_no_way_in_any_more_and_comes_back_to_no_role(provider, anna, told):
    assert provider.delete(f"/Users/{anna.pk}") == 204
    assert ways_of(anna) == (False, 0, 0)
    assert Act.FACTOR_REMOVED in [each.act for each in told]
    assert anna.memberships.exists(), "for whoever is told what they left"
    assert provider.made("anna@example.com", externalId="e-1")["id"] == str(anna.pk)
    assert ways_of(anna) == (False, 0, 0)
    assert not anna.memberships.exists()
    assert access.team_ids(User.objects.get(pk=anna.pk), access.Permission.VIEW) == set()


def test_who_is_paused_comes_back_as_who_they_were(provider, anna):
    for change in (OFF, ON):
        provider.patch(f"/Users/{anna.pk}", change)
    assert ways_of(anna) == (True, 1, 1)
    assert anna.memberships.exists()


def test_a_colleague_who_got_the_address_of_somebody_deleted_is_not_them(provider, anna):
    provider.delete(f"/Users/{anna.pk}")
    again = {"schemas": [USER], "userName": "anna@example.com", "externalId": "e-2"}
    refused = provider.post("/Users", again)
    assert (refused.status, refused["scimType"]) == (409, "uniqueness")
    anna.refresh_from_db()
    assert not anna.is_active
    User.objects.filter(pk=anna.pk).update(email="anna.former@example.com")
    assert provider.post("/Users", again).status == 201


def test_nobody_comes_in_as_somebody_paused_under_another_number(provider, anna):
    here = f"/Users/{anna.pk}"
    provider.patch(here, OFF)
    number = {"op": "replace", "path": "externalId", "value": "e-2"}
    assert provider.patch(here, number, ON).status == 409
    assert provider.patch(here, {"op": "remove", "path": "externalId"}).status == 200
    assert provider.patch(here, number, ON).status == 409, "a number that was taken away first"
    anna.refresh_from_db()
    assert not anna.is_active
    assert provider.patch(here, ON).status == 200
    assert provider.patch(here, number)["externalId"] == "e-2", "whoever is in may be numbered anew"


def test_the_number_of_somebody_deleted_may_be_somebodys_again(provider, anna):
    provider.delete(f"/Users/{anna.pk}")
    assert provider.made("anna.berg@example.com", externalId="e-1")["id"] != str(anna.pk)
