"""A browser that somebody is signed in with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import BrowserContext

from apps.teams.models import User

PASSWORD = "correct horse battery staple"
WIDTHS = {"wide": 1280, "narrow": 360}
LOOKS = [(width, theme) for width in WIDTHS for theme in ("light", "dark")]


@contextmanager
def signed_in(browser: Any, address: str, person: User, *, width: str, theme: str) -> Iterator[BrowserContext]:
    """A context of that width and theme in which the person signed in."""
    person.set_password(PASSWORD)
    person.save()
    context = browser.new_context(
        base_url=address, viewport={"width": WIDTHS[width], "height": 800}, color_scheme=theme
    )
    page = context.new_page()
    page.goto("/login/")
    page.get_by_label("Email").fill(person.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{address}/")
    page.close()
    yield context
    context.close()
