"""What was changed is shown beside the incident: on its page, over HTTP and on the command line (R17)."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils.html import escape

from apps.alerts import actions as alerts
from apps.alerts.formats import IncomingChange, Link
from apps.alerts.models import ChangeKind, Format
from apps.core import clock as house_clock
from apps.incidents.models import Incident
from apps.teams.models import User
from tests.api.clients import client_of
from tests.factories.incidents import declare
from tests.hostile import TEXTS

pytestmark = pytest.mark.django_db


@pytest.fixture
def change(house: Any) -> Any:
    """Tells of a change of the public API, some minutes ago."""
    host, _ = alerts.create_integration(
        team=house.platform, name="GitHub", sender_format=Format.GITHUB, service=house.api, by=None
    )

    def tell(summary: str = "Deployment of v7", *, ago: int = 30, **said: Any) -> None:
        told = IncomingChange(sender_id=f"{summary} {ago}", summary=summary, kind=ChangeKind.DEPLOYMENT, **said)
        alerts.record_changes(host, [told], received_at=house_clock.now() - timedelta(minutes=ago))

    return tell


def listed(person: User, incident: Incident, **query: Any) -> Any:
    return client_of(person).get(f"/api/v1/incidents/{incident}/changes/", query)


def printed(*words: str) -> str:
    out = io.StringIO()
    call_command("incident_changes", *words, stdout=out)
    return out.getvalue()


def test_the_page_shows_what_was_changed_shortly_before(signed_in, house, change, incident):
    change(author="octocat", links=(Link("Run", "https://example.com/run"),))
    change("Version of yesterday", ago=25 * 60)
    page = signed_in(house.rita).get(f"/incidents/{incident}/").content.decode()
    part = page[page.index('id="part-changes"') :]
    assert "Deployment of v7" in part
    assert "octocat" in part
    assert 'href="https://example.com/run"' in part
    assert "Version of yesterday" not in page


def test_of_very_many_the_latest_are_shown(signed_in, house, change, incident, django_assert_max_num_queries):
    for number in range(25):
        change(f"Release {number}.", ago=number)
    client = signed_in(house.rita)
    with django_assert_max_num_queries(20):
        page = client.get(f"/incidents/{incident}/parts/changes/").content.decode()
    assert page.count("Release") == 20
    assert "Release 0." in page
    assert "Earlier ones are left out" in page


@pytest.mark.parametrize("name", TEXTS)
def test_whatever_is_said_of_a_change_is_text(signed_in, house, change, incident, name):
    said = TEXTS[name].replace("\x00", "")[:60]
    change(said, author=said)
    page = signed_in(house.rita).get(f"/incidents/{incident}/parts/changes/").content.decode()
    assert page.count(escape(said)) == 2


def test_over_http_they_are_a_list_by_cursor_latest_first(house, change, incident):
    for ago in (10, 20, 30):
        change(ago=ago, labels={"branch": "main"})
    first = listed(house.rita, incident, page_size=2).json()
    assert [set(each) for each in first["results"]] == 2 * [
        {"id", "at", "kind", "summary", "author", "services", "integration", "labels", "links", "received_at"}
    ]
    assert first["results"][0]["services"] == ["api"]
    assert first["results"][0]["at"] > first["results"][1]["at"]
    rest = client_of(house.rita).get(first["next"]).json()
    assert (len(rest["results"]), rest["next"]) == (1, None)


def test_those_of_a_private_incident_are_for_whoever_sees_it(house, change):
    change()
    incident = declare(house.platform, house.cora, services=[house.api], private=True)
    assert listed(house.cora, incident).status_code == 200
    assert listed(house.rita, incident).status_code in (200, 404)  # paged for it, or not
    assert listed(house.stella, incident).status_code == 404
    assert listed(house.ella, incident).status_code == 404


def test_the_command_prints_them_as_text_or_data(house, change, incident):
    assert printed(str(incident)) == "No change is known.\n"
    change()
    assert "api" in printed(str(incident))
    assert "Deployment of v7" in printed(str(incident))
    (told,) = json.loads(printed(str(incident), "--json"))
    assert (told["summary"], told["services"], told["integration"]) == ("Deployment of v7", ["api"], "GitHub")
    with pytest.raises(CommandError, match="no incident INC-999"):
        printed("INC-999")
