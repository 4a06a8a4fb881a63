"""Every page in a real browser: readable, reachable and quiet, in both themes, wide and at 360 px."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from apps.catalog import actions as catalog
from apps.catalog.models import Service
from apps.core import clock
from apps.engine.runner import run_due
from apps.incidents import actions
from apps.incidents.models import Incident
from apps.notifications import links
from apps.postmortems import actions as postmortems
from apps.teams.models import TeamRole, User
from tests.browser.accessibility import violations
from tests.browser.pictures import keep_picture
from tests.factories.checklists import make_checklist
from tests.factories.communications import make_schedules, make_templates
from tests.factories.escalation import make_chain
from tests.factories.incidents import declare, make_procedures, resolve
from tests.factories.postmortems import make_questions
from tests.factories.teams import make_person, make_team

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "correct horse battery staple"
WIDTHS = {"wide": 1280, "narrow": 360}
#: What becomes of a P0 that is raised by hand and then taken on, in rows of which one is empty.
REHEARSAL = (
    "/rehearse/?severity=P0&service=api&then-TOTAL_FORMS=3&then-INITIAL_FORMS=0&then-0-after=3m&then-0-what=escalate"
    "&then-1-after=10m&then-1-what=acknowledge"
)
LOOKS = [(width, theme) for width in WIDTHS for theme in ("light", "dark")]


@pytest.fixture
def cora(transactional_db: None) -> User:
    """Commander of a team with one incident at work (INC-n) and one in review."""
    make_procedures()
    make_checklist()
    make_schedules()
    make_templates()
    make_questions()
    team = make_team()
    cora = make_person("Cora", team, TeamRole.COMMANDER)
    cora.set_password(PASSWORD)
    cora.save()
    make_chain("P0", [cora, make_person("Max", team, TeamRole.RESPONDER), make_person("Eve")])
    resolved = declare(team, cora, title="Pull requests are opened twice", severity="P2")
    resolve(resolved, cora)
    postmortems.create_for(resolved)
    declare(team, cora, title="Agent pipeline fails for every run since the last deployment")
    run_due()
    return cora


@pytest.fixture
def open_incident(cora: User) -> Incident:
    return Incident.objects.get(severity__code="P0")


@pytest.fixture
def context(browser, live_server, cora, request) -> BrowserContext:
    """A browser signed in as Cora, of the width and theme that the test asks for."""
    wanted = getattr(request, "param", ("wide", "light"))
    found = browser.new_context(
        base_url=live_server.url, viewport={"width": WIDTHS[wanted[0]], "height": 800}, color_scheme=wanted[1]
    )
    page = found.new_page()
    page.goto("/login/")
    page.get_by_label("Email").fill(cora.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{live_server.url}/")
    page.close()
    yield found
    found.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.mark.parametrize("context", LOOKS, indirect=True, ids="-".join)
def test_every_page_is_accessible_quiet_and_never_scrolls_sideways(context, open_incident, tmp_path):
    page = context.new_page()
    trouble: list[str] = []
    page.on("pageerror", lambda error: trouble.append(f"{page.url}: {error}"))
    page.on("console", lambda said: trouble.append(f"{page.url}: {said.text}") if said.type == "error" else None)
    review = Incident.objects.get(status="resolved")
    make_maintenance(open_incident)
    for address in (
        "/", "/incidents/", "/incidents/?open=false", "/incidents/new/", open_incident.get_absolute_url(),
        review.get_absolute_url(), f"{open_incident.get_absolute_url()}impact/",
        f"{open_incident.get_absolute_url()}history/", f"{open_incident.get_absolute_url()}timeline/", "/oncall/",
        "/services/", "/contacts/", "/procedures/", "/postmortems/", f"/postmortems/{review.reference}/",
        "/action-items/", "/notifications/", "/profile/", "/maintenance/", "/policies/", "/rehearse/", REHEARSAL,
    ):  # fmt: skip
        assert page.goto(address).status == 200
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > page.viewport_size["width"]:
            trouble.append(f"{address}: {width} px wide")
        trouble += [f"{address}: {found['id']} {found['nodes'][0]['target']}" for found in violations(page)]
        keep_picture(page, screenshot(tmp_path, address))
    assert trouble == []


def test_an_incident_is_acknowledged_by_the_link_in_the_mail(browser, live_server, cora, open_incident, settings):
    settings.SITE_URL = live_server.url
    page = browser.new_page()
    page.goto(links.acknowledge_url(cora.notifications.get(incident=open_incident, kind="page")))
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_role("status")).to_contain_text(["You acknowledged this page"])
    page.close()
    open_incident.refresh_from_db()
    assert open_incident.acknowledged_by == cora


def test_a_page_that_stays_open_shows_what_others_do(page, cora, open_incident):
    page.goto(open_incident.get_absolute_url())
    actions.add_note(open_incident.pk, text="Found it: the disk is full", by=cora)
    expect(page.locator("#part-timeline")).to_contain_text("Found it: the disk is full", timeout=10_000)


def test_a_page_that_is_no_longer_kept_fresh_says_so_and_keeps_what_it_shows(page, context, open_incident, tmp_path):
    page.goto(open_incident.get_absolute_url())
    notice = page.locator("#stale")
    expect(notice).to_be_hidden()
    page.route("**/pulse/**", lambda route: route.abort())
    expect(notice).to_contain_text("The server does not answer", timeout=10_000)
    page.unroute("**/pulse/**")
    expect(notice).to_be_hidden(timeout=10_000)
    context.clear_cookies()
    expect(notice).to_contain_text("You are signed out", timeout=10_000)
    expect(page.locator("#part-timeline")).to_contain_text("declared as P0")
    keep_picture(page, tmp_path / "signed-out.png")
    notice.get_by_role("link", name="Sign in").click()
    expect(page).to_have_url(re.compile(rf"/login/\?next={open_incident.get_absolute_url()}"))


def test_a_tick_changes_the_page_without_leaving_it(page, open_incident):
    page.goto(open_incident.get_absolute_url())
    item = open_incident.checklist.first()
    page.get_by_role("button", name=f"Done: {item.text}").click()
    expect(page.get_by_role("button", name=f"Done: {item.text}")).to_have_attribute("aria-pressed", "true")
    item.refresh_from_db()
    assert item.done


def test_the_clock_of_the_response_counts_down(page, open_incident):
    page.goto(open_incident.get_absolute_url())
    face = page.locator(".clock-face", has_text="Response").locator("time")
    before = face.inner_text()
    page.wait_for_function("([time, before]) => time.textContent !== before", arg=[face.element_handle(), before])
    assert face.inner_text() < before


def test_the_chosen_theme_is_there_before_any_script_runs(page):
    page.goto("/")
    page.get_by_role("button", name="Theme").click()
    page.get_by_role("button", name="Theme").click()
    body = page.request.get("/").text()
    assert 'data-theme="dark"' in body


def test_cancelling_asks_first(page, open_incident):
    page.goto(open_incident.get_absolute_url())
    page.get_by_text("Merge or cancel").click()
    page.get_by_label("Reason").last.fill("A false alarm")
    page.get_by_role("button", name="Cancel the incident").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Cancel", exact=True).click()
    open_incident.refresh_from_db()
    assert open_incident.is_open


@pytest.mark.parametrize("context", LOOKS[::2], indirect=True, ids="-".join)
def test_a_panel_leaves_the_other_actions_free_and_closes_by_escape_or_a_click_beside_it(context, open_incident):
    page = context.new_page()
    page.goto(open_incident.get_absolute_url())
    actions = page.get_by_role("group", name="More actions")
    opener = actions.get_by_text("Severity", exact=True)
    before = places_of_summaries(actions)
    opener.click()
    reason = page.locator("#severity_reason")
    reason.fill("Half a reason")
    assert places_of_summaries(actions) == before
    actions.get_by_text("Escalate", exact=True).click()
    expect(reason).to_be_hidden()
    actions.get_by_text("Edit", exact=True).click()
    assert page.evaluate("document.documentElement.scrollWidth") == page.viewport_size["width"]
    opener.click()
    page.keyboard.press("Escape")
    expect(actions.locator("details[open]")).to_have_count(0)
    expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    expect(reason).to_be_visible()
    expect(reason).to_have_value("Half a reason")
    page.get_by_role("heading", level=1).click()
    expect(actions.locator("details[open]")).to_have_count(0)


def test_a_panel_stays_while_its_question_is_answered_and_while_text_is_selected(page, open_incident):
    page.goto(open_incident.get_absolute_url())
    page.get_by_text("Merge or cancel").click()
    reason = page.locator(".panels details[open]").get_by_label("Reason")
    reason.fill("A false alarm")
    box = reason.bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] - 200, box["y"] + 20)
    page.mouse.up()
    expect(reason).to_be_visible()
    page.get_by_role("button", name="Cancel the incident").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(reason).to_be_visible()


@pytest.mark.parametrize("context", [("narrow", "light")], indirect=True)
def test_on_a_telephone_the_facts_of_an_incident_follow_its_title(context, open_incident):
    page = context.new_page()
    page.goto(open_incident.get_absolute_url())
    title = page.get_by_role("heading", level=1).bounding_box()
    facts = page.locator("#part-head").bounding_box()
    assert facts["y"] - (title["y"] + title["height"]) < 30
    expect(page.get_by_role("link", name="History", exact=True)).to_be_visible()


@pytest.mark.parametrize("context", [("narrow", "light")], indirect=True)
def test_on_a_telephone_the_address_of_a_demo_log_in_stays_on_its_line(context, browser, live_server, settings):
    settings.DEMO_PASSWORD = PASSWORD
    make_person("stakeholder")
    page = browser.new_page(viewport={"width": 360, "height": 800})
    page.goto(f"{live_server.url}/login/")
    lines = page.get_by_text("stakeholder@example.com").evaluate(
        "(element) => { const text = document.createRange(); text.selectNodeContents(element);"
        " return text.getClientRects().length; }"
    )
    page.close()
    assert lines == 1


def test_an_incident_is_declared_and_acknowledged_without_javascript(browser, live_server, context):
    plain = browser.new_context(
        base_url=live_server.url, java_script_enabled=False, storage_state=context.storage_state()
    )
    page = plain.new_page()
    page.goto("/incidents/new/")
    page.get_by_role("radio").first.check()
    page.get_by_label("Title").fill("Declared without a script")
    page.get_by_role("main").get_by_role("button", name="Declare incident").click()
    page.get_by_role("main").get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_role("main")).to_contain_text("Start investigating")
    plain.close()


def make_maintenance(incident: Incident) -> None:
    """A service of the incident's team is worked on now and will be again, and everything is at this moment."""
    service = Service.objects.create(slug="api", name="Public API of the agent pipeline", team=incident.team)
    until = clock.now() + timedelta(hours=2)
    moving = "Moving the database of the agent pipeline to its new machines, one replica after the other"
    catalog.plan_maintenance(by=None, services=[service], message=moving)
    catalog.plan_maintenance(by=None, services=[service], starts_at=until)
    catalog.plan_maintenance(by=None, message="The network of the whole house", ends_at=until + timedelta(days=3))
    catalog.end_maintenance(catalog.plan_maintenance(by=None, services=[service]).pk, by=None)


def places_of_summaries(actions: Locator) -> list[dict[str, float]]:
    """Where they stand within the group at one moment, however far the page is scrolled."""
    return actions.evaluate(
        """(group) => {
            const corner = group.getBoundingClientRect()
            const boxes = [...group.querySelectorAll("summary")].map((each) => each.getBoundingClientRect())
            return boxes.map((box) => ({x: box.x - corner.x, y: box.y - corner.y}))
        }"""
    )


def screenshot(folder: Path, address: str) -> Path:
    name = address.strip("/").replace("/", "-").replace("?", "-") or "home"
    return folder / f"{name}.png"
