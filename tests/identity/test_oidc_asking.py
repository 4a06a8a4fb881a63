"""How providers are configured and asked: within seconds, not each time, and believed only as far as they go."""

from __future__ import annotations

import socket
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.test import Client
from environs import Env, EnvError

from apps.core import http
from apps.identity.oidc import asking, configuration, rules
from tests.factories.teams import make_person
from tests.identity.oidc import Provider, configured, running
from tests.identity.test_oidc import claims_of, go, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider(settings, monkeypatch) -> Iterator[Provider]:
    with running(settings, monkeypatch) as provider:
        yield provider


@pytest.fixture
def entra(provider, settings) -> configuration.OidcProvider:
    return settings.OIDC_PROVIDERS["entra"]


@pytest.fixture
def asked(monkeypatch) -> Counter[str]:
    """How often each address was asked."""
    count: Counter[str] = Counter()
    send = http.send

    def counting(client, method, url, **sent):
        count[url.rpartition("/")[2]] += 1
        return send(client, method, url, **sent)

    monkeypatch.setattr(http, "send", counting)
    return count


@contextmanager
def silent() -> Iterator[str]:
    """Somebody who takes calls and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_what_a_provider_says_of_itself_is_asked_once_for_many_sign_ins(provider, asked):
    make_person("Anna")
    provider.says("7", **claims_of())
    for _ in range(3):
        assert signed_in(go(provider, "7"))
    assert (asked["openid-configuration"], asked["jwks"], asked["token"], asked["userinfo"]) == (1, 1, 3, 3)


def test_everything_goes_by_the_one_way_out(provider, monkeypatch):
    make_person("Anna")
    provider.says("7", **claims_of())
    monkeypatch.setattr("requests.sessions.Session.request", lambda *_, **__: pytest.fail("another way"))
    assert signed_in(go(provider, "7"))


def test_after_minutes_it_is_asked_again(entra, asked, clock):
    for shift in (0, 9, 2):
        clock.shift(minutes=shift)
        asking.configuration(entra)
    assert asked["openid-configuration"] == 2


def test_what_it_said_last_is_believed_for_an_hour_while_it_does_not_answer(entra, clock, monkeypatch):
    said, asked = asking.configuration(entra), []

    def silence(*_, **__):
        asked.append(clock.now)
        raise OAuth2Error("nothing")

    monkeypatch.setattr(asking, "ask", silence)
    clock.shift(minutes=11)
    assert [asking.configuration(entra) for _ in range(3)] == [said] * 3
    assert len(asked) == 1, "it is left alone for a moment"
    clock.shift(seconds=11)
    assert asking.configuration(entra) == said
    assert len(asked) == 2
    clock.shift(minutes=50)
    for _ in range(2):
        with pytest.raises(OAuth2Error):
            asking.configuration(entra)


def test_of_a_key_that_nobody_knows_it_is_asked_again_but_not_by_everybody(entra, asked, clock):
    for shift in (0, 0, 2, 0):
        clock.shift(minutes=shift)
        with pytest.raises(jwt.InvalidKeyError):
            asking.key(entra, "unknown")
    assert asked["jwks"] == 2


def test_a_provider_that_says_nothing_holds_nobody_for_long(settings, monkeypatch):
    monkeypatch.setattr(asking, "_answers", {})
    monkeypatch.setattr(asking, "SECONDS", 0.5)
    with silent() as address:
        configured(settings, monkeypatch, address)
        took = []
        for _ in range(2):
            since = time.monotonic()
            answer = Client().post("/login/oidc/entra/login/")
            took.append(time.monotonic() - since)
            assert (answer.status_code, "The sign-in failed" in answer.content.decode()) == (401, True)
    assert took[0] < 3
    assert took[1] < took[0], "who was just silent is not waited for again"


@pytest.mark.parametrize(
    "says",
    [{"issuer": "https://elsewhere.example"}, {"issuer": None}, {"jwks_uri": None}, {"token_endpoint": 7}],
)
def test_what_is_another_issuers_or_lacks_what_is_needed_is_not_believed(entra, monkeypatch, says):
    told = dict(asking.configuration(entra)) | says
    monkeypatch.setattr(asking, "ask", lambda *_, **__: told)
    monkeypatch.setattr(asking, "_answers", {})
    with pytest.raises(OAuth2Error):
        asking.configuration(entra)
    assert Client().post("/login/oidc/entra/login/").status_code == 401


def test_a_provider_that_tells_nothing_more_of_people_signs_them_in_too(provider, entra, monkeypatch):
    anna = make_person("Anna")
    provider.says("7", **claims_of())
    told = dict(asking.configuration(entra))
    del told["userinfo_endpoint"]
    monkeypatch.setattr(asking, "configuration", lambda _: told)
    assert signed_in(go(provider, "7")) == anna


def test_one_address_leaves_for_a_provider_so_often_a_minute(provider, settings):
    settings.ACCOUNT_RATE_LIMITS = {"provider": "2/m/ip"}
    answers = [Client().post("/login/oidc/entra/login/").status_code for _ in range(3)]
    assert answers == [302, 302, 429]
    assert Client().get("/login/oidc/entra/login/callback/?code=x").status_code == 429


@pytest.mark.parametrize("sub", ["x" * 300, "7\u200b", ""])
def test_a_number_that_can_be_nobodys_signs_nobody_in(provider, entra, sub):
    make_person("Anna")
    provider.says("7", **claims_of())
    token = {"sub": sub}
    with pytest.MonkeyPatch.context() as patched:
        decode = jwt.decode
        patched.setattr(jwt, "decode", lambda *given, **more: decode(*given, **more) | token)
        assert go(provider, "7").status_code == 401


def test_the_pages_that_a_form_may_lead_to_are_of_the_issuer_and_those_that_are_named(settings, monkeypatch):
    configured(settings, monkeypatch, "https://cognito.example/pool", ORIGINS="https://login.corp.example/")
    targets = settings.OIDC_PROVIDERS["entra"].form_targets
    assert targets == ("https://cognito.example", "https://login.corp.example")


@pytest.mark.parametrize("key", ["scim", "Entra", "a b", "-a", "a_b", ""])
def test_what_can_be_no_key_is_refused(monkeypatch, key):
    monkeypatch.setenv("OIDC_PROVIDERS", f"{key},")
    with pytest.raises(EnvError):
        configuration.read(Env())


def test_of_several_providers_each_names_its_domains(monkeypatch):
    monkeypatch.setenv("OIDC_PROVIDERS", "one,two")
    for key in ("ONE", "TWO"):
        for name, value in {"ISSUER": "https://x.example", "CLIENT_ID": "a", "CLIENT_SECRET": "b"}.items():
            monkeypatch.setenv(f"OIDC_{key}_{name}", value)
    monkeypatch.setenv("OIDC_ONE_VERIFIED_DOMAINS", "one.example")
    with pytest.raises(EnvError, match="two names no VERIFIED_DOMAINS"):
        configuration.read(Env())
    monkeypatch.setenv("OIDC_TWO_VERIFIED_DOMAINS", "two.example")
    assert set(configuration.read(Env())) == {"one", "two"}


@pytest.mark.parametrize(
    ("token", "more", "verified"),
    [
        ({"email": "a@x"}, {"email_verified": True}, None),
        ({"email": "a@x", "email_verified": True}, {"email": "b@x", "email_verified": False}, True),
        ({"email_verified": True}, {"email": "b@x"}, None),
        ({}, {"email": "b@x", "email_verified": True}, True),
    ],
)
def test_whether_an_address_is_verified_is_said_by_who_says_the_address(token, more, verified):
    assert rules.together(token, more)["email_verified"] is verified


@pytest.mark.parametrize(
    "address",
    ["x" * 250 + "@example.com", "anna", "a\x00b@example.com", "\u212aim@example.com", 7, None, ["a@example.com"], {}],
)
def test_what_is_no_address_is_nobodys(entra, address):
    assert rules.read(claims_of(email=address), entra).address == ""


def test_names_and_groups_are_bounded(entra):
    told = rules.read(claims_of(name="x" * 500, groups=["a", 7, None, True, "", "b\x00", "c\u200b", "x" * 256]), entra)
    assert (len(told.name), told.groups) == (120, ("a", "7"))
    assert rules.read(claims_of(name=["x"], groups={"a": 1}), entra).name == ""
    assert rules.read(claims_of(groups=["a"] * 1001), entra).groups is None


def test_a_provider_cannot_have_asked_later_than_now(entra):
    now = datetime(2026, 3, 1, tzinfo=UTC)
    later = int((now + timedelta(days=1)).timestamp())
    assert rules.proof({"auth_time": later}, entra, now=now).asked_at == now
