"""The pages of tokens and service accounts, as they look and as they are used."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect
from rest_framework.test import APIClient

from apps.core import clock
from apps.teams import actions
from apps.teams.models import ApiToken, Scope, TeamRole, User
from tests.browser.pictures import keep_picture
from tests.browser.signing_in import LOOKS, signed_in
from tests.browser.test_pages import violations
from tests.factories.incidents import make_procedures
from tests.factories.teams import make_person, make_team

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mona(transactional_db: None) -> User:
    """Manages a team with a service account; has a token that was used, one that is replaced, and one that ends."""
    make_procedures()
    team = make_team()
    mona = make_person("Mona", team, TeamRole.MANAGER)
    robot = actions.create_service_account(name="Deploys of the platform", team=team, role=TeamRole.RESPONDER, by=mona)
    used, _ = actions.create_token(mona, name="laptop")
    ApiToken.objects.filter(pk=used.pk).update(last_used_at=clock.now(), last_used_from="2001:db8:85a3::8a2e:370:7334")
    actions.rotate_token(used, by=mona, overlap=timedelta(days=1))
    actions.create_token(robot, name="continuous-delivery-of-everything", scope=Scope.MANAGE, team_ids=[team.pk])
    return mona


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_they_look_right_in_both_themes_and_widths(browser, live_server, mona, width, theme, tmp_path):
    with signed_in(browser, live_server.url, mona, width=width, theme=theme) as context:
        page = context.new_page()

        def look(name: str) -> None:
            keep_picture(page, tmp_path / f"{name}-{width}-{theme}.png")
            assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth"), name
            assert violations(page) == [], name

        page.goto("/profile/tokens/accounts/")
        look("accounts")
        page.goto("/profile/tokens/")
        look("tokens")
        page.get_by_label("What it is for").fill("cron")
        page.get_by_role("button", name="Make it").click()
        look("made")


def test_a_token_is_made_shown_once_rotated_and_revoked(browser, live_server, mona):
    with signed_in(browser, live_server.url, mona, width="wide", theme="light") as context:
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = context.new_page()
        page.goto("/profile/tokens/")
        page.get_by_label("What it is for").fill("cron")
        page.get_by_label("Acts for").select_option("Deploys of the platform")
        page.get_by_role("button", name="Make it").click()
        secret = page.locator(".command code").inner_text()
        page.get_by_role("button", name="Copy the token").click()
        assert page.evaluate("navigator.clipboard.readText()") == secret
        assert _status(secret) == 200
        page.get_by_role("link", name="I have copied it").click()
        expect(page.get_by_text(secret)).to_have_count(0)
        row = page.locator(f"#token-{ApiToken.objects.get(name='cron').pk}")
        row.get_by_text("Rotate").click()
        row.get_by_label("The old secret goes on for").select_option("0")
        row.get_by_role("button", name="Make a new secret").click()
        renewed = page.locator(".command code").inner_text()
        assert (_status(secret), _status(renewed)) == (401, 200)
        page.get_by_role("link", name="I have copied it").click()
        page.get_by_role("button", name="Revoke cron").click()
        page.locator("[data-confirm-yes]").click()
        expect(page.get_by_role("status").or_(page.get_by_role("alert")).first).to_contain_text("works no more")
        assert _status(renewed) == 401


def _status(secret: str) -> int:
    return APIClient().get("/api/v1/me/", headers={"Authorization": f"Bearer {secret}"}).status_code
