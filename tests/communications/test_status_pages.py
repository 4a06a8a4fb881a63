"""The public pages: the same for everybody, without a session, and what programs read of them (R25, R34)."""

from __future__ import annotations

from datetime import timedelta
from html import unescape
from xml.etree import ElementTree

import pytest
from django.core.management import call_command
from django.test import Client

from apps.catalog import actions as catalog
from apps.communications.models import ComponentStatus, PublicStatus
from apps.communications.status_page import keeping, queries
from apps.core import clock as house_clock
from apps.core import quotas
from apps.core.quotas import Policy, Spent
from tests.factories.incidents import declare
from tests.factories.status_page import make_component, publish

PATHS = (
    "", "history.atom", "banner.js", "banner.json", "api/v2/summary.json", "api/v2/status.json",
    "api/v2/components.json", "api/v2/incidents.json", "api/v2/scheduled-maintenances.json",
)  # fmt: skip
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def api(team):
    return make_component(team, description="What your programs call.")


@pytest.fixture
def stranger() -> Client:
    return Client()


def read(client, name):
    return client.get(f"/status/api/v2/{name}.json").json()


@pytest.mark.parametrize("path", PATHS)
def test_anybody_reads_it_without_a_cookie_and_it_may_be_kept(clock, team, commander, api, path):
    publish(declare(team), commander, api)
    known = Client()
    known.force_login(commander)
    first, again = Client().get(f"/status/{path}"), known.get(f"/status/{path}")
    assert (first.status_code, first.content) == (200, again.content)
    for answer in (first, again):
        assert not answer.cookies
        assert "Vary" not in answer.headers
        assert answer.headers["Cache-Control"] == "public, max-age=15"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
    same = Client().get(f"/status/{path}", headers={"If-None-Match": first.headers["ETag"]})
    assert (same.status_code, same.content) == (304, b"")
    assert Client().post(f"/status/{path}").status_code == 405


@pytest.mark.parametrize("path", PATHS)
def test_it_costs_as_much_with_many_incidents_as_with_one(clock, team, commander, path, django_assert_max_num_queries):
    for number in range(6):
        component = make_component(team, slug=f"api-{number}", name=f"API {number}")
        publish(declare(team), commander, component)
        catalog.plan_maintenance(by=None, services=[component.service], message=f"Work {number}", is_public=True)
    with django_assert_max_num_queries(10):
        Client().get(f"/status/{path}")


def test_the_page_takes_as_many_queries_as_it_says(clock, team, commander, django_assert_num_queries):
    for number in range(3):
        component = make_component(team, slug=f"api-{number}", name=f"API {number}")
        publish(declare(team), commander, component)
        catalog.plan_maintenance(by=None, services=[component.service], message=f"Work {number}", is_public=True)
        begin = house_clock.now() + timedelta(days=1)
        catalog.plan_maintenance(by=None, services=[], message="Upgrade", starts_at=begin, is_public=True)
    with django_assert_num_queries(queries.QUERIES):
        queries.page()


@pytest.mark.parametrize("path", PATHS)
def test_it_is_made_once_a_moment_however_many_read_it(
    clock, stranger, team, commander, path, django_assert_max_num_queries
):
    publish(declare(team), commander, make_component(team))
    first = stranger.get(f"/status/{path}")
    with django_assert_max_num_queries(1):
        again = Client().get(f"/status/{path}")
    assert (again.content, again.headers["Content-Type"]) == (first.content, first.headers["Content-Type"])


def test_what_is_kept_is_made_anew_after_a_moment_and_at_once_where_something_is_told(
    clock, stranger, team, commander, monkeypatch
):
    made, page = [], queries.page
    monkeypatch.setattr(queries, "page", lambda: made.append(1) or page())
    incident = declare(team)
    publish(incident, commander)
    for _ in range(3):
        read(stranger, "summary")
    assert len(made) == 1
    clock.shift(seconds=15)
    read(stranger, "summary")
    assert len(made) == 2
    publish(incident, commander, message="We know more.")
    assert "We know more." in str(read(stranger, "summary"))


def test_only_so_many_answers_are_kept(clock, stranger, team, commander, monkeypatch):
    monkeypatch.setattr(keeping, "LARGEST", 2)
    for path in PATHS:
        stranger.get(f"/status/{path}")
    assert len(keeping.answers._kept) <= 2


def test_the_line_for_pages_of_ones_own_is_of_the_newest_incident_or_else_of_work(
    clock, stranger, team, commander, api
):
    assert stranger.get("/status/banner.json").json() == {}
    catalog.plan_maintenance(by=None, services=[api.service], message="Upgrade", is_public=True)
    clock.shift(minutes=1)
    line = stranger.get("/status/banner.json").json()
    assert (line["name"], line["link"][-8:]) == ("Upgrade", "/status/")
    publication = publish(declare(team), commander, api)
    line = stranger.get("/status/banner.json").json()
    assert line["name"] == "Requests are slow"
    assert line["link"].endswith(f"/status/incidents/{publication.code}/")


def test_too_many_requests_of_an_address_are_told_to_wait(clock, stranger, db, monkeypatch):
    monkeypatch.setattr(quotas, "spend", lambda policy, _: Spent(policy, 1, 0, 7, policy is Policy.PUBLIC))
    refused = stranger.get("/status/")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "7")


