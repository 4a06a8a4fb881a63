"""What the policies of content forbid is asked for by no page: ours and the admin's, one of each route."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib import admin
from django.core.management import call_command
from django.urls import Resolver404, resolve, reverse
from playwright.sync_api import Page

from apps.procedures.demo import loading
from apps.teams.models import User
from tests.browser.signing_in import PASSWORD, signed_in
from tests.factories.procedures import FILE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]

#: Pages that sign out, and files.
LEFT_OUT = ("/logout/", "/admin/logout/", "/static/", "/api/", "/admin/jsi18n/")
TOLD = """document.addEventListener("securitypolicyviolation", (event) =>
    console.error(`policy: ${event.effectiveDirective} ${event.blockedURI} ${event.sample}`))"""


class Watch:
    """Everything that the policy refused on a page, with the page's address."""

    def __init__(self, page: Page) -> None:
        self.refused: list[str] = []
        self._page = page
        page.add_init_script(TOLD)
        page.on("console", self._hear)

    def _hear(self, said: Any) -> None:
        if "policy" in said.text.lower():
            self.refused.append(f"{urlsplit(self._page.url).path}: {said.text}")


def route_of(path: str) -> str | None:
    """What tells pages of one kind from those of another; None for what is no page of ours."""
    if path.startswith(LEFT_OUT) or "." in path.rpartition("/")[2]:
        return None
    try:
        return str(resolve(path).route)
    except Resolver404:
        return None


def walk(page: Page, starts: list[str], *, most: int) -> list[str]:
    """Visit one page of each route that is reached from ``starts``; return their addresses."""
    waiting, seen, visited = list(starts), set[str](), list[str]()
    while waiting and len(visited) < most:
        path = waiting.pop(0)
        route = route_of(path)
        if route is None or route in seen:
            continue
        seen.add(route)
        answer = page.goto(path)
        if answer is None or "text/html" not in answer.headers.get("content-type", ""):
            continue
        visited.append(path)
        page.wait_for_timeout(30)  # until the scripts of the page have begun
        waiting += page.evaluate("[...document.links].filter(a => a.origin === location.origin).map(a => a.pathname)")
    return visited


@pytest.fixture
def administrator(transactional_db: None) -> User:
    """Who runs a house full of demo data."""
    call_command("procedures", "apply", str(FILE), verbosity=0)
    loading.load(password=PASSWORD)
    return User.objects.get(email="admin@example.com")


def test_a_script_that_stands_in_a_page_is_refused_and_heard_of(browser, live_server, transactional_db) -> None:
    page = browser.new_page()
    for path in ("/login/", "/admin/login/"):
        watch = Watch(page)
        page.goto(f"{live_server.url}{path}")
        page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'window.ran = 1'}))")
        page.wait_for_timeout(100)
        assert page.evaluate("window.ran") is None
        assert watch.refused, path
    page.close()


def test_no_page_asks_for_what_its_policy_forbids(browser, live_server, administrator: User) -> None:
    lists = [
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist") for model in admin.site._registry
    ]
    with signed_in(browser, live_server.url, administrator, width="wide", theme="light") as context:
        page = context.new_page()
        watch = Watch(page)
        visited = walk(page, ["/", "/admin/", *lists], most=300)
    assert watch.refused == []
    assert len(visited) > 100
    assert {"/", "/admin/", *lists} <= set(visited)
