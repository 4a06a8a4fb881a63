"""A second factor: added by its person, asked for at the sign-in, and required of the roles that a setting names."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from allauth.mfa.webauthn.internal import auth as keys
from allauth.socialaccount.models import SocialAccount
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.test import Client

from apps.core import audited, events
from apps.core.audited import Act
from apps.identity import rotation
from apps.identity.adapter import FactorAdapter
from apps.teams import actions, factors
from apps.teams.models import TeamRole, User
from tests.identity.conftest import PASSWORD

WAYS_IN = "/profile/sign-in/"
SECOND = "/login/second/"
LIMIT = 10


@pytest.fixture
def noted(monkeypatch):
    """The acts that the audit stream is told meanwhile, with their words."""
    told = []
    monkeypatch.setitem(events._reactions, audited.NOTED, [told.append])
    return told


@pytest.fixture
def secret(rita) -> str:
    """The secret of an authenticator app that Rita has."""
    secret = generate_totp_secret()
    TOTP.activate(rita, secret)
    return secret


def code_of(secret: str, *, ago: int = 0) -> str:
    """What the app shows now, or showed so many half minutes ago."""
    counters = list(totp.yield_hotp_counters_from_time())
    return format_hotp_value(hotp_value(secret, counters[len(counters) // 2] - ago))


def is_signed_in(client: Client) -> bool:
    return client.get("/profile/").status_code == 200


def test_the_password_alone_is_not_enough_then(client, rita, secret, type_in):
    answer = type_in(rita.email)
    assert answer["Location"] == SECOND
    assert not is_signed_in(client)
    assert client.get(SECOND).status_code == 200
    assert client.post(SECOND, {"code": code_of(secret)})["Location"] == "/"
    assert is_signed_in(client)


def test_half_a_sign_in_opens_nothing_that_asks_who_it_is(client, rita, secret, type_in):
    type_in(rita.email)
    for address in (WAYS_IN, "/confirm/", "/confirm/code/", f"{WAYS_IN}codes/", "/admin/", "/api/v1/me/"):
        assert client.get(address).status_code in (302, 401)
    assert not is_signed_in(client)


def test_a_code_counts_once(client, rita, secret, type_in):
    code = code_of(secret)
    type_in(rita.email)
    client.post(SECOND, {"code": code})
    client.post("/logout/")
    type_in(rita.email)
    assert "Incorrect code" in client.post(SECOND, {"code": code}).content.decode()
    assert not is_signed_in(client)


def test_the_page_that_was_wanted_is_gone_to_after_the_second_step(client, rita, secret, type_in):
    type_in(rita.email, to="/login/?next=/oncall/", next="/oncall/")
    assert client.post(SECOND, {"code": code_of(secret)})["Location"] == "/oncall/"


def test_a_recovery_code_stands_in_once(client, rita, secret, type_in):
    first, *_ = RecoveryCodes.activate(rita).generate_codes()
    type_in(rita.email)
    client.post(SECOND, {"code": first})
    assert is_signed_in(client)
    client.post("/logout/")
    type_in(rita.email)
    client.post(SECOND, {"code": first})
    assert not is_signed_in(client)


def test_codes_are_limited_for_the_account_from_wherever_they_come(rita, secret):
    for attempt in range(LIMIT + 1):
        elsewhere = Client(REMOTE_ADDR=f"192.0.2.{attempt}")
        elsewhere.post("/login/", {"login": rita.email, "password": PASSWORD})
        refused = elsewhere.post(SECOND, {"code": "abcdef"})
    said = refused.context["form"].errors["code"]
    assert "For up to 15 minutes no code is looked at" in said[0]
    assert "Only a passkey or an identity provider" in said[1]
    elsewhere.post(SECOND, {"code": code_of(secret)})
    assert not is_signed_in(elsewhere)


def test_a_passkey_is_offered_at_the_second_step_to_whoever_has_one(client, rita, secret, type_in, monkeypatch):
    monkeypatch.setattr(keys, "get_credentials", lambda _: [])  # what a device would have said
    type_in(rita.email)
    assert "Use a passkey" not in client.get(SECOND).content.decode()
    Authenticator.objects.create(user=rita, type=Authenticator.Type.WEBAUTHN, data={"name": "Laptop"})
    assert "Use a passkey" in client.get(SECOND).content.decode()
    for _ in range(LIMIT + 1):
        refused = client.post(SECOND, {"code": "abcdef"})
    assert "Begin again, and use your passkey instead of the password." in refused.context["form"].errors["code"]


def test_an_app_is_added_with_its_first_code_and_recovery_codes_come_with_it(client, rita, type_in):
    type_in(rita.email)
    page = client.get(f"{WAYS_IN}app/add/").content.decode()
    secret = re.search(r'data-copy="(\w+)"', page)[1]
    assert "Incorrect code" in client.post(f"{WAYS_IN}app/add/", {"code": "abcdef"}).content.decode()
    assert client.post(f"{WAYS_IN}app/add/", {"code": code_of(secret)})["Location"] == f"{WAYS_IN}codes/"
    kinds = set(Authenticator.objects.filter(user=rita).values_list("type", flat=True))
    assert kinds == {"totp", "recovery_codes"}
    codes = client.get(f"{WAYS_IN}codes/recovery-codes.txt").content.decode()
    assert len(re.findall(r"^\d{8}$", codes, re.MULTILINE)) == 10


def test_what_changes_the_ways_of_signing_in_asks_again_who_it_is(client, clock, rita, secret):
    client.force_login(rita, backend="apps.teams.backends.PeopleBackend")
    RecoveryCodes.activate(rita)
    clock.shift(minutes=16)
    for page in ("passkeys/add/", "app/remove/", "codes/", "codes/new/", "codes/recovery-codes.txt"):
        answer = client.get(f"{WAYS_IN}{page}") if page != "app/remove/" else client.post(f"{WAYS_IN}{page}")
        assert answer["Location"].startswith("/confirm/"), page
    assert Authenticator.objects.filter(user=rita, type="totp").exists()
    client.post("/confirm/code/", {"code": code_of(secret)})
    assert client.get(f"{WAYS_IN}codes/").status_code == 200


def test_how_somebody_came_in_is_told_to_the_record(
    client, rita, secret, type_in, noted, django_capture_on_commit_callbacks
):
    type_in(rita.email, "wrong")
    type_in("nobody@example.com", "wrong")
    type_in(rita.email)
    client.post(SECOND, {"code": "abcdef"})
    client.post(SECOND, {"code": code_of(secret)})
    client.post("/confirm/", {"password": PASSWORD})
    client.post(f"{WAYS_IN}app/remove/")
    client.post("/logout/")
    assert [(each.act, each.text) for each in noted] == [
        (Act.SIGN_IN_FAILED, "Wrong password"),
        (Act.SIGN_IN_FAILED, "Wrong password, of an account that there is not"),
        (Act.SIGN_IN_FAILED, "Wrong code"),
        (Act.SIGNED_IN, "Signed in with the password and an authenticator app"),
        (Act.CONFIRMED, "Confirmed who they are with the password"),
        (Act.FACTOR_REMOVED, "Removed an authenticator app"),
        (Act.SIGNED_OUT, "Signed out"),
    ]
    assert noted[0].about == rita
    assert PASSWORD not in str(noted)


def stored(rita) -> str:
    return str(list(Authenticator.objects.filter(user=rita).order_by("pk").values_list("data", flat=True)))


def test_what_codes_are_made_from_is_encrypted_and_comes_under_a_new_key(rita, secret, settings):
    codes = RecoveryCodes.activate(rita)
    seed, before = codes.generate_codes(), stored(rita)
    assert secret not in before
    settings.FIELD_KEYS = [Fernet.generate_key().decode(), *settings.FIELD_KEYS]
    call_command("rotate_keys", batch=1, stdout=StringIO())
    assert stored(rita) != before
    settings.FIELD_KEYS = settings.FIELD_KEYS[:1]
    app, codes = (each.wrap() for each in Authenticator.objects.filter(user=rita).order_by("pk"))
    assert app.validate_code(code_of(secret))
    assert codes.generate_codes() == seed
    assert rotation.rotate(10).anew == 0


def test_no_code_is_right_where_its_key_is_lost(client, rita, secret, type_in, settings):
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]
    type_in(rita.email)
    for code in (code_of(secret), code_of("")):
        assert "Incorrect code" in client.post(SECOND, {"code": code}).content.decode()
    assert not is_signed_in(client)
    assert len(rotation.rotate(10).unreadable) == 1


@pytest.fixture
def required(settings):
    settings.FACTOR_REQUIRED_ROLES = ["manager", "admin"]


def test_whose_role_asks_for_a_factor_adds_one_before_anything_else(client, required, rita, type_in, clock):
    actions.add_member(rita, rita.memberships.get().team, TeamRole.MANAGER)
    assert type_in(rita.email)["Location"] == "/"
    for address in ("/", "/incidents/", "/profile/", "/admin/", "/incidents/new/"):
        assert client.get(address)["Location"] == WAYS_IN, address
    assert client.get("/", headers={"HX-Request": "true"})["HX-Redirect"] == WAYS_IN
    assert client.get("/api/v1/me/").status_code == 403
    assert "Your role asks for a second factor" in client.get(WAYS_IN).content.decode()
    TOTP.activate(rita, generate_totp_secret())
    assert client.get("/incidents/").status_code == 200
    assert client.get("/api/v1/me/").status_code == 200


def test_other_roles_are_not_asked(client, required, rita, type_in):
    type_in(rita.email)
    assert client.get("/incidents/").status_code == 200


def test_a_token_works_without_a_factor(client, required, rita):
    actions.add_member(rita, rita.memberships.get().team, TeamRole.MANAGER)
    _, token = actions.create_token(rita, name="script")
    assert client.get("/api/v1/me/", headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_a_made_up_header_is_no_way_around_the_factor(client, required, rita, type_in):
    actions.add_member(rita, rita.memberships.get().team, TeamRole.MANAGER)
    type_in(rita.email)
    for made_up in ("Basic x", "Bearer x", "Bearer"):
        assert client.get("/api/v1/me/", headers={"Authorization": made_up}).status_code in (401, 403)


def test_the_last_factor_stays_with_whom_it_is_required_of(client, required, rita, secret):
    actions.add_member(rita, rita.memberships.get().team, TeamRole.MANAGER)
    client.force_login(rita, backend="apps.teams.backends.PeopleBackend")
    assert "You cannot deactivate" in client.post(f"{WAYS_IN}app/remove/").content.decode()
    assert Authenticator.objects.filter(user=rita, type="totp").exists()
    passkey = Authenticator.objects.create(user=rita, type="webauthn", data={"name": "Phone"})
    client.post(f"{WAYS_IN}app/remove/")
    client.post(f"{WAYS_IN}passkeys/{passkey.pk}/remove/")
    assert list(Authenticator.objects.filter(user=rita).values_list("type", flat=True)) == ["webauthn"]


def test_the_last_passkey_stays_with_who_has_no_other_way_in(client, rita, clock):
    passkeys = [
        Authenticator.objects.create(user=rita, type=Authenticator.Type.WEBAUTHN, data={"name": name}) for name in "ab"
    ]
    rita.set_unusable_password()
    rita.save()
    first, second = passkeys
    assert FactorAdapter().can_delete_authenticator(first)
    first.delete()
    assert not FactorAdapter().can_delete_authenticator(second)
    rita.set_password("correct horse battery staple")
    rita.save()
    assert FactorAdapter().can_delete_authenticator(second)


def test_a_provider_that_is_gone_is_no_way_in(rita, settings):
    passkey = Authenticator.objects.create(user=rita, type=Authenticator.Type.WEBAUTHN, data={"name": "Phone"})
    SocialAccount.objects.create(user=rita, provider="entra", uid="7")
    rita.set_unusable_password()
    rita.save()
    settings.OIDC_PROVIDERS = {"entra": None}
    assert FactorAdapter().can_delete_authenticator(passkey)
    settings.OIDC_PROVIDERS = {"other": None}
    assert not FactorAdapter().can_delete_authenticator(passkey)
    assert not User.objects.filter(factors.has_a_way_in(but=passkey), pk=rita.pk).exists()


def test_nobody_asks_the_database_where_no_role_has_to_have_one(rita, rf, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert not factors.is_missing(rita, rf.get("/"))
