"""The auditors' pages in a real browser: readable in both themes and widths, each moment to its last sign."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from apps.incidents import actions
from apps.incidents.models import Incident
from apps.teams.models import TeamRole, User
from tests.browser.accessibility import violations
from tests.browser.pictures import keep_picture
from tests.browser.signing_in import LOOKS, signed_in
from tests.factories.incidents import declare, make_procedures
from tests.factories.teams import make_person, make_team

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

#: What "11/27/2026, 11:59:59 PM" and the button beside it take (px).
MOMENT = 240


@pytest.fixture
def incident(transactional_db: None) -> Incident:
    """With some lines in the record."""
    make_procedures()
    rita = make_person("Rita", make_team(), TeamRole.RESPONDER)
    found = declare(rita.memberships.get().team, rita, title="Agents answer slowly")
    actions.add_note(found.pk, text="The queue of the pipeline grows by 300 an hour.", by=rita)
    return found


@pytest.fixture
def audra(incident: Incident) -> User:
    return make_person("Audra", None, TeamRole.AUDITOR)


@pytest.mark.parametrize(("width", "theme"), LOOKS, ids="-".join)
def test_the_record_and_an_incident_as_it_was(
    browser: Any, live_server: Any, audra: User, incident: Incident, width: str, theme: str, tmp_path: Path
) -> None:
    pages = {
        "record": "/audit/?q=queue",
        "crossed": "/audit/?begin=2026-03-02T10:00:00&end=2026-03-01T10:00:00",
        "as-it-was": f"/audit/incidents/{incident.reference}/",
    }
    with signed_in(browser, live_server.url, audra, width=width, theme=theme) as context:
        page = context.new_page()
        for name, address in pages.items():
            page.goto(address)
            keep_picture(page, tmp_path / f"{name}.png")
            assert [f"{found['id']} {found['nodes'][0]['target']}" for found in violations(page)] == []
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
            assert min(widths_of_moments(page)) >= MOMENT, name


def widths_of_moments(page: Page) -> list[float]:
    found: list[float] = page.locator('[type="datetime-local"]').evaluate_all(
        "fields => fields.map(field => field.clientWidth)"
    )
    return found
