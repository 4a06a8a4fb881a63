"""The page on which a roster is kept, in a real browser: drawn while one edits, before anything is saved."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from apps.core import clock
from apps.rosters import actions
from apps.rosters.models import Layer, LayerMember, Override, Restriction, Roster
from apps.teams.models import Team, TeamRole, User
from tests.browser.accessibility import violations
from tests.browser.pictures import keep_picture
from tests.browser.signing_in import LOOKS, signed_in
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
    expect(drawn.locator(".roster-week")).to_have_count(6, timeout=20_000)
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


def test_what_is_wrong_is_listed_while_one_edits_and_gone_once_it_is_mended(
    context: BrowserContext, team: Team, tmp_path: Path
) -> None:
    page = context.new_page()
    page.goto("/admin/rosters/roster/add/")
    hands = Hands(page)
    hands.fill("Name", "Platform")
    hands.choose("Team", team.name)
    hands.press("Add another Layer")
    hands.fill("Name", "Weeks")
    summary = page.locator(".roster-findings .summary")
    expect(summary).to_contain_text("1 layer without people")
    hands.fill("Add people", "Aiko")
    expect(summary).to_contain_text("1 single point of failure")
    expect(page.locator(".roster-findings")).to_contain_text("Only Aiko can be paged")
    expect(page.get_by_role("status")).to_contain_text("1 single point of failure")
    hands.fill("Add people", "Aiko, Akira, Bea, Bernd")
    expect(summary).to_have_text("The next 90 days: nothing is wrong.")
    expect(page.locator(".roster-findings tbody tr")).to_have_count(4)
    keep_picture(page, tmp_path / "findings.png")
    assert not Roster.objects.exists()


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_the_page_of_a_roster_is_readable_and_never_scrolls_sideways(
    browser: Any, live_server: Any, mona: User, team: Team, width: str, theme: str, tmp_path: Path
) -> None:
    roster = make_office_hours(team)
    with signed_in(browser, live_server.url, mona, width=width, theme=theme) as context:
        page = context.new_page()
        page.goto(f"/admin/rosters/roster/{roster.pk}/change/")
        expect(page.locator(".roster-findings")).to_be_visible()
        keep_picture(page, tmp_path / "admin.png")
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
        assert page.locator(".timezonewarning").locator("visible=true").count() == 0
        if width == "wide":
            drawn, around = (page.locator(each).bounding_box() for each in ("#six-weeks", "fieldset:has(#six-weeks)"))
            assert drawn["width"] > 0.95 * around["width"]
        page.locator("#id_layers-0-covers").fill("Mon-Wed")
        expect(page.locator(".roster-asked")).to_contain_text("Nobody would be on call for Office from")
        keep_picture(page, tmp_path / "asked.png")
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
        assert contrasts_that_fail(page, "#six-weeks") == []
        page.goto(f"/rosters/{roster.slug}/")
        keep_picture(page, tmp_path / "roster.png")
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
        assert [f"{found['id']} {found['nodes'][0]['target']}" for found in violations(page)] == []


def make_office_hours(team: Team) -> Roster:
    """Aiko for many weeks, then Akira: on working days, in a roster that wants no nights; and a layer of nobody."""
    roster = Roster.objects.create(slug="office", name="Office", team=team, time_zone="Europe/Berlin")
    started = (clock.now() - timedelta(days=8)).date()
    weeks = Layer.objects.create(roster=roster, name="Weeks", starts_on=started, length=9)
    for position, name in enumerate(("Aiko", "Akira"), start=1):
        LayerMember.objects.create(layer=weeks, person=User.objects.get(name=name), position=position)
    Restriction.objects.create(layer=weeks, weekdays=[0, 1, 2, 3, 4])
    empty = Layer.objects.create(roster=roster, name="Saturdays", starts_on=started, position=2)
    Restriction.objects.create(layer=empty, weekdays=[5])
    actions.materialise(roster)
    return roster


def contrasts_that_fail(page: Page, part: str) -> list[str]:
    """The elements in that part of the page whose text is too faint: the admin around it is the framework's."""
    found = violations(page, ["color-contrast"], part=part)
    return [node["html"] for each in found for node in each["nodes"]]
