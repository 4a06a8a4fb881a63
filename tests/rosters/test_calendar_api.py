"""``/rosters/SLUG/calendar.ics`` and ``/calendar-feeds/`` (contract, "HTTP API")."""

from __future__ import annotations

import pytest
from icalendar import Calendar
from rest_framework.test import APIClient

from apps.rosters import actions
from apps.rosters.models import CalendarFeed, FeedKind, Roster
from apps.teams.actions import remove_member
from apps.teams.models import Scope, Team, TeamRole
from tests.api.clients import client_of
from tests.rosters.building import member

pytestmark = pytest.mark.django_db

FEEDS = "/api/v1/calendar-feeds/"
CALENDAR = "/api/v1/rosters/platform/calendar.ics"


@pytest.fixture
def api(responder):
    return client_of(responder)


@pytest.fixture
def session(responder):
    """The responder, by a browser's session: links are made by no token."""
    client = APIClient()
    client.force_login(responder, backend="apps.teams.backends.PeopleBackend")
    return client


@pytest.fixture
def nobody():
    client = client_of(member("sam@example.com", Team.objects.create(slug="ai", name="AI"), TeamRole.RESPONDER))
    client.credentials()
    return client


def count(answer) -> int:
    return len(Calendar.from_ical(answer.content).walk("VEVENT"))


def test_whoever_sees_the_roster_reads_its_calendar(roster, api, responder):
    answer = api.get(CALENDAR)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert count(answer) == roster.shifts.count()
    assert api.get(CALENDAR, headers={"if-none-match": answer["ETag"]}).status_code == 304
    assert client_of(responder, scope=Scope.READ).get(CALENDAR).status_code == 200


@pytest.mark.parametrize("accept", ["text/calendar", "*/*", "text/html,application/xml", ""])
def test_a_calendar_is_sent_whatever_is_accepted(roster, api, accept):
    assert api.get(CALENDAR, headers={"accept": accept}).status_code == 200


def test_a_token_in_the_address_is_enough(roster, nobody, responder):
    token = actions.make_feed(FeedKind.ROSTER, by=responder, roster=roster)[1]
    answer = nobody.get(CALENDAR, {"token": token})
    assert (answer.status_code, count(answer)) == (200, roster.shifts.count())
    assert CalendarFeed.objects.get().last_read_at is not None


def test_without_either_there_is_none(roster, nobody, responder, team):
    assert nobody.get(CALENDAR).status_code == 401
    whole_team = actions.make_feed(FeedKind.TEAM, by=responder, team=team)[1]
    other = Roster.objects.create(slug="other", name="Other", team=team)
    of_other = actions.make_feed(FeedKind.ROSTER, by=responder, roster=other)[1]
    for token in ("", "wrong", whole_team, of_other):
        answer = nobody.get(CALENDAR, {"token": token})
        assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    mine = actions.make_feed(FeedKind.ROSTER, by=responder, roster=roster)[1]
    remove_member(responder.memberships.get())
    assert nobody.get(CALENDAR, {"token": mine}).status_code == 404
    assert nobody.get("/api/v1/rosters/nowhere/calendar.ics", {"token": mine}).status_code == 404


def test_who_does_not_see_the_team_sees_no_calendar(roster):
    stranger = member("sam@example.com", Team.objects.create(slug="ai", name="AI"), TeamRole.RESPONDER)
    assert client_of(stranger).get(CALENDAR).status_code == 404


def test_a_link_is_made_listed_and_revoked(roster, clock, api, session, nobody):
    made = session.post(FEEDS, {"kind": "roster", "roster": "platform"})
    assert made.status_code == 201, made.content
    told = made.json()
    url = told.pop("url")
    assert told == {
        "id": CalendarFeed.objects.get().pk, "kind": "roster", "roster": "platform", "team": None,
        "created_at": "2026-03-02T10:00:00Z", "last_read_at": None,
    }  # fmt: skip
    assert api.get(FEEDS).json()["results"] == [told]
    assert api.get(f"{FEEDS}{told['id']}/").json() == told
    assert nobody.get(url.partition("8000")[2]).status_code == 200
    assert api.delete(f"{FEEDS}{told['id']}/").status_code == 204
    assert nobody.get(url.partition("8000")[2]).status_code == 404
    assert api.get(FEEDS).json()["results"] == []
    assert api.delete(f"{FEEDS}{told['id']}/").status_code == 404


def test_links_to_a_team_and_to_ones_own_shifts(roster, session):
    assert session.post(FEEDS, {"kind": "team", "team": "platform"}).json()["team"] == "platform"
    assert session.post(FEEDS, {"kind": "person"}).json()["kind"] == "person"


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "kind"),
        ({"kind": "everything"}, "kind"),
        ({"kind": "roster"}, "roster"),
        ({"kind": "roster", "roster": "nowhere"}, "roster"),
        ({"kind": "roster", "roster": "hidden"}, "roster"),
        ({"kind": "roster", "roster": "no slug!"}, "roster"),
        ({"kind": "team", "team": "ai"}, "team"),
        ({"kind": "person", "team": "platform"}, "team"),
        ({"kind": "person", "rooster": "platform"}, "rooster"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(roster, session, sent, field):
    Roster.objects.create(slug="hidden", name="Hidden", team=Team.objects.create(slug="ai", name="AI"))
    answer = session.post(FEEDS, sent)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert not CalendarFeed.objects.exists()


def test_links_of_others_do_not_exist(roster, api, manager):
    feed = actions.make_feed(FeedKind.ROSTER, by=manager, roster=roster)[0]
    assert api.get(f"{FEEDS}{feed.pk}/").status_code == 404
    assert api.delete(f"{FEEDS}{feed.pk}/").status_code == 404
    assert api.get(FEEDS).json()["results"] == []


@pytest.mark.parametrize("scope", [Scope.READ, Scope.RESPOND, Scope.MANAGE])
def test_a_token_makes_no_links_that_would_outlive_it(roster, responder, scope):
    client = client_of(responder, scope=scope)
    assert client.post(FEEDS, {"kind": "person"}).status_code == 403
    assert client.get(FEEDS).status_code == 200
    assert not CalendarFeed.objects.exists()


def test_a_session_confirms_who_it_is_first(roster, clock, session):
    clock.shift(minutes=16)
    refused = session.post(FEEDS, {"kind": "person"})
    assert (refused.status_code, refused.json()["detail"]) == (403, "Confirm first that it is you.")
    assert not CalendarFeed.objects.exists()
