"""What was changed before an incident can be read by everybody, on a telephone and in the dark too."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import call_command
from playwright.sync_api import expect

from apps.incidents.models import Incident
from apps.procedures.demo import loading
from apps.teams.models import User
from tests.browser.accessibility import violations
from tests.browser.pictures import keep_picture
from tests.browser.signing_in import PASSWORD, signed_in
from tests.factories.procedures import FILE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]


def test_the_demo_shows_what_was_deployed_before_its_incident(
    browser, live_server, transactional_db, tmp_path: Path
) -> None:
    call_command("procedures", "apply", str(FILE), verbosity=0)
    loading.load(password=PASSWORD)
    person = User.objects.get(email="responder@example.com")
    incident = Incident.objects.get(title="High error rate in ADO application")
    for theme in ("light", "dark"):
        for width in ("wide", "narrow"):
            with signed_in(browser, live_server.url, person, width=width, theme=theme) as context:
                page = context.new_page()
                page.goto(f"/incidents/{incident}/")
                part = page.locator("#part-changes")
                expect(part).to_contain_text("Deployment of v4.12.0 to production: success")
                expect(part).not_to_contain_text("v4.11.0")
                assert violations(page, part="#part-changes") == []
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
                part.scroll_into_view_if_needed()
                keep_picture(page, tmp_path / f"changes-{theme}-{width}.png")
