"""Every way of signing in, in a real browser: by password, passkey, authenticator app and recovery code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from playwright.sync_api import BrowserContext, Page, expect

from apps.teams.models import TeamRole, User
from tests.browser.accessibility import violations
from tests.browser.devices import a_device_with_keys
from tests.browser.pictures import keep_picture
from tests.browser.signing_in import LOOKS, PASSWORD, WIDTHS, signed_in
from tests.factories.teams import make_person, make_team

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

WAYS_IN = "/profile/sign-in/"


@pytest.fixture
def rita(transactional_db: None) -> User:
    return make_person("Rita", make_team(), TeamRole.RESPONDER)


@pytest.fixture
def context(browser, live_server, rita) -> Iterator[BrowserContext]:
    with signed_in(browser, live_server.url, rita, width="wide", theme="light") as context:
        yield context


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def type_in(page: Page, person: User) -> None:
    page.get_by_label("Email").fill(person.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def code_of(secret: str, *, later: int = 0) -> str:
    """What an app shows, or shows so many half minutes later: a code counts once."""
    counters = list(totp.yield_hotp_counters_from_time())
    return totp.format_hotp_value(totp.hotp_value(secret, counters[1] + later))


def test_a_passkey_signs_in_without_a_password(context, rita, live_server):
    page = context.new_page()
    with a_device_with_keys(page):
        page.goto(WAYS_IN)
        page.get_by_role("link", name="Add a passkey").click()
        page.get_by_label("What you call it").fill("Rita's laptop")
        page.get_by_role("button", name="Add the passkey").click()
        expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
        page.get_by_role("link", name="Done").click()
        expect(page.get_by_text("Rita's laptop")).to_have_count(2)  # its name, and that of its button
        sign_out(page)
        page.goto("/login/?next=/oncall/")
        page.get_by_role("button", name="Use a passkey").click()
        page.wait_for_url(f"{live_server.url}/oncall/")
    assert Authenticator.objects.filter(user=rita, type="webauthn", last_used_at__isnull=False).exists()


def test_a_passkey_completes_a_password_and_confirms_who_it_is(context, rita, live_server, settings):
    page = context.new_page()
    with a_device_with_keys(page):
        page.goto(f"{WAYS_IN}passkeys/add/")
        page.get_by_role("button", name="Add the passkey").click()
        page.get_by_role("link", name="Done").click()
        sign_out(page)
        type_in(page, rita)
        expect(page.get_by_role("heading", name="Second step")).to_be_visible()
        page.get_by_role("button", name="Use a passkey").click()
        page.wait_for_url(f"{live_server.url}/")
        settings.CONFIRMED_FOR = timedelta(0)
        settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
        page.goto(f"{WAYS_IN}codes/")
        expect(page.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
        page.get_by_role("link", name="Use a passkey").click()
        settings.CONFIRMED_FOR = timedelta(minutes=15)
        page.get_by_role("button", name="Use a passkey").click()
        expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()


def test_a_key_that_the_device_does_not_have_is_said_beside_the_button(browser, live_server, rita):
    page = browser.new_page(base_url=live_server.url)
    with a_device_with_keys(page):
        page.goto("/login/")
        page.get_by_role("button", name="Use a passkey").click()
        expect(page.locator("[data-passkey-said]")).to_have_text("No passkey was given.", timeout=70_000)
    page.close()


def test_the_code_of_an_app_completes_a_password_and_a_recovery_code_stands_in(context, rita, live_server):
    page = context.new_page()
    page.goto(WAYS_IN)
    page.get_by_role("link", name="Add an app").click()
    secret = page.locator("code").inner_text()
    page.get_by_label("Code that the app shows").fill(code_of(secret))
    page.get_by_role("button", name="Add the app").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    recovery = page.locator("main li").first.inner_text()
    sign_out(page)
    type_in(page, rita)
    page.get_by_label("Code").fill(code_of(secret, later=1))
    page.keyboard.press("Enter")
    page.wait_for_url(f"{live_server.url}/")
    sign_out(page)
    type_in(page, rita)
    page.get_by_label("Code").fill(recovery)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{live_server.url}/")


def test_signing_in_needs_no_mouse_and_no_script(browser, live_server, rita):
    rita.set_password(PASSWORD)
    rita.save()
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/login/")
    expect(page.get_by_label("Email")).to_be_focused()
    page.keyboard.type(rita.email)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{live_server.url}/")
    context.close()


@pytest.mark.parametrize(("width", "theme"), LOOKS, ids="-".join)
def test_the_pages_of_signing_in_are_accessible_quiet_and_never_scroll_sideways(
    browser, live_server, rita, width, theme, tmp_path
):
    trouble: list[str] = []

    def look_at(page: Page, address: str) -> None:
        name = re.sub(r"\W+", "-", address).strip("-")
        if page.evaluate("document.documentElement.scrollWidth") > WIDTHS[width]:
            trouble.append(f"{address} is too wide")
        trouble.extend(f"{address}: {found['id']} {found['nodes'][0]['target']}" for found in violations(page))
        keep_picture(page, tmp_path / f"{name}.png")

    with signed_in(browser, live_server.url, rita, width=width, theme=theme) as context:
        page = context.new_page()
        page.on("console", lambda said: trouble.append(f"{page.url}: {said.text}") if said.type == "error" else None)
        with a_device_with_keys(page):
            page.goto(f"{WAYS_IN}passkeys/add/")
            look_at(page, page.url.removeprefix(live_server.url))
            page.get_by_role("button", name="Add the passkey").click()
            expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
            look_at(page, "codes")
            for address in ("", "app/add/", "password/", "codes/new/"):
                page.goto(f"{WAYS_IN}{address}")
                look_at(page, f"ways-in-{address}")
            page.goto("/profile/")
            look_at(page, "profile")
            page.goto("/confirm/?next=/")
            look_at(page, "confirm")
            page.goto("/logout/")
            look_at(page, "sign-out")
            page.get_by_role("button", name="Sign out").click()
            page.wait_for_url("**/login/")
            look_at(page, "sign-in")
            type_in(page, rita)
            expect(page.get_by_role("heading", name="Second step")).to_be_visible()
            look_at(page, "second-step")
    assert trouble == []
