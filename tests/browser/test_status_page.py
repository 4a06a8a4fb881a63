"""The status page and publishing on it, in a real browser: readable in both themes and widths, and without a script."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from apps.catalog import actions as catalog
from apps.communications.models import Component, ComponentStatus, Publication, PublicImpact, PublicStatus
from apps.core import clock
from apps.incidents.models import Incident
from apps.teams.models import TeamRole, User
from tests.browser.accessibility import WCAG, violations
from tests.browser.pictures import keep_picture
from tests.browser.signing_in import LOOKS, WIDTHS, signed_in
from tests.factories.incidents import declare, make_procedures
from tests.factories.status_page import make_component, publish
from tests.factories.teams import make_person, make_team
from tests.integrations.provider import Answer, Provider

pytestmark = pytest.mark.django_db(transaction=True)
SIDEWAYS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.fixture
def cora(transactional_db: None) -> User:
    """Commands a team with an incident that everybody reads of, one that is over, and one that nobody does."""
    make_procedures()
    team = make_team()
    cora = make_person("Cora", team, TeamRole.COMMANDER)
    named = {"api": "API and CLI", "agents": "Agents", "sign-in": "Sign-in", "web": "Web pages"}
    api, agents, _, web = (make_component(team, slug=slug, name=name) for slug, name in named.items())
    with clock.stands_at(clock.now() - timedelta(days=9)):
        over = declare(team, title="Pool exhausted")
        publish(over, cora, agents, components={agents.pk: ComponentStatus.MAJOR}, name="Agents did not start")
    with clock.stands_at(clock.now() - timedelta(days=8)):
        publish(over, cora, agents, name="Agents did not start", status=PublicStatus.RESOLVED, message="They start.")
    publish(declare(team, title="Nobody reads this"), cora, api, name="Some requests are slow or fail")
    catalog.plan_maintenance(by=None, services=[web.service], message="Moving to the new data centre", is_public=True)
    declare(team, cora, title="Still internal")
    return cora


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_everybody_reads_it_without_a_script(browser, live_server, cora, width, theme, tmp_path):
    context = browser.new_context(
        base_url=live_server.url, viewport={"width": WIDTHS[width], "height": 800}, color_scheme=theme
    )
    page = context.new_page()
    trouble: list[str] = []
    page.on("console", lambda message: trouble.append(message.text) if message.type == "error" else None)
    for path in ("/status/", f"/status/incidents/{Publication.objects.order_by('-pk')[0].code}/"):
        page.goto(path)
        expect(page.get_by_text("Some requests are slow or fail").first).to_be_visible()
        assert violations(page) == []
        assert not page.evaluate(SIDEWAYS)
        assert page.locator("script").count() == 0
        keep_picture(page, tmp_path / f"{path.strip('/').replace('/', '-')[:10]}-{len(path)}-{width}-{theme}.png")
    assert context.cookies() == []
    assert trouble == []
    context.close()


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_what_everybody_will_read_is_shown_before_they_do(browser, live_server, cora, width, theme, tmp_path):
    incident = Incident.objects.get(title="Still internal")
    api = Component.objects.get(name="API and CLI")
    with signed_in(browser, live_server.url, cora, width=width, theme=theme) as context:
        page = context.new_page()
        page.goto(incident.get_absolute_url())
        page.get_by_role("link", name="Publish…").click()
        page.get_by_label("Name for everybody").fill("Sign-in is slow")
        page.get_by_label("Impact").select_option(PublicImpact.MINOR)
        page.get_by_label("Message").fill("It takes some ten seconds.\nWe look into it.")
        page.get_by_label("API and CLI").select_option(ComponentStatus.DEGRADED)
        assert violations(page) == []
        assert not page.evaluate(SIDEWAYS)
        keep_picture(page, tmp_path / f"form-{width}-{theme}.png")
        page.get_by_role("button", name="Preview").click()
        expect(page.get_by_text("Preview, not published")).to_be_visible()
        assert violations(page) == []
        assert not page.evaluate(SIDEWAYS)
        keep_picture(page, tmp_path / f"preview-{width}-{theme}.png")
        assert not Publication.objects.filter(incident=incident).exists()
        page.get_by_role("button", name="Publish it now").click()
        expect(page.get_by_text("It is on the status page.")).to_be_visible()
        keep_picture(page, tmp_path / f"incident-{width}-{theme}.png")
    publication = Publication.objects.get(incident=incident)
    assert publication.name == "Sign-in is slow"
    assert publication.updates.get().components == {str(api.pk): ComponentStatus.DEGRADED}


def test_a_page_of_ones_own_shows_what_is_wrong_as_long_as_it_is(browser, live_server, cora):
    html = f'<html lang="en"><title>T</title><body><script src="{live_server.url}/status/banner.js"></script></body>'
    context = browser.new_context()
    page = context.new_page()
    with Provider(lambda _: Answer(200, html.encode(), {"Content-Type": "text/html"})) as own:
        page.goto(own.url)
        banner = page.get_by_role("status")
        expect(banner).to_have_text("Some requests are slow or fail")
        expect(banner.get_by_role("link")).to_have_attribute("href", re.compile(r"/status/incidents/[0-9a-f]+/$"))
        assert violations(page, WCAG, part="#ado-status-banner") == []
        assert context.cookies() == []
    context.close()
