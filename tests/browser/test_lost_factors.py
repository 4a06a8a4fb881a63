"""An administrator helps somebody in a real browser who lost their second factor."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import expect

from apps.teams.models import TeamRole, User
from tests.browser.accessibility import violations
from tests.browser.pictures import keep_picture
from tests.browser.signing_in import LOOKS, signed_in
from tests.factories.teams import make_person, make_team

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_second_factors_are_taken_away_with_a_reason(browser, live_server, width, theme, tmp_path):
    root = User.objects.create_superuser("root@example.com", name="Root")
    rita = make_person("Rita", make_team(), TeamRole.RESPONDER)
    for kind in ("webauthn", "totp", "recovery_codes"):
        Authenticator.objects.create(user=rita, type=kind, data={})
    with signed_in(browser, live_server.url, root, width=width, theme=theme) as context:
        page = context.new_page()
        page.goto(f"/admin/teams/user/{rita.pk}/change/")
        keep_picture(page, tmp_path / f"person-{width}-{theme}.png")
        page.get_by_role("link", name="Take them away").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Second factors of Rita")
        keep_picture(page, tmp_path / f"factors-{width}-{theme}.png")
        assert violations(page) == []
        page.get_by_label("Reason").fill("Her phone was stolen")
        page.get_by_role("button", name="Take all of them away").click()
        expect(page.get_by_text("Rita has no second factor any more")).to_be_visible()
    assert not Authenticator.objects.exists()
