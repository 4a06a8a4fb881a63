"""Looking into an incident in a real browser: what stands there is readable, and its runbooks are worked through."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from apps.catalog import actions as catalog
from apps.catalog.actions.health import note_finding
from apps.catalog.health.probes import Finding
from apps.catalog.models import Dependency, HealthCheck, Outcome, Service, ServiceLink
from apps.incidents import actions
from apps.incidents.models import Incident, Procedures
from apps.teams.models import TeamRole, User
from tests.browser.accessibility import violations
from tests.browser.pictures import keep_picture
from tests.factories.checklists import make_checklist
from tests.factories.communications import make_schedules, make_templates
from tests.factories.escalation import make_chain
from tests.factories.incidents import declare, make_procedures
from tests.factories.teams import make_person, make_team

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "correct horse battery staple"
WIDTHS = {"wide": 1280, "narrow": 360}
LOOKS = [(width, theme) for width in WIDTHS for theme in ("light", "dark")]
COMMAND = "kubectl logs -n ado-production -l app=ado --tail=1000"


@pytest.fixture
def incident(transactional_db: None) -> Incident:
    """Of a service with links and a check that fails, which needs one under maintenance and one that is well."""
    make_procedures()
    make_checklist()
    make_schedules()
    make_templates()
    procedures = Procedures.objects.get()
    steps = [{"text": "Check system status", "command": "ado status --verbose"}, {"text": "Logs", "command": COMMAND}]
    data = {"key": "data_recovery", "name": "Data recovery", "phase": "recovery", "suggested_by": "data_integrity"}
    procedures.resources = {
        "guides": [
            {"key": "investigation", "name": "Gather information", "phase": "investigation", "steps": steps},
            {**data, "steps": [{"text": "List available backups"}, {"text": "Compare checksums"}]},
        ],
        "references_at": "https://docs.example.com/ops/",
        "references": [{"text": "System Monitoring Guide", "path": "PERFORMANCE_MONITORING.md"}],
    }
    procedures.save()
    team = make_team()
    cora = make_person("Cora", team, TeamRole.COMMANDER)
    cora.set_password(PASSWORD)
    cora.save()
    make_chain("P0", [cora], minutes=(0,))
    api, cache, database = (
        Service.objects.create(slug=slug, name=name, team=team)
        for slug, name in (("api", "ADO application"), ("cache", "Cache"), ("database", "Database"))
    )
    for needed in (cache, database):
        Dependency.objects.create(service=api, depends_on=needed)
    for kind, title in (("dashboard", "Dashboard"), ("logs", "Logs"), ("runbook", "Runbook")):
        ServiceLink.objects.create(service=api, kind=kind, title=title, url=f"https://example.com/{kind}")
    for service, name, outcome in (
        (api, "Page", Outcome.BAD),
        (api, "Port", Outcome.GOOD),
        (cache, "Port", Outcome.GOOD),
    ):
        check = HealthCheck.objects.create(service=service, name=name, kind="http", target="https://api.example.com")
        words = "Answered 200." if outcome == Outcome.GOOD else "Answered 503, expected 200."
        note_finding(check.pk, Finding(outcome, words, timedelta(milliseconds=40)), asked=False)
    catalog.plan_maintenance(by=None, services=[database], message="Moving the disks")
    incident = declare(team, cora, services=[api], title="Agent pipeline fails for every run")
    actions.assess_impact(incident.pk, by=cora, data_integrity="compromised")
    actions.note_cause(incident.pk, about="errors", text="Timeouts of the database\nsince 09:40", by=cora)
    return incident


def opened(browser, live_server, incident: Incident, *, width: str = "wide", theme: str = "light") -> Page:
    context = browser.new_context(
        base_url=live_server.url, viewport={"width": WIDTHS[width], "height": 800}, color_scheme=theme
    )
    page = context.new_page()
    page.goto("/login/")
    page.get_by_label("Email").fill(User.objects.get(name="Cora").email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{live_server.url}/")
    page.goto(incident.get_absolute_url())
    return page


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_what_is_around_an_incident_is_readable_whatever_the_screen(
    browser, live_server, incident, tmp_path, width, theme
):
    actions.start_runbook(incident.pk, key="investigation", by=User.objects.get(name="Cora"))
    page = opened(browser, live_server, incident, width=width, theme=theme)
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width]
    assert violations(page) == []
    keep_picture(page, tmp_path / f"looking-{width}-{theme}.png")
    page.context.close()


def test_a_runbook_is_started_and_what_was_seen_is_said(browser, live_server, incident):
    page = opened(browser, live_server, incident)
    runbooks = page.locator("#part-runbooks")
    runbooks.get_by_role("heading", name="Gather information").click()
    runbooks.get_by_role("button", name="Start the runbook").first.click()
    expect(page.get_by_role("status")).to_contain_text(["The runbook is started"])
    runbooks.get_by_text("Say what you saw").first.click()
    runbooks.get_by_label("What you saw").first.fill("3 of 4 workers take tasks")
    runbooks.get_by_role("button", name="Done, and this was seen").first.click()
    expect(page.locator("#part-timeline")).to_contain_text("Check system status: 3 of 4 workers take tasks")
    expect(runbooks).to_contain_text("1 of 2")
    page.context.close()
