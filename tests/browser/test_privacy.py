"""Giving out and erasing somebody's data, in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apps.core.models import Erasure
from apps.teams import actions as teams
from apps.teams.models import TeamRole, User
from tests.browser.accessibility import violations
from tests.browser.pictures import keep_picture
from tests.factories.teams import make_person, make_team

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "correct horse battery staple"
LOOKS = [(width, theme) for width in (1280, 360) for theme in ("light", "dark")]


@pytest.fixture
def left(transactional_db: None) -> User:
    """Somebody who left."""
    person = make_person("Gone", make_team(), TeamRole.RESPONDER)
    teams.deactivate(person)
    return person


@pytest.fixture
def page(browser: Any, live_server: Any, left: User, request: Any) -> Page:
    """A page of an administrator, of the width and theme that the test asks for."""
    width, theme = getattr(request, "param", LOOKS[0])
    User.objects.create_superuser("root@example.com", PASSWORD, name="Root Admin")
    context = browser.new_context(
        base_url=live_server.url, viewport={"width": width, "height": 800}, color_scheme=theme
    )
    page: Page = context.new_page()
    page.goto("/login/")
    page.get_by_label("Email").fill("root@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{live_server.url}/")
    return page


@pytest.mark.parametrize("page", LOOKS, indirect=True, ids=lambda look: f"{look[0]}-{look[1]}")
def test_the_pages_are_readable_in_every_look(page: Page, left: User, tmp_path: Path) -> None:
    root = User.objects.get(email="root@example.com")
    paths = {"own": "/profile/data/", "left": f"/people/{left.pk}/data/", "active": f"/people/{root.pk}/data/"}
    for name, path in paths.items():
        page.goto(path)
        keep_picture(page, tmp_path / f"{name}.png")
        assert violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path


def test_ones_data_come_as_a_file(page: Page) -> None:
    page.goto("/profile/")
    page.get_by_role("link", name="Take it away").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Take my data away").click()
    assert download.value.suggested_filename.endswith(".zip")


def test_somebody_is_erased(page: Page, left: User) -> None:
    page.goto(f"/people/{left.pk}/data/")
    page.locator("#erase_reason").fill("They left")
    page.get_by_label("Their address, to be sure").fill("gone@example.com")
    page.get_by_role("button", name="Erase for ever").click()
    expect(page.get_by_text("They are erased already.")).to_be_visible()
    expect(page.get_by_text(f"Former person {left.pk:04x}").first).to_be_visible()
    assert Erasure.objects.count() == 1
