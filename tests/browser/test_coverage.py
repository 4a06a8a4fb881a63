"""The map of coverage in a real browser: readable in both themes and widths, and worked by keys alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from apps.core import clock
from apps.rosters import actions as rosters
from apps.rosters.models import Layer, LayerMember, Restriction, Roster
from apps.teams import actions as teams
from apps.teams.models import Team, TeamRole, User
from tests.browser.accessibility import violations
from tests.browser.pictures import keep_picture
from tests.browser.signing_in import LOOKS, signed_in
from tests.factories.incidents import make_procedures
from tests.factories.teams import make_person, make_team

pytestmark = pytest.mark.django_db(transaction=True)

DAY = timedelta(days=1)


@pytest.fixture
def mona(transactional_db: None) -> User:
    """Manages a team with a roster that has a hole, one of office hours that runs out, and one that hangs on Anna."""
    make_procedures()
    team = make_team()
    anna, ben, cleo = (make_person(name, team, TeamRole.RESPONDER) for name in ("Anna", "Ben", "Cleo"))
    cleo.contact_methods.all().delete()
    now = clock.now()
    make_roster(team, "platform", anna, ben, cleo, is_primary=True)
    make_roster(team, "databases-and-everything-that-is-kept-in-them", anna)
    office = make_roster(team, "office", ben, cleo)
    layer = office.layers.get()
    Restriction.objects.create(layer=layer, weekdays=[0, 1, 2, 3, 4])
    Layer.objects.filter(pk=layer.pk).update(ends_on=(now + 40 * DAY).date())
    rosters.materialise(office, now=now)
    for person in (anna, ben, cleo):
        rosters.add_absence(person, start=now + 5 * DAY, end=now + 5 * DAY + timedelta(hours=7), by=person)
    return make_person("Mona", team, TeamRole.MANAGER)


def make_roster(team, slug, *people, **fields):
    name = slug.replace("-", " ").title()
    roster = Roster.objects.create(slug=slug, name=name, team=team, time_zone="Europe/Berlin", **fields)
    layer = Layer.objects.create(roster=roster, name="Weeks", starts_on=(clock.now() - 8 * DAY).date())
    for position, person in enumerate(people):
        LayerMember.objects.create(layer=layer, person=person, position=position)
    rosters.materialise(roster, now=clock.now())
    return roster


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_coverage_is_accessible_and_never_scrolls_sideways(browser, live_server, mona, width, theme, tmp_path):
    with signed_in(browser, live_server.url, mona, width=width, theme=theme) as context:
        page = context.new_page()
        trouble: list[str] = []
        page.on("console", lambda said: trouble.append(said.text) if said.type == "error" else None)
        page.goto("/coverage/")
        keep_picture(page, tmp_path / "coverage.png")
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
        assert [f"{found['id']} {found['nodes'][0]['target']}" for found in violations(page)] + trouble == []


def test_a_team_of_a_long_name_does_not_make_the_page_wider(browser, live_server, mona):
    teams.add_member(mona, Team.objects.create(slug="long", name="W" * 100), TeamRole.MANAGER)
    with signed_in(browser, live_server.url, mona, width="narrow", theme="light") as context:
        page = context.new_page()
        for address in ("/coverage/", "/oncall/"):
            page.goto(address)
            expect(page.get_by_label("Team")).to_contain_text("WWW")
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), address


def test_a_day_that_lacks_somebody_leads_to_its_gap_by_keys_alone(browser, live_server, mona):
    with signed_in(browser, live_server.url, mona, width="wide", theme="light") as context:
        page = context.new_page()
        page.goto("/coverage/")
        page.get_by_role("region", name="Rosters by day").focus()
        day = page.get_by_role("link", name="Platform, ").first
        for _ in range(200):
            if day.evaluate("link => link === document.activeElement"):
                break
            page.keyboard.press("Tab")
        expect(day).to_be_focused()
        page.keyboard.press("Enter")
        gap = page.locator("li:target")
        expect(gap).to_contain_text("Platform")
        expect(gap).to_contain_text("7 h")


@pytest.mark.parametrize(
    ("path", "label", "button"),
    [("/coverage/", "Days ahead", "Show"), ("/rosters/platform/", "View", "Show"), ("/incidents/", "Show", "Find")],
)
def test_going_through_choices_by_keys_leaves_the_page_before_nobody_said_so(
    browser, live_server, mona, path, label, button
):
    with signed_in(browser, live_server.url, mona, width="wide", theme="light") as context:
        page = context.new_page()
        page.goto(path)
        choice = page.get_by_label(label, exact=True)
        before = choice.input_value()
        choice.focus()
        for key in ("ArrowDown", "ArrowUp", "ArrowUp", "ArrowDown"):
            page.keyboard.press(key)
            page.wait_for_timeout(100)
            assert page.url == f"{live_server.url}{path}"
        chosen = next(
            value
            for value in choice.locator("option").evaluate_all("all => all.map(each => each.value)")
            if value != before
        )
        choice.select_option(chosen)
        page.get_by_role("button", name=button, exact=True).click()
        assert f"{choice.get_attribute('name')}={chosen}" in page.url


def test_without_scripts_it_is_sorted_and_narrowed_all_the_same(browser, live_server, mona):
    with signed_in(browser, live_server.url, mona, width="wide", theme="light") as context:
        quiet = browser.new_context(
            base_url=live_server.url, java_script_enabled=False, storage_state=context.storage_state()
        )
        page = quiet.new_page()
        page.goto("/coverage/")
        page.get_by_label("Days ahead").select_option("14")
        page.get_by_role("button", name="Show").click()
        page.get_by_role("link", name="Hours", exact=True).click()
        assert "days=14" in page.url
        assert "sort=hours" in page.url
        expect(page.locator("table.loads tbody tr").first).to_contain_text("Anna")
        with page.expect_download() as download:
            page.get_by_role("button", name="Download CSV").click()
        assert download.value.suggested_filename.startswith("on-call-hours-")
        quiet.close()
