"""Whatever changes how somebody signs in stands in the stream, by whoever it was, and they are told of it."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from apps.core.audited import Act
from apps.core.errors import Invalid, NotAllowed
from apps.engine.runner import run_due
from apps.identity import recovering
from apps.notifications.models import Channel
from apps.teams.models import User
from tests.factories.teams import make_person
from tests.factories.transports import served
from tests.identity.conftest import PASSWORD

BACKEND = "apps.teams.backends.PeopleBackend"
ANOTHER = "another correct horse battery"


@pytest.fixture
def mails(db):
    """The words of what somebody is mailed about their sign-in."""
    with served(Channel.EMAIL, Channel.VOICE) as recorder:

        def read(person: User) -> list[str]:
            run_due()
            return [each.text for each in recorder.sent_to(person.email)]

        yield read


def acts(told, act: Act) -> list[tuple[str, object]]:
    return [(each.text, each.by) for each in told if each.act == act]


@pytest.fixture
def signed_in(client, rita) -> Client:
    client.force_login(rita, backend=BACKEND)
    return client


def test_another_password(signed_in, rita, told, mails):
    sent = {"oldpassword": PASSWORD, "password1": ANOTHER, "password2": ANOTHER}
    assert signed_in.post("/profile/sign-in/password/", sent).status_code == 302
    assert acts(told, Act.FACTOR_ADDED) == [("Changed the password", rita)]
    assert "changed the password" in mails(rita)[0]


def test_the_first_password(client, team, told, mails):
    anna = make_person("Anna")
    client.force_login(anna, backend=BACKEND)
    sent = {"password1": ANOTHER, "password2": ANOTHER}
    assert client.post("/profile/sign-in/password/set/", sent).status_code == 302
    assert acts(told, Act.FACTOR_ADDED) == [("Chose a password", anna)]
    assert "chose a password" in mails(anna)[0]


def test_a_password_that_an_administrator_sets_is_theirs_in_the_stream(client, root, rita, told, mails):
    client.force_login(root, backend=BACKEND)
    page = reverse("admin:auth_user_password_change", args=[rita.pk])
    assert client.get(page).status_code == 200
    assert acts(told, Act.FACTOR_ADDED) == []
    sent = {"password1": ANOTHER, "password2": ANOTHER, "usable_password": "true"}
    assert client.post(page, sent).status_code == 302
    assert acts(told, Act.FACTOR_ADDED) == [("Set the password", root)]
    assert "Root set another password" in mails(rita)[0]


def test_an_app_is_added_and_removed(signed_in, rita, told, mails):
    Authenticator.objects.create(user=rita, type="webauthn", data={"name": "Phone"})
    passkey = Authenticator.objects.get()
    signed_in.post(f"/profile/sign-in/passkeys/{passkey.pk}/remove/")
    assert acts(told, Act.FACTOR_REMOVED) == [("Removed a passkey", rita)]
    assert "removed a passkey" in mails(rita)[0]


def test_a_sign_in_from_elsewhere_is_told_once(client, rita, type_in, mails):
    type_in(rita.email)
    assert "signed in as you with the password" in mails(rita)[0]
    client.post("/logout/")
    type_in(rita.email)
    assert len(mails(rita)) == 1
    Client(REMOTE_ADDR="192.0.2.7").post("/login/", {"login": rita.email, "password": PASSWORD})
    told = mails(rita)
    assert len(told) == 2
    assert "192.0.2.7" in told[-1]


@pytest.fixture
def locked_out(rita) -> User:
    """Has a passkey and an app, and a session somewhere."""
    for kind in ("webauthn", "totp", "recovery_codes"):
        Authenticator.objects.create(user=rita, type=kind, data={})
    return rita


def test_an_administrator_helps_with_a_reason_and_a_confirmation(client, clock, root, locked_out, told, mails):
    theirs = Client()
    theirs.force_login(locked_out, backend=BACKEND)
    client.force_login(root, backend=BACKEND)
    page = reverse("factors_reset", args=[locked_out.pk])
    assert page in client.get(reverse("admin:teams_user_change", args=[locked_out.pk])).content.decode()
    assert client.post(page, {"reason": ""}).status_code == 422
    assert Authenticator.objects.count() == 3
    assert client.post(page, {"reason": "Her phone was stolen"}).status_code == 302
    assert not Authenticator.objects.exists()
    assert theirs.get("/profile/").status_code == 302
    assert acts(told, Act.FACTOR_REMOVED) == [("Took all second factors away: Her phone was stolen", root)]
    assert "Her phone was stolen" in mails(locked_out)[0]


def test_it_asks_who_it_is_first(client, clock, root, locked_out):
    client.force_login(root, backend=BACKEND)
    clock.shift(minutes=16)
    page = reverse("factors_reset", args=[locked_out.pk])
    assert client.post(page, {"reason": "Now"})["Location"].startswith("/confirm/")
    assert Authenticator.objects.exists()


def test_nobody_else_does_it(client, root, locked_out, team):
    with pytest.raises(NotAllowed):
        recovering.reset_factors(root, by=locked_out, reason="Because")
    with pytest.raises(NotAllowed):
        recovering.reset_factors(root, by=root, reason="My own")
    with pytest.raises(Invalid):
        recovering.reset_factors(locked_out, by=root, reason=" ")
    client.force_login(locked_out, backend=BACKEND)
    assert client.get(reverse("factors_reset", args=[root.pk])).status_code == 403


def test_whoever_runs_the_house_does_it_for_the_last_administrator(root, told, capsys):
    Authenticator.objects.create(user=root, type="webauthn", data={})
    call_command("reset_factors", "ROOT@example.com", "--reason", "Lost")
    assert not Authenticator.objects.exists()
    assert acts(told, Act.FACTOR_REMOVED) == [("Took all second factors away: Lost", None)]
    assert "changepassword root@example.com" in capsys.readouterr().out
    with pytest.raises(CommandError):
        call_command("reset_factors", "nobody@example.com", "--reason", "Lost")
