"""As whom somebody is known who comes from a provider for the first time, and what that is worth."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.hashers import make_password
from django.test import Client

from apps.core import clock
from apps.core.audited import Act
from apps.notifications.models import Notification
from apps.teams import sensitive
from apps.teams.models import TeamRole, User
from tests.factories.identity import make_group
from tests.factories.teams import make_person, make_team
from tests.identity.conftest import PASSWORD
from tests.identity.oidc import Provider, configured, running
from tests.identity.test_oidc import claims_of, go, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider(settings, monkeypatch) -> Iterator[Provider]:
    with running(settings, monkeypatch) as provider:
        yield provider


@pytest.fixture
def anna() -> User:
    return make_person("Anna", make_team("platform"), TeamRole.RESPONDER)


def minutes_ago(minutes: float) -> int:
    return int((clock.now() - timedelta(minutes=minutes)).timestamp())


def with_password(person: User) -> Client:
    """The browser of the person, who signed in just now."""
    person.set_password(PASSWORD)
    person.save()
    browser = Client()
    browser.post("/login/", {"login": person.email, "password": PASSWORD})
    return browser


def is_confirmed(answer: Any) -> bool:
    return sensitive.is_confirmed(answer.wsgi_request)


def test_a_second_person_with_the_address_of_the_first_is_not_them(provider, anna):
    provider.says("7", **claims_of())
    provider.says("8", **claims_of())
    assert signed_in(go(provider, "7")) == anna
    answer = go(provider, "8")
    assert (answer.status_code, signed_in(answer)) == (403, None)
    assert "who had it before you" in answer.content.decode()
    assert SocialAccount.objects.get().uid == "7"


def test_an_administrator_lets_in_whom_the_provider_numbers_anew(provider, anna, root, told):
    provider.says("7", **claims_of())
    go(provider, "7")
    keeper = Client()
    keeper.force_login(root)
    account = SocialAccount.objects.get()
    page = f"/admin/socialaccount/socialaccount/{account.pk}/delete/"
    assert keeper.post(page, {"post": "yes"}).status_code == 302
    assert [(each.by, each.about) for each in told if each.act is Act.FACTOR_REMOVED] == [(root, anna)]
    provider.says("8", **claims_of())
    assert signed_in(go(provider, "8")) == anna


@pytest.mark.parametrize("superuser", [True, False])
def test_an_administrator_is_not_known_by_their_address(provider, superuser):
    person = (
        User.objects.create_superuser("anna@example.com") if superuser else make_person("Anna", None, TeamRole.ADMIN)
    )
    provider.says("7", **claims_of())
    answer = go(provider, "7")
    assert (answer.status_code, signed_in(answer)) == (403, None)
    assert "add Entra on your profile" in answer.content.decode()
    assert not SocialAccount.objects.filter(user=person).exists()


def test_an_administrator_adds_the_provider_by_their_own_session(provider, told):
    browser = with_password(make_person("Anna", None, TeamRole.ADMIN))
    provider.says("7", **claims_of())
    assert "/profile/sign-in/providers/entra/" in browser.get("/profile/sign-in/").content.decode()
    page = browser.get("/profile/sign-in/providers/entra/").content.decode()
    assert 'action="/login/oidc/entra/login/"' in page
    assert signed_in(go(provider, "7", browser)).email == "anna@example.com"
    assert "Is known by Entra from now on" in [each.text for each in told if each.act is Act.FACTOR_ADDED]
    assert signed_in(go(provider, "7")).email == "anna@example.com"
    assert "Knows you" in browser.get("/profile/sign-in/").content.decode()


def test_a_session_that_stands_open_adds_no_provider(provider, settings):
    browser = with_password(make_person("Anna", None, TeamRole.ADMIN))
    settings.CONFIRMED_FOR = timedelta()
    provider.says("7", **claims_of())
    assert browser.get("/profile/sign-in/providers/entra/")["Location"].startswith("/confirm/")
    assert go(provider, "7", browser).status_code == 403


def test_who_administrates_by_a_group_and_has_no_other_way_in_is_known(provider):
    anna = make_person("Anna")
    make_group("admins", (None, TeamRole.ADMIN), provider="entra")
    provider.says("7", **claims_of(groups=["admins"]))
    assert signed_in(go(provider, "7")) == anna
    SocialAccount.objects.all().delete()
    anna.set_password(PASSWORD)
    anna.save()
    assert go(provider, "7").status_code == 403


@pytest.mark.parametrize(("asked", "counts"), [(1, True), (14, True), (16, False), (60 * 24, False), (-60, True)])
def test_a_sign_in_confirms_from_when_the_provider_asked(provider, anna, asked, counts):
    provider.says("7", **claims_of(auth_time=minutes_ago(asked)))
    answer = go(provider, "7")
    assert signed_in(answer) == anna
    assert is_confirmed(answer) is counts


@pytest.mark.parametrize("says", ["", "yesterday", 0, -1, 2**62, [], True])
def test_a_provider_that_does_not_say_when_confirms_nothing(provider, anna, says):
    provider.says("7", **claims_of(auth_time=says))
    answer = go(provider, "7")
    assert signed_in(answer) == anna
    assert not is_confirmed(answer)


def test_signing_in_again_silently_opens_nothing_that_was_closed(provider, anna):
    provider.says("7", **claims_of(auth_time=minutes_ago(60)))
    browser = Client()
    for _ in range(2):
        assert not is_confirmed(go(provider, "7", browser))
    assert browser.get("/profile/sign-in/passkeys/add/")["Location"].startswith("/confirm/")


def test_to_confirm_the_provider_is_made_to_ask(provider, anna):
    provider.says("7", **claims_of(auth_time=minutes_ago(60)))
    browser = Client()
    go(provider, "7", browser)
    led = browser.get("/profile/sign-in/passkeys/add/", follow=True)
    assert led.request["PATH_INFO"] == "/confirm/elsewhere/entra/"
    assert 'action="/login/oidc/entra/login/?action=reauthenticate"' in led.content.decode()
    back_to = "/profile/sign-in/passkeys/add/"
    assert back_to in led.content.decode()
    left = browser.post("/login/oidc/entra/login/?action=reauthenticate", {"next": back_to})["Location"]
    asked = parse_qs(urlsplit(left).query)
    assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])
    provider.says("7", **claims_of(auth_time=minutes_ago(0)))
    answer = browser.get(provider.leads_back(left, "7"))
    assert (answer["Location"], is_confirmed(answer)) == (back_to, True)


def test_nobody_confirms_by_a_provider_that_does_not_know_them(provider, anna):
    browser = with_password(anna)
    assert browser.get("/confirm/elsewhere/entra/").status_code == 404
    assert browser.get("/confirm/elsewhere/other/").status_code == 404
    assert browser.get("/profile/sign-in/providers/other/").status_code == 404


@pytest.mark.parametrize(
    ("says", "counts"),
    [
        ({"amr": ["pwd", "mfa"]}, True),
        ({"acr": "urn:mfa"}, True),
        ({"amr": ["pwd"], "acr": "1"}, False),
        ({"amr": "mfa"}, False),
        ({}, False),
    ],
)
def test_a_second_factor_of_the_provider_counts_where_it_says_so(provider, settings, monkeypatch, anna, says, counts):
    settings.FACTOR_REQUIRED_ROLES = ["responder"]
    configured(settings, monkeypatch, provider.address, FACTOR_VALUES="mfa,urn:mfa")
    provider.says("7", **claims_of(**says))
    browser = Client()
    go(provider, "7", browser)
    assert (browser.get("/").status_code == 200) is counts
    assert (browser.get("/api/v1/me/").status_code == 200) is counts


def test_it_counts_for_that_session_and_where_a_setting_says_what_counts(provider, settings, monkeypatch, anna):
    settings.FACTOR_REQUIRED_ROLES = ["responder"]
    provider.says("7", **claims_of(amr=["mfa"]))
    browser = Client()
    go(provider, "7", browser)
    assert browser.get("/").status_code == 302
    configured(settings, monkeypatch, provider.address, FACTOR_VALUES="mfa")
    go(provider, "7", browser)
    assert browser.get("/").status_code == 200
    assert with_password(anna).get("/").status_code == 302


REMOVE = "/profile/sign-in/providers/entra/remove/"


@pytest.fixture
def linked(provider, anna) -> Client:
    """The browser of Anna, who has a password, and whom the provider knows."""
    provider.says("7", **claims_of())
    go(provider, "7")
    return with_password(anna)


def test_whoever_has_another_way_in_takes_a_provider_away(linked, anna, told):
    assert linked.get("/profile/sign-in/").content.decode().count(REMOVE) == 1
    assert "It signs you in no longer" in linked.get(REMOVE).content.decode()
    assert SocialAccount.objects.count() == 1
    assert linked.post(REMOVE).status_code == 302
    assert not SocialAccount.objects.exists()
    assert [(each.by, each.about) for each in told if each.act is Act.FACTOR_REMOVED] == [(anna, anna)]
    assert "your account at Entra signs you in no longer" in Notification.objects.latest("pk").text
    assert linked.get(REMOVE).status_code == linked.post(REMOVE).status_code == 404


def test_a_session_that_stands_open_takes_no_provider_away(linked, settings):
    settings.CONFIRMED_FOR = timedelta()
    assert linked.post(REMOVE)["Location"].startswith("/confirm/")
    assert SocialAccount.objects.exists()


def test_the_last_way_in_stays(provider, anna):
    """One by a provider that this installation has no more is none."""
    User.objects.filter(pk=anna.pk).update(password=make_password(None))
    SocialAccount.objects.create(user=anna, provider="gone", uid="9")
    provider.says("7", **claims_of(auth_time=minutes_ago(1)))
    browser = Client()
    assert signed_in(go(provider, "7", browser)) == anna
    assert "it is your last way in" in browser.post(REMOVE, follow=True).content.decode()
    assert SocialAccount.objects.filter(provider="entra").exists()


def test_nobody_takes_away_what_is_not_theirs(linked):
    other = with_password(make_person("Rita"))
    assert other.post(REMOVE).status_code == other.post("/login/elsewhere/").status_code == 404
    assert SocialAccount.objects.exists()
