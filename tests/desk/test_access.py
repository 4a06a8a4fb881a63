"""Who may open which page."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.incidents.models import EventKind
from apps.postmortems import actions as postmortems
from apps.teams.models import TeamRole
from tests.factories.incidents import declare, resolve
from tests.factories.teams import make_person

PAGES = (
    "/", "/now/", "/notifications/", "/incidents/", "/incidents/?open=false&severity=P0&status=declared&q=INC-1",
    "/incidents/new/", "/oncall/", "/services/", "/contacts/", "/contacts/?q=a", "/postmortems/", "/action-items/",
    "/profile/",
)  # fmt: skip
PAGES_OF_AN_INCIDENT = ("", "impact/", "timeline/", "history/", "pulse/", "parts/head/", "parts/timeline/")


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_for_whoever_is_signed_in(house, rita, page):
    assert rita.get(page).status_code == 200


@pytest.mark.parametrize("page", PAGES)
def test_a_page_asks_a_stranger_to_sign_in(db, page):
    answer = Client().get(page)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/login/")


@pytest.mark.parametrize("page", PAGES_OF_AN_INCIDENT)
def test_an_incident_one_may_not_see_is_not_there(house, incident, signed_in, page):
    assert signed_in(house.ella).get(f"{incident.get_absolute_url()}{page}").status_code == 404


@pytest.mark.parametrize("name", ["q", "open", "severity", "status", "team", "service", "page"])
def test_a_filter_that_no_database_can_hold_finds_nothing_and_breaks_nothing(house, rita, name):
    assert rita.get("/incidents/", {name: "\0", "status": ""}).status_code == 200


@pytest.mark.parametrize(
    ("action", "field"),
    [("escalate", "trigger"), ("roles", "role"), ("severity", "severity"), ("merge", "into"), ("notes", "text")],
)
def test_an_answer_that_no_database_can_hold_is_refused(house, incident, rita, action, field):
    sent = {"level": "2", "role": "commander", "person": house.rita.pk, "reason": "Why", field: "\0"}
    before = incident.timeline.count()
    assert rita.post(f"{incident.get_absolute_url()}{action}/", sent).status_code in (302, 422)
    assert incident.timeline.count() == before


def test_a_private_incident_is_not_listed_to_the_rest_of_its_team(house, signed_in):
    secret = declare(house.platform, house.cora, title="A token was published", private=True)
    other = make_person("Ruth", house.platform, TeamRole.RESPONDER)
    assert secret.title not in signed_in(other).get("/incidents/").content.decode()
    assert secret.title in signed_in(house.cora).get("/incidents/").content.decode()


def test_a_stakeholder_reads_the_incident_and_finds_nothing_to_press(house, incident, signed_in):
    page = signed_in(house.stella).get(incident.get_absolute_url()).content.decode()
    assert incident.title in page
    assert "acknowledge/" not in page
    assert "escalate/" not in page


def test_a_stakeholder_who_posts_all_the_same_is_told_no_and_changes_nothing(house, incident, signed_in):
    answer = signed_in(house.stella).post(f"{incident.get_absolute_url()}acknowledge/", follow=True)
    assert "has no right to respond" in answer.content.decode()
    assert not incident.timeline.filter(kind=EventKind.ACKNOWLEDGED).exists()


def test_the_review_of_an_incident_one_may_not_see_is_not_there(house, incident, signed_in):
    resolve(incident, house.cora)
    postmortems.create_for(incident)
    assert signed_in(house.cora).get(f"/postmortems/{incident.reference}/").status_code == 200
    assert signed_in(house.ella).get(f"/postmortems/{incident.reference}/").status_code == 404


def test_a_list_costs_as_many_queries_for_many_incidents_as_for_few(house, rita, django_assert_max_num_queries):
    for _ in range(3):
        declare(house.platform, house.rita, services=[house.api])
    with django_assert_max_num_queries(40) as few:
        rita.get("/")
    for _ in range(12):
        declare(house.platform, house.rita, services=[house.api])
    with django_assert_max_num_queries(len(few.captured_queries)):
        rita.get("/")
