"""The page on which a roster is kept, in a real browser: drawn while one edits, before anything is saved."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from apps.core import clock
from apps.rosters.models import Override, Roster
from apps.teams.models import Team, TeamRole, User
from tests.browser.pictures import keep_picture
from tests.browser.signing_in import signed_in
from tests.factories.teams import make_person, make_team

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

MOST_INTERACTIONS = 25


class Hands:
    """What a person does on a page, counted: each click, each field that is filled in, each choice."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.used = 0

    def fill(self, label: str, text: str) -> None:
        self.used += 1
        self._field(label).fill(text)

    def choose(self, label: str, option: str) -> None:
        self.used += 1
        self._field(label).select_option(label=option)

    def press(self, name: str) -> None:
        self.used += 1
        self._page.get_by_text(name, exact=True).locator("visible=true").last.click()

    def _field(self, label: str) -> Any:
        """The field of that label, in the row that was just added."""
        return self._page.get_by_label(re.compile(rf"^{label}\*?$")).locator("visible=true").last


@pytest.fixture
def team(transactional_db: None) -> Team:
    team = make_team()
    for name in ("Aiko", "Akira", "Bea", "Bernd", "Chloe", "Chris", "Walter", "Wanda", "Olga"):
        make_person(name, team, TeamRole.RESPONDER)
    return team


@pytest.fixture
def mona(team: Team) -> User:
    """Manages the team's rosters and has never done so before."""
    mona = make_person("Mona", team, TeamRole.MANAGER)
    mona.is_staff = True
    mona.save()
    return mona


@pytest.fixture
def context(browser: Any, live_server: Any, mona: User) -> Any:
    with signed_in(browser, live_server.url, mona, width="wide", theme="light") as found:
        yield found


def test_a_new_manager_follows_the_sun_with_a_weekend_and_an_override_in_few_steps(
    context: BrowserContext, team: Team, tmp_path: Path
) -> None:
    page = context.new_page()
    page.goto("/admin/rosters/roster/add/")
    hands = Hands(page)
    hands.fill("Name", "Round the world")
    hands.choose("Team", team.name)
    regions = [
        ("Asia/Singapore", "Aiko, Akira", "Mon-Fri 08:00-16:00"),
        ("Europe/Berlin", "Bea, Bernd", "Mon-Fri 08:00-17:00"),
        ("America/Los_Angeles", "Chloe, Chris", "Mon-Fri 07:00-18:00"),
    ]
    for zone, people, covers in regions:
        hands.press("Add another Layer")
        hands.fill("Time zone", zone)
        hands.fill("Add people", people)
        hands.fill("Only at these times", covers)
    hands.press("Add another Layer")
    hands.fill("Add people", "Walter, Wanda")
    hands.fill("Only at these times", "Fri 18:00 - Mon 02:00")
    hands.press("Add another Override")
    hands.choose("Person", "Olga")
    tomorrow = (clock.now() + timedelta(days=1)).strftime("%Y-%m-%d")
    hands.fill("From", f"{tomorrow}T10:00")
    hands.fill("Until", f"{tomorrow}T12:00")
    drawn = page.locator("#six-weeks")
    expect(drawn.locator(".roster-week")).to_have_count(6)
    for name in ("Akira", "Bernd", "Chris", "Wanda", "Olga"):
        expect(drawn.locator(".roster-legend")).to_contain_text(name)
    expect(drawn.locator(".result .exception").first).to_be_visible()
    assert not Roster.objects.exists()
    keep_picture(page, tmp_path / "before-saving.png")
    hands.press("Save")
    page.wait_for_url("**/admin/rosters/roster/")
    assert hands.used <= MOST_INTERACTIONS
    roster = Roster.objects.get()
    assert [(layer.time_zone, layer.members.count(), layer.restrictions.count()) for layer in roster.layers.all()] == [
        ("Asia/Singapore", 2, 1),
        ("Europe/Berlin", 2, 1),
        ("America/Los_Angeles", 2, 1),
        ("", 2, 1),
    ]
    override = Override.objects.get()
    noon = datetime.fromisoformat(f"{tomorrow}T11:00").replace(tzinfo=UTC)
    assert roster.shifts.get(during__contains=noon).person == override.person
    page.goto(f"/admin/rosters/roster/{roster.pk}/change/")
    keep_picture(page, tmp_path / "saved.png")
