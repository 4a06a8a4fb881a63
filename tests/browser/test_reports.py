"""Reports of users in a real browser: the form of a stranger, what became of it, and the queue."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from apps.catalog.models import Service
from apps.incidents.models import Incident
from apps.reports import actions
from apps.reports.models import Report
from apps.teams.models import TeamRole
from tests.browser.accessibility import violations
from tests.browser.pictures import keep_picture
from tests.factories.escalation import make_chain
from tests.factories.incidents import make_procedures
from tests.factories.teams import make_person, make_team

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "correct horse battery staple"
WIDTHS = {"wide": 1280, "narrow": 360}
LOOKS = [(width, theme) for width in WIDTHS for theme in ("light", "dark")]


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_a_stranger_reports_and_a_responder_takes_it_up(
    browser, live_server, transactional_db, settings, tmp_path, width, theme
):
    settings.REPORTS_FROM_ANYBODY, settings.SITE_URL = True, live_server.url
    make_procedures()
    team = make_team()
    rita = make_person("Rita", team, TeamRole.RESPONDER)
    rita.set_password(PASSWORD)
    rita.save()
    for severity in ("P0", "P1", "P2", "P3"):
        make_chain(severity, [rita], minutes=(0,))
    api = Service.objects.create(slug="api", name="ADO application", team=team)
    actions.report(title="The board shows yesterday's scores", text="Whatever I enter.", service=api, by=rita)
    context = browser.new_context(
        base_url=live_server.url, viewport={"width": WIDTHS[width], "height": 800}, color_scheme=theme
    )
    page = context.new_page()

    def looks_well(name: str) -> None:
        assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width], name
        assert violations(page) == [], name
        keep_picture(page, tmp_path / f"{name}-{width}-{theme}.png")

    page.goto("/report/")
    looks_well("form")
    page.get_by_label("What does not work?").fill("Nothing loads")
    page.get_by_label("Your email").fill("sam@example.org")
    page.get_by_role("button", name="Report it").click()
    expect(page.get_by_text("Thank you.")).to_be_visible()
    looks_well("state")
    page.goto("/login/")
    page.get_by_label("Email").fill(rita.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{live_server.url}/")
    page.goto("/reports/")
    looks_well("queue")
    page.get_by_text("Declare an incident: Nothing loads").click()
    looks_well("deciding")
    page.get_by_label("Severity").and_(page.locator(":visible")).select_option("P1 High")
    page.get_by_role("button", name="Declare it").and_(page.locator(":visible")).click()
    page.wait_for_url("**/incidents/INC-*/")
    assert Report.objects.get(title="Nothing loads").incident == Incident.objects.get()
    context.close()
