"""Pages of a roster in which two people are on call side by side, and one of them is missing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

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

DAY = timedelta(days=1)
PAGES = {
    "oncall": "/oncall/",
    "weeks": "/rosters/platform/",
    "list": "/rosters/platform/?view=list",
    "coverage": "/coverage/",
}


@pytest.fixture
def mona(transactional_db: None) -> User:
    """Manages Anna and Ben, always on call together; Anna is away now, and Ben in three days, when Cleo helps."""
    make_procedures()
    team, now = make_team(), clock.now()
    anna, ben, cleo = (make_person(name, team, TeamRole.RESPONDER) for name in ("Anna", "Ben", "Cleo"))
    roster = Roster.objects.create(
        slug="platform", name="Platform", team=team, time_zone="Europe/Berlin", is_primary=True
    )
    layer = Layer.objects.create(roster=roster, name="Weeks", at_once=2, starts_on=(now - 8 * DAY).date())
    for position, person in enumerate((anna, ben)):
        LayerMember.objects.create(layer=layer, person=person, position=position)
    rosters.materialise(roster, now=now)
    mona = make_person("Mona", team, TeamRole.MANAGER)
    rosters.add_absence(anna, start=now, end=now + DAY, by=mona)
    rosters.add_absence(ben, start=now + 3 * DAY, end=now + 5 * DAY, by=mona)
    rosters.add_override(roster, person=cleo, start=now + 3 * DAY, end=now + 4 * DAY, seat=1, by=mona)
    return mona


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_seats_can_be_told_apart_in_both_themes_and_widths(browser, live_server, mona, width, theme, tmp_path):
    with signed_in(browser, live_server.url, mona, width=width, theme=theme) as context:
        page = context.new_page()
        for name, address in PAGES.items():
            page.goto(address)
            keep_picture(page, tmp_path / f"seats-{name}-{width}-{theme}.png")
            assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth"), name
            assert violations(page) == [], name
        page.goto(PAGES["weeks"])
        expect(page.get_by_label("Seat", exact=True)).to_have_count(1)
        expect(page.get_by_text("On call, seat 2").first).to_be_visible()


def test_before_the_second_seat_is_left_empty_the_question_says_so(browser, live_server, mona, tmp_path):
    ben = User.objects.get(name="Ben")
    with signed_in(browser, live_server.url, ben, width="wide", theme="light") as context:
        page = context.new_page()
        page.goto("/shifts/")
        begins = (clock.now() + 10 * DAY).strftime("%Y-%m-%dT09:00")
        page.locator("#id_start").fill(begins)
        page.locator("#id_end").fill(begins.replace("T09:00", "T18:00"))
        page.locator("#id_kind").select_option("leave")
        page.get_by_role("button", name="I am away").click()
        keep_picture(page, tmp_path / "seats-question.png")
        expect(page.get_by_role("heading", level=1)).to_have_text("Fewer people would be on call")
        expect(page.get_by_role("alert")).to_contain_text("Only 1 of 2 would be on call for Platform from")
        expect(page.get_by_text("nobody would be")).to_have_count(0)
