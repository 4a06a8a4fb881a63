"""Whoever forgot their password chooses another one by a link in their mail, and nobody else learns anything."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client

from apps.core.audited import Act
from apps.engine.models import Timer
from apps.identity import forgotten, guesses
from apps.identity.handlers import mail_password_link
from apps.teams import actions as teams
from apps.teams.models import User
from tests.identity.conftest import PASSWORD

ASK = "/login/forgotten/"
NEW = "a very different phrase 77"


def asked(address: str, browser: Client | None = None) -> Any:
    answer = (browser or Client()).post(ASK, {"email": address})
    for timer in Timer.objects.filter(kind=forgotten.MAIL):
        mail_password_link(timer)
    Timer.objects.filter(kind=forgotten.MAIL).delete()
    return answer


def link_in(mail: Any) -> str:
    return re.search(r"/login/forgotten/\S+", mail.body)[0]


def chosen(link: str, browser: Client, password: str = NEW) -> Any:
    form = browser.get(link, follow=True)
    return browser.post(form.request["PATH_INFO"], {"password1": password, "password2": password}, follow=True)


def signs_in(email: str, password: str, browser: Client | None = None) -> bool:
    answer = (browser or Client()).post("/login/", {"login": email, "password": password})
    return bool(answer.status_code == 302)


def test_another_password_is_chosen_by_the_link_once(rita: User, mailoutbox: list[Any], told: list[Any]) -> None:
    elsewhere = Client()
    elsewhere.force_login(rita, backend="apps.teams.backends.PeopleBackend")
    assert asked(rita.email.upper()).headers["Location"] == f"{ASK}sent/"
    (mail,) = mailoutbox
    assert mail.to == [rita.email]
    browser = Client()
    answer = chosen(link_in(mail), browser)
    assert "The password is changed" in answer.content.decode()
    assert elsewhere.get("/profile/").status_code == 302, "every session is over"
    assert browser.get("/profile/").status_code == 302, "it signs nobody in"
    assert not signs_in(rita.email, PASSWORD)
    assert signs_in(rita.email, NEW)
    assert "by a link in the mail" in " ".join(each.text for each in told if each.act is Act.FACTOR_ADDED)
    assert "does not work any more" in Client().get(link_in(mail), follow=True).content.decode()


def test_it_takes_no_second_factor_away(rita: User, mailoutbox: list[Any]) -> None:
    TOTP.activate(rita, generate_totp_secret())
    asked(rita.email)
    chosen(link_in(mailoutbox[0]), Client())
    browser = Client()
    assert signs_in(rita.email, NEW, browser)
    assert browser.get("/profile/").status_code == 302, "the code is asked for"


@pytest.mark.parametrize("whose", ["nobody", "without a password", "deactivated"])
def test_to_who_signs_in_by_no_password_nothing_is_mailed_and_nothing_is_said(
    rita: User, mailoutbox: list[Any], whose: str
) -> None:
    address = "nobody@example.com" if whose == "nobody" else rita.email
    if whose == "without a password":
        rita.set_unusable_password()
        rita.save()
    if whose == "deactivated":
        teams.deactivate(rita)
    mailoutbox.clear()
    assert asked(address).headers["Location"] == f"{ASK}sent/"
    assert mailoutbox == []


def test_a_link_ends_with_the_password_it_was_made_for(rita: User, mailoutbox: list[Any]) -> None:
    asked(rita.email)
    rita.set_password("meanwhile another one 42")
    rita.save()
    assert "does not work any more" in Client().get(link_in(mailoutbox[0]), follow=True).content.decode()


def test_who_chose_another_one_is_not_kept_out_by_what_was_typed_before(rita: User, mailoutbox: list[Any]) -> None:
    browser = Client()
    for _ in range(10):
        assert not signs_in(rita.email, "wrong", browser)
    assert not signs_in(rita.email, PASSWORD, browser)
    for _ in range(guesses.MOST):
        guesses.count(rita)
    asked(rita.email)
    chosen(link_in(mailoutbox[0]), Client())
    assert signs_in(rita.email, NEW, browser)


def test_links_are_limited_by_account_and_mail_to_the_house_s_own_address(
    rita: User, mailoutbox: list[Any], settings: Any
) -> None:
    settings.SITE_URL = "https://incidents.example"
    answers = [asked(rita.email).status_code for _ in range(6)]
    assert answers == [302] * 5 + [429]
    assert all("https://incidents.example/login/forgotten/" in mail.body for mail in mailoutbox)


def test_its_secret_is_in_no_log(rita: User, mailoutbox: list[Any], capfd: pytest.CaptureFixture[str]) -> None:
    asked(rita.email)
    link = link_in(mailoutbox[0])
    Client().get(link)
    token = link.strip("/").rsplit("/", 1)[1]
    out = capfd.readouterr()
    assert token not in out.out + out.err
