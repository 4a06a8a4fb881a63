"""Who is on call in a real browser: readable in both themes and widths whatever things are called, and searchable."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from apps.catalog.models import Service
from apps.core import clock
from apps.rosters import actions as rosters
from apps.rosters.models import Layer, LayerMember, Roster
from apps.teams.models import TeamRole, User
from tests.browser.pictures import keep_picture
from tests.browser.signing_in import LOOKS, signed_in
from tests.browser.test_pages import violations
from tests.factories.incidents import make_procedures
from tests.factories.teams import make_person, make_team

pytestmark = pytest.mark.django_db(transaction=True)

LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 2


@pytest.fixture
def anna(transactional_db: None) -> User:
    """Takes turns with somebody of a long name in many rosters, of which that with the last name is the primary one."""
    make_procedures()
    team = make_team()
    anna, other = make_person("Anna", team, TeamRole.RESPONDER), make_person("Otto", team, TeamRole.RESPONDER)
    other.name = LONG[:100]
    other.save()
    Service.objects.create(slug="api", name=LONG[:100], team=team)
    for number, name in enumerate([LONG[:120], *(f"Roster {each}" for each in range(12)), "Zebras"]):
        roster = Roster.objects.create(slug=f"r{number}", name=name, team=team, is_primary=name == "Zebras")
        layer = Layer.objects.create(roster=roster, name="Weeks", starts_on=clock.now().date() - timedelta(days=1))
        for position, person in enumerate((anna, other) if number % 2 else (other, anna)):
            LayerMember.objects.create(layer=layer, person=person, position=position)
        rosters.materialise(roster)
    return anna


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_who_is_on_call_never_scrolls_sideways_whatever_it_is_called(
    browser, live_server, anna, width, theme, tmp_path
):
    with signed_in(browser, live_server.url, anna, width=width, theme=theme) as context:
        page = context.new_page()
        page.goto("/oncall/")
        keep_picture(page, tmp_path / "oncall.png")
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
        assert [f"{found['id']} {found['nodes'][0]['target']}" for found in violations(page)] == []


def test_a_roster_is_found_without_scripts(browser, live_server, anna):
    with signed_in(browser, live_server.url, anna, width="wide", theme="light") as context:
        quiet = browser.new_context(
            base_url=live_server.url, java_script_enabled=False, storage_state=context.storage_state()
        )
        page = quiet.new_page()
        page.goto("/oncall/")
        rows = page.locator("table.board tbody tr")
        expect(rows).to_have_count(14)
        expect(rows.first).to_contain_text("Zebras")
        expect(rows.first).to_contain_text("Primary")
        page.get_by_role("searchbox", name="Search").fill("zeb primary")
        page.get_by_role("button", name="Find").click()
        expect(page.get_by_text("No roster fits")).to_be_visible()
        page.get_by_role("searchbox", name="Search").fill("zeb plat")
        page.get_by_role("button", name="Find").click()
        expect(rows).to_have_count(1)
        quiet.close()
