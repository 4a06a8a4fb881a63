"""People sign in by an identity provider: a real one, on loopback, that says what the test wants."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from environs import Env

from apps.contacts.models import ContactMethod
from apps.core.audited import Act
from apps.identity.oidc import configuration, rules
from apps.teams.actions import create_service_account
from apps.teams.models import TeamRole, User
from tests.factories.identity import make_group
from tests.factories.teams import make_person, make_team
from tests.identity.oidc import Provider, configured, running

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider(settings, monkeypatch) -> Iterator[Provider]:
    with running(settings, monkeypatch) as provider:
        yield provider


@pytest.fixture
def crew():
    return make_group("crew", (make_team("platform"), TeamRole.RESPONDER), provider="entra")


def go(provider: Provider, sub: str, client: Client | None = None) -> Any:
    """Sign in by it; the answer to whoever comes back."""
    client = client or Client()
    left = client.post("/login/oidc/entra/login/")
    assert left.status_code == 302, left.content
    return client.get(provider.leads_back(left["Location"], sub))


def signed_in(answer: Any) -> User | None:
    return answer.wsgi_request.user if answer.wsgi_request.user.is_authenticated else None


def claims_of(**more: Any) -> dict[str, Any]:
    return {"email": "anna@example.com", "email_verified": True, "name": "Anna", **more}


def test_somebody_new_comes_in_where_a_group_gives_them_a_role(provider, crew):
    provider.says("7", **claims_of(groups=["crew", "others"]))
    answer = go(provider, "7")
    person = signed_in(answer)
    assert answer.status_code == 302
    assert (person.email, person.name, person.has_usable_password()) == ("anna@example.com", "Anna", False)
    assert list(person.memberships.values_list("team__slug", "role", "source")) == [
        ("platform", TeamRole.RESPONDER, "mapping")
    ]
    assert ContactMethod.objects.filter(person=person, value=person.email).exists()
    assert SocialAccount.objects.get().extra_data == {}, "what the provider says is read, and not kept"


def test_whoever_comes_without_the_group_the_next_time_holds_the_role_no_more(provider, crew):
    provider.says("7", **claims_of(groups=["crew"]))
    go(provider, "7")
    provider.says("7", **claims_of())
    person = signed_in(go(provider, "7"))
    assert person is not None
    assert not person.memberships.exists()


def test_a_group_that_another_provider_keeps_gives_nothing_to_who_signs_in(provider, crew):
    """Not one that is provisioned, either: who was taken out of it there is out of it."""
    anna = make_person("Anna")
    crew.provider = "scim"
    crew.save()
    provider.says("7", **claims_of(groups=["crew"]))
    assert signed_in(go(provider, "7")) == anna
    assert not anna.memberships.exists()


def test_somebody_new_whose_groups_give_nothing_is_told_so(provider, crew, told):
    provider.says("7", **claims_of(groups=["others"]))
    answer = go(provider, "7")
    assert answer.status_code == 403
    assert "none of your groups gives you one" in answer.content.decode()
    assert not User.objects.exists()
    assert [each.act for each in told] == [Act.SIGN_IN_FAILED]


def test_somebody_who_is_there_is_known_by_their_verified_address(provider):
    anna = make_person("Anna", make_team("platform"), TeamRole.RESPONDER)
    provider.says("7", **claims_of(email="ANNA@example.com"))
    assert signed_in(go(provider, "7")) == anna
    assert anna.memberships.exists(), "what was given by hand stays"


@pytest.mark.parametrize("verified", [False, None, "no"])
def test_nobody_is_known_by_an_address_that_is_not_verified(provider, crew, verified):
    anna = make_person("Anna")
    provider.says("7", **claims_of(email_verified=verified, groups=["crew"]))
    answer = go(provider, "7")
    assert answer.status_code == 403
    assert signed_in(answer) is None
    assert not anna.memberships.exists()
    assert not SocialAccount.objects.exists()


def test_an_address_of_a_domain_that_the_provider_vouches_for_is_verified(provider, monkeypatch, settings):
    anna = make_person("Anna")
    configured(settings, monkeypatch, provider.address, VERIFIED_DOMAINS="Example.com")
    provider.says("7", email="anna@example.com")
    assert signed_in(go(provider, "7")) == anna
    provider.says("8", email="anna@evil.example.com")
    assert go(provider, "8").status_code == 403


def test_of_other_domains_a_provider_says_nothing_that_counts(provider, monkeypatch, settings):
    """Nor of its own, where it says that the address is not verified."""
    configured(settings, monkeypatch, provider.address, VERIFIED_DOMAINS="customer.example")
    make_person("Anna")
    User.objects.create_user("cara@customer.example")
    provider.says("7", **claims_of())
    assert go(provider, "7").status_code == 403
    provider.says("8", email="cara@customer.example", email_verified=False)
    assert go(provider, "8").status_code == 403
    provider.says("8", email="cara@customer.example")
    assert signed_in(go(provider, "8")).email == "cara@customer.example"


def test_nobody_comes_in_as_a_service_account(provider, root):
    account = create_service_account(name="Deploys", team=make_team("platform"), role=TeamRole.RESPONDER, by=root)
    provider.says("7", **claims_of(email=account.email))
    answer = go(provider, "7")
    assert (answer.status_code, signed_in(answer)) == (403, None)


def test_who_is_known_stays_known_when_their_address_changes(provider):
    anna = make_person("Anna")
    provider.says("7", **claims_of())
    go(provider, "7")
    provider.says("7", **claims_of(email="anna@new.example.com", email_verified=False))
    assert signed_in(go(provider, "7")) == anna


def test_who_is_deactivated_never_gets_in(provider, crew):
    anna = make_person("Anna")
    provider.says("7", **claims_of(groups=["crew"]))
    for known_before in (False, True):
        User.objects.filter(pk=anna.pk).update(is_active=known_before)
        if known_before:
            go(provider, "7")
            User.objects.filter(pk=anna.pk).update(is_active=False)
        answer = go(provider, "7")
        assert answer.status_code == 403
        assert "switched off" in answer.content.decode()
        assert signed_in(answer) is None


def test_the_provider_is_asked_with_state_nonce_and_proof_key(provider):
    asked = parse_qs(
        urlsplit(Client().post("/login/oidc/entra/login/?scope=x&auth_params=nonce%3D1")["Location"]).query
    )
    assert asked["code_challenge_method"] == ["S256"]
    assert set(asked["scope"][0].split()) == {"openid", "profile", "email"}
    assert all(len(asked[name][0]) >= 16 for name in ("state", "nonce", "code_challenge"))


def test_an_answer_for_another_browser_is_not_taken(provider, crew):
    provider.says("7", **claims_of(groups=["crew"]))
    ours, theirs = Client(), Client()
    back = provider.leads_back(ours.post("/login/oidc/entra/login/")["Location"], "7")
    answer = theirs.get(back)
    assert answer.status_code == 401
    assert signed_in(answer) is None


def test_an_answer_without_the_nonce_that_was_sent_is_not_taken(provider, crew):
    provider.says("7", **claims_of(groups=["crew"]))
    client = Client()
    there = client.post("/login/oidc/entra/login/")["Location"]
    nonce = parse_qs(urlsplit(there).query)["nonce"][0]
    answer = client.get(provider.leads_back(there.replace(nonce, "another"), "7"))
    assert answer.status_code == 401
    assert signed_in(answer) is None
    assert not User.objects.exists()


def test_a_refusal_by_the_provider_is_a_page_that_leads_back(provider):
    client = Client()
    state = parse_qs(urlsplit(client.post("/login/oidc/entra/login/")["Location"]).query)["state"][0]
    answer = client.get(f"/login/oidc/entra/login/callback/?error=server_error&state={state}")
    assert answer.status_code == 401
    assert "The sign-in failed" in answer.content.decode()


def test_nobody_is_sent_to_the_provider_by_a_link(provider):
    assert Client().get("/login/oidc/entra/login/").status_code == 405
    assert Client().post("/login/oidc/other/login/").status_code == 404
    assert Client(enforce_csrf_checks=True).post("/login/oidc/entra/login/").status_code == 403


def test_the_sign_in_page_offers_the_providers(provider, client):
    assert "Sign in with Entra" in client.get("/login/").content.decode()


def test_groups_that_were_left_out_for_their_size_change_nothing(provider):
    known = configuration.read(Env())["entra"]
    left_out = {"_claim_names": {"groups": "src1"}}
    assert rules.read(claims_of(**left_out), known).groups is None
    assert rules.read(claims_of(), known).groups == ()
    assert rules.read(claims_of(groups="one"), known).groups == ("one",)
    assert rules.read(claims_of(groups=["a", "b"]), known).groups == ("a", "b")
