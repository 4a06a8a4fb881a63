"""From an alert of Prometheus to the person on call and back: Debian's Alertmanager against a whole running house."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.living import LivingHouse, eventually, instant
from tests.acceptance.prometheus import PROGRAM, Alertmanager, Rule

pytestmark = [
    pytest.mark.processes,
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("house"),
    pytest.mark.skipif(shutil.which(PROGRAM) is None, reason=f"{PROGRAM} is not installed."),
]

APPLICATION_DOWN = Rule("ADOApplicationDown", "critical", "application", "platform", "ADO application is down")
SCORING_ANOMALIES = Rule("ADOWSJFScoringAnomalies", "info", "business", "product", "WSJF scoring anomalies detected")
RULES = {
    APPLICATION_DOWN: "P0",
    Rule("ADODatabaseDown", "critical", "database", "platform", "ADO database is down"): "P0",
    Rule("ADORedisDown", "warning", "cache", "platform", "ADO Redis is down"): "P2",
    Rule("ADOAgentQueueBacklog", "warning", "agents", "ai", "Large agent queue backlog"): "P2",
    Rule("ADOHighAuthFailures", "warning", "security", "security", "High authentication failure rate"): "P2",
    SCORING_ANOMALIES: "P3",
}
INCIDENT_WITHIN = timedelta(seconds=2)
PAGE_WITHIN = timedelta(seconds=5)


@pytest.fixture(scope="module")
def alertmanager(living: LivingHouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alertmanager]:
    """Alertmanager pointed at the address that ``create_integration`` prints."""
    command = ("create_integration", "--team", "platform", "--format", "alertmanager", "--name", "Prometheus")
    url = living.house.manage(*command).strip()
    with Alertmanager(tmp_path_factory.mktemp("alertmanager"), url) as running:
        yield running


@dataclass(frozen=True)
class Seen:
    """An incident that an alert made, and when it could be read."""

    incident: str
    at: datetime


@pytest.fixture(scope="module")
def fired(living: LivingHouse, alertmanager: Alertmanager) -> dict[Rule, Seen]:
    """The incident of each rule; the rules fire one after the other."""
    seen = {}
    for rule in RULES:
        alertmanager.fire(rule)
        incident = eventually(lambda rule=rule: incident_of(living, rule), within=30)
        seen[rule] = Seen(incident, at=datetime.now(UTC))
    return seen


def incident_of(living: LivingHouse, rule: Rule) -> str | None:
    """The open incident of the rule's team that is called as the alert."""
    found = living.get("incidents/", open="true", team=rule.team)["results"]
    return next((incident["id"] for incident in found if incident["title"] == rule.summary), None)


def page_of(living: LivingHouse, incident: str) -> dict[str, Any]:
    """The mail by which the first level of the chain was paged."""
    pages = eventually(lambda: living.outbox(incident=incident), within=30)
    return next(page for page in pages if page["level"] == 1)


def link_in(mail: dict[str, Any]) -> str:
    """The signed link of a page."""
    return next(link for link in mail["links"] if urlsplit(link).path.startswith("/ack/"))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_an_alert_is_an_incident_within_two_seconds_and_a_page_within_five(
    living: LivingHouse, fired: dict[Rule, Seen], rule: Rule
) -> None:
    incident = living.get(f"incidents/{fired[rule].incident}/")
    assert (incident["severity"], incident["services"], incident["team"]) == (
        RULES[rule],
        [rule.component],
        rule.team,
    )
    [alert] = living.get(f"incidents/{incident['id']}/alerts/")["results"]
    assert alert["labels"] == rule.labels
    taken_in = instant(alert["first_received_at"])
    assert fired[rule].at - taken_in < INCIDENT_WITHIN

    [on_call] = living.get("oncall/", team=rule.team)
    page = page_of(living, incident["id"])
    assert (page["to"], page["kind"], page["level"]) == (on_call["person"]["email"], "page", 1)
    assert instant(page["at"]) - taken_in < PAGE_WITHIN


@pytest.mark.browser
def test_the_link_in_the_page_acknowledges_and_does_nothing_else(
    living: LivingHouse, fired: dict[Rule, Seen], browser: Browser
) -> None:
    incident = fired[APPLICATION_DOWN].incident
    mail = page_of(living, incident)
    page = browser.new_page()

    page.goto(link_in(mail))
    assert what_can_be_sent(page) == ["Acknowledge", "I cannot: pass it on", "Escalate now…"]
    assert living.get(f"incidents/{incident}/")["acknowledged_at"] is None, "a mail scanner opens links too"

    page.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_text("You acknowledged this page")).to_be_visible()
    assert what_can_be_sent(page) == ["Escalate now…"]
    assert living.get(f"incidents/{incident}/")["status"] == "acknowledged"
    timeline = living.get(f"incidents/{incident}/timeline/")["results"]
    [event] = [event for event in timeline if event["kind"] == "acknowledged"]
    assert (event["actor"]["email"], event["via"]) == (mail["to"], "email")

    page.get_by_role("link", name="Open the incident").click()
    assert urlsplit(page.url).path == "/login/", "the link signs nobody in"
    page.close()


def test_a_link_that_was_changed_acknowledges_nothing(living: LivingHouse, fired: dict[Rule, Seen]) -> None:
    incident = fired[SCORING_ANOMALIES].incident
    path = urlsplit(link_in(page_of(living, incident))).path
    for changed in (f"{path[:-3]}xx/", re.sub(r"^/ack/.", "/ack/Z", path), "/ack/1/"):
        assert living.http.get(changed).status_code == 404
    assert living.get(f"incidents/{incident}/")["acknowledged_at"] is None


def test_the_end_of_the_alert_is_on_the_timeline_and_resolves_as_far_as_the_gates_allow(
    living: LivingHouse, fired: dict[Rule, Seen], alertmanager: Alertmanager
) -> None:
    alertmanager.end(APPLICATION_DOWN, SCORING_ANOMALIES)
    for rule, status in ((APPLICATION_DOWN, "monitoring"), (SCORING_ANOMALIES, "resolved")):
        path = f"incidents/{fired[rule].incident}/"
        eventually(lambda path=path, status=status: living.get(path)["status"] == status, within=15)
        assert "alert_resolved" in living.kinds_on_timeline(fired[rule].incident)
    [alert] = living.get(f"incidents/{fired[APPLICATION_DOWN].incident}/alerts/")["results"]
    assert alert["status"] == "resolved"


def what_can_be_sent(page: Page) -> list[str]:
    """The words on everything on the page that sends something."""
    return page.locator("button, input[type=submit], [hx-post]").all_inner_texts()
