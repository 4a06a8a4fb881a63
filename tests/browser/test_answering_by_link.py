"""The page behind the link in a mail, in a real browser: by a thumb, at night, without a sign-in."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from apps.engine.runner import run_due
from apps.notifications import links
from apps.notifications.models import Channel
from apps.teams.models import TeamRole
from tests.browser.accessibility import violations
from tests.browser.pictures import keep_picture
from tests.browser.signing_in import LOOKS, WIDTHS
from tests.factories.escalation import make_chain
from tests.factories.incidents import declare, make_procedures
from tests.factories.teams import make_person, make_team
from tests.factories.transports import served

pytestmark = pytest.mark.django_db(transaction=True)

LEAST_HEIGHT = 44


@pytest.fixture
def paged(transactional_db, settings, live_server):
    """Olga's page of a P0; Emma is the next level."""
    settings.SITE_URL = live_server.url
    make_procedures()
    team = make_team()
    olga, emma = (make_person(name, team, TeamRole.RESPONDER) for name in ("Olga", "Emma"))
    make_chain("P0", [olga, emma], minutes=(0, 15))
    incident = declare(team, title="The pipeline of the agents is down, and no request is answered in any region")
    with served(Channel.EMAIL):
        run_due()
    return olga.notifications.filter(incident=incident, kind="page").get()


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_a_thumb_escalates_after_reading_whom_that_wakes_and_then_passes_it_on(browser, paged, tmp_path, width, theme):
    context = browser.new_context(viewport={"width": WIDTHS[width], "height": 640}, color_scheme=theme)
    page = context.new_page()
    trouble: list[str] = []

    def look(step: str) -> None:
        if page.evaluate("document.documentElement.scrollWidth") > WIDTHS[width]:
            trouble.append(f"{step}: too wide")
        low = [each for each in page.locator("form button").all() if each.bounding_box()["height"] < LEAST_HEIGHT]
        trouble.extend(f"{step}: {each.inner_text()} is too low for a thumb" for each in low)
        trouble.extend(f"{step}: {each['id']} {each['nodes'][0]['target']}" for each in violations(page))
        keep_picture(page, tmp_path / f"{step}.png")

    page.goto(links.acknowledge_url(paged))
    look("asked")
    assert page.get_by_role("button", name="Escalate now…").bounding_box()["y"] < 640, "without scrolling"
    page.get_by_role("button", name="Escalate now…").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Wake level 2 now?")
    expect(page.get_by_role("listitem")).to_have_text(["Emma"])
    look("named")
    page.get_by_role("link", name="Back").click()
    page.get_by_role("button", name="Escalate now…").click()
    page.get_by_role("button", name="Escalate now").click()
    expect(page.get_by_role("status").last).to_have_text("Escalated.")
    look("escalated")
    page.get_by_role("button", name="I cannot: pass it on").click()
    expect(page.get_by_role("status").last).to_contain_text("You passed this page on")
    look("passed_on")
    context.close()
    assert trouble == []
