"""Somebody signs in by their identity provider, in a real browser and at a real provider."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import expect

from apps.teams.models import TeamRole, User
from tests.browser.accessibility import violations
from tests.browser.pictures import keep_picture
from tests.browser.signing_in import LOOKS, WIDTHS
from tests.factories.identity import make_group
from tests.factories.teams import make_person, make_team
from tests.identity.conftest import PASSWORD
from tests.identity.oidc import running

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@pytest.fixture
def provider(settings, monkeypatch):
    with running(settings, monkeypatch) as provider:
        directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
        monkeypatch.setitem(directives, "form-action", ["'self'", provider.address])
        yield provider


def sign_in(page, sub: str) -> None:
    page.goto("/login/")
    page.get_by_role("button", name="Sign in with Entra").click()
    page.get_by_placeholder("sub").fill(sub)
    page.get_by_role("button", name="Authorize").click()


def roles_of_anna() -> list[tuple[str, str]]:
    return list(User.objects.get(email="anna@example.com").memberships.values_list("team__slug", "role"))


def test_a_group_of_the_provider_gives_a_role_and_takes_it_back(browser, live_server, provider):
    make_group("crew", (make_team("platform"), TeamRole.RESPONDER), provider="entra")
    anna = {"email": "anna@example.com", "email_verified": True, "name": "Anna"}
    provider.says("7", **anna, groups=["crew"])
    context = browser.new_context(base_url=live_server.url)
    page = context.new_page()
    sign_in(page, "7")
    page.wait_for_url(f"{live_server.url}/")
    page.goto("/profile/")
    expect(page.get_by_text("anna@example.com").first).to_be_visible()
    assert roles_of_anna() == [("platform", TeamRole.RESPONDER)]
    context.clear_cookies()
    provider.says("7", **anna, groups=[])
    sign_in(page, "7")
    page.wait_for_url(f"{live_server.url}/")
    assert roles_of_anna() == []
    context.clear_cookies()
    provider.says("8", email="ben@example.com", email_verified=True)
    sign_in(page, "8")
    expect(page.get_by_role("heading", name="You are not let in")).to_be_visible()
    context.close()


def at_the_provider(page, sub: str) -> None:
    page.get_by_role("button", name="Go to Entra").click()
    page.get_by_placeholder("sub").fill(sub)
    page.get_by_role("button", name="Authorize").click()


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_an_administrator_adds_the_provider_and_later_confirms_by_it(
    browser, live_server, provider, tmp_path, width, theme
):
    anna = make_person("Anna", None, TeamRole.ADMIN)
    anna.set_password(PASSWORD)
    anna.save()
    told = {"email": anna.email, "email_verified": True}
    provider.says("7", **told, auth_time=1)
    viewport = {"width": WIDTHS[width], "height": 800}
    context = browser.new_context(base_url=live_server.url, viewport=viewport, color_scheme=theme)
    page = context.new_page()
    page.goto("/login/?next=/profile/sign-in/")
    page.get_by_label("Email").fill(anna.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("link", name="Add Entra").click()
    expect(page.get_by_role("heading", name="Add Entra")).to_be_visible()
    keep_picture(page, tmp_path / "add-provider.png")
    assert violations(page) == []
    at_the_provider(page, "7")
    expect(page.get_by_text("Knows you")).to_be_visible()
    keep_picture(page, tmp_path / "ways-in.png")
    assert violations(page) == []
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_role("link", name="Confirm at Entra").click()
    keep_picture(page, tmp_path / "confirm.png")
    assert violations(page) == []
    provider.says("7", **told, auth_time=int(time.time()))
    at_the_provider(page, "7")
    page.wait_for_url("**/passkeys/add/")
    page.goto("/profile/sign-in/")
    page.get_by_role("link", name="Remove Entra").click()
    expect(page.get_by_role("heading", name="Remove Entra?")).to_be_visible()
    keep_picture(page, tmp_path / "remove-provider.png")
    assert violations(page) == []
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("link", name="Add Entra")).to_be_visible()
    context.close()


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_the_pages_can_be_used_by_everybody(browser, live_server, provider, tmp_path, width, theme):
    viewport = {"width": WIDTHS[width], "height": 800}
    context = browser.new_context(base_url=live_server.url, viewport=viewport, color_scheme=theme)
    page = context.new_page()
    page.goto("/login/")
    keep_picture(page, tmp_path / "sign-in.png")
    assert violations(page) == []
    provider.says("8", email="ben@example.com", email_verified=True)
    sign_in(page, "8")
    expect(page.get_by_role("heading", name="You are not let in")).to_be_visible()
    keep_picture(page, tmp_path / "not-let-in.png")
    assert violations(page) == []
    context.close()