def test_programs_read_what_is_wrong_in_the_customary_form(clock, stranger, team, commander, api):
    incident = declare(team, title="Secret words")
    publication = publish(incident, commander, api)
    clock.shift(minutes=20)
    publish(incident, commander, api, status=PublicStatus.MONITORING, message="A fix is out.")
    told = read(stranger, "summary")
    assert set(told) == {"page", "status", "components", "incidents", "scheduled_maintenances"}
    assert told["status"] == {"indicator": "major", "description": "Some systems are down"}
    assert told["page"]["url"].endswith("/status/")
    (shown,) = told["components"]
    assert (shown["id"], shown["name"], shown["status"]) == (api.code, "Public API", "partial_outage")
    (wrong,) = told["incidents"]
    assert (wrong["id"], wrong["name"], wrong["status"], wrong["impact"]) == (
        publication.code, "Requests are slow", "monitoring", "major",
    )  # fmt: skip
    assert [(each["status"], each["body"]) for each in wrong["incident_updates"]] == [
        ("monitoring", "A fix is out."), ("investigating", "We look into it."),
    ]  # fmt: skip
    assert wrong["monitoring_at"] == wrong["incident_updates"][0]["created_at"]
    assert [each["id"] for each in wrong["components"]] == [api.code]
    assert wrong["shortlink"].endswith(f"/status/incidents/{publication.code}/")
    assert read(stranger, "status") == {"page": told["page"], "status": told["status"]}
    assert read(stranger, "components")["components"] == told["components"]
    assert read(stranger, "incidents")["incidents"] == [wrong]
    publish(incident, commander, api, status=PublicStatus.RESOLVED, message="Over.")
    assert read(stranger, "summary")["incidents"] == []
    assert read(stranger, "incidents")["incidents"][0]["resolved_at"] is not None
    for path in PATHS:
        page = stranger.get(f"/status/{path}").content.decode()
        assert "Secret words" not in page
        assert incident.reference not in page


def test_the_feed_has_an_entry_an_incident_that_changes_with_it(clock, stranger, team, commander):
    incident = declare(team)
    publication = publish(incident, commander)
    clock.shift(minutes=20)
    publish(incident, commander, status=PublicStatus.RESOLVED, message="Over.")
    feed = ElementTree.fromstring(stranger.get("/status/history.atom").content)  # noqa: S314  (our own)
    (entry,) = feed.findall(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}title") == "Requests are slow"
    assert entry.findtext(f"{ATOM}id").endswith(f"/status/incidents/{publication.code}/")
    assert "Over." in entry.findtext(f"{ATOM}summary")
    assert entry.findtext(f"{ATOM}updated") > entry.findtext(f"{ATOM}published")


def test_what_somebody_wrote_is_text_on_the_page(clock, stranger, team, commander):
    publish(declare(team), commander, name="<script>alert(1)</script>", message="<b>bold</b>")
    page = stranger.get("/status/").content.decode()
    # A reader of feeds unescapes once what stands in the feed, and shows that as HTML.
    feed = unescape(stranger.get("/status/history.atom").content.decode())
    for shown in (page, feed):
        assert "&lt;b&gt;bold&lt;/b&gt;" in shown
        assert "<b>bold" not in shown
    assert "<script>alert" not in page


def test_only_components_that_are_shown_are_told_of(clock, stranger, team, api):
    make_component(team, slug="inner", name="Zebra", is_shown=False)
    retired = make_component(team, slug="retired", name="Quokka")
    retired.service.is_active = False
    retired.service.save()
    page = stranger.get("/status/").content.decode()
    assert "Public API" in page
    assert "Zebra" not in page
    assert "Quokka" not in page


def test_enabling_maintenance_puts_the_notice_on_the_page_and_its_end_takes_it_off(clock, stranger, team, api):
    until = (house_clock.now() + timedelta(hours=2)).isoformat()
    call_command("maintenance", "enable", "--service", "api", "--message", "Moving the database", "--until", until)
    assert "Moving the database" in stranger.get("/status/").content.decode()
    told = read(stranger, "summary")
    assert told["status"]["indicator"] == "maintenance"
    assert told["components"][0]["status"] == ComponentStatus.MAINTENANCE
    (work,) = told["scheduled_maintenances"]
    assert (work["name"], work["status"], work["impact"]) == ("Moving the database", "in_progress", "maintenance")
    clock.shift(hours=2)
    assert read(stranger, "summary")["scheduled_maintenances"] == []
    assert read(stranger, "scheduled-maintenances")["scheduled_maintenances"][0]["status"] == "completed"


def test_maintenance_that_is_not_for_everybody_is_not_told_of(clock, stranger, team, api):
    call_command("maintenance", "enable", "--service", "api", "--message", "Zebra", "--no-notice")
    catalog.plan_maintenance(by=None, services=[], message="Quokka", is_public=False)
    inner = make_component(team, slug="inner", name="Inner", is_shown=False)
    catalog.plan_maintenance(by=None, services=[inner.service], message="Gecko", is_public=True)
    for path in PATHS:
        page = stranger.get(f"/status/{path}").content.decode()
        assert not [word for word in ("Zebra", "Quokka", "Gecko", "Inner") if word in page]


def test_planned_maintenance_is_announced(clock, stranger, team, api):
    begin = house_clock.now() + timedelta(days=1)
    catalog.plan_maintenance(by=None, services=[], message="Upgrade", starts_at=begin, is_public=True)
    (work,) = read(stranger, "summary")["scheduled_maintenances"]
    assert (work["status"], [each["status"] for each in work["components"]]) == ("scheduled", ["operational"])
    assert read(stranger, "summary")["components"][0]["status"] == "operational"
