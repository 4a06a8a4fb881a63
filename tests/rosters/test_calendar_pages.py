"""Links to calendars on one's profile and on the pages of rosters."""

from __future__ import annotations

import html
import re

import pytest
from django.test import Client

from apps.rosters import actions
from apps.rosters.models import CalendarFeed, CalendarSource, FeedKind
from apps.teams.models import Team, TeamRole
from tests.rosters.building import member

pytestmark = pytest.mark.django_db


def signed_in(person) -> Client:
    client = Client()
    client.force_login(person, backend="apps.teams.backends.PeopleBackend")
    return client


@pytest.fixture
def client(responder) -> Client:
    return signed_in(responder)


def link_on(page) -> str:
    return re.search(r"/calendars/[\w-]+\.ics", html.unescape(page.content.decode())).group()


def test_a_link_to_my_shifts_is_shown_once(roster, client, responder):
    assert "Link to my shifts" in client.get("/profile/").content.decode()
    page = client.post("/calendars/", {"kind": "person"})
    link = link_on(page)
    assert Client().get(link).status_code == 200
    assert f"webcal://127.0.0.1:8000{link}" in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    profile = client.get("/profile/").content.decode()
    assert link not in profile
    assert "not read yet" not in profile  # it was read above
    assert "last read" in profile


@pytest.mark.parametrize(("kind", "title"), [("roster", "Platform"), ("team", "Team Platform")])
def test_links_to_a_roster_and_its_team_are_made_on_its_page(roster, client, kind, title):
    assert "Subscribe" in client.get("/rosters/platform/").content.decode()
    page = client.post("/calendars/", {"kind": kind, "roster": "platform"})
    assert Client().get(link_on(page)).status_code == 200
    assert CalendarFeed.objects.get().title == title
    assert title in client.get("/rosters/platform/").content.decode()


def test_a_link_is_ended_where_it_is_listed(roster, client, responder):
    feed, token = actions.make_feed(FeedKind.ROSTER, by=responder, roster=roster)
    answer = client.post(f"/calendars/{feed.pk}/revoke/", {"then": "/rosters/platform/"}, follow=True)
    assert answer.redirect_chain == [("/rosters/platform/", 302)]
    assert "The link to Platform is ended." in answer.content.decode()
    assert Client().get(f"/calendars/{token}.ics").status_code == 404
    away = client.post(f"/calendars/{actions.make_feed(FeedKind.PERSON, by=responder)[0].pk}/revoke/",
                       {"then": "https://evil.example/"})  # fmt: skip
    assert away["Location"] == "/profile/"


def test_nobody_makes_or_ends_what_is_not_theirs(roster, client, manager):
    Team.objects.create(slug="ai", name="AI")
    stranger = signed_in(member("sam@example.com", Team.objects.get(slug="ai"), TeamRole.RESPONDER))
    assert stranger.post("/calendars/", {"kind": "roster", "roster": "platform"}).status_code == 404
    assert client.post("/calendars/", {"kind": "everything"}).status_code == 404
    assert client.post("/calendars/", {"kind": "roster", "roster": "a\0b"}).status_code == 404
    feed = actions.make_feed(FeedKind.ROSTER, by=manager, roster=roster)[0]
    assert client.post(f"/calendars/{feed.pk}/revoke/").status_code == 404
    assert client.get("/calendars/").status_code == 405
    assert Client().post("/calendars/", {"kind": "person"}).status_code == 302
    assert CalendarFeed.objects.filter(revoked_at=None).count() == 1


def test_the_page_of_a_roster_says_how_its_calendar_is(roster, clock, client):
    CalendarSource.objects.create(
        layer=roster.layers.get(), url="https://calendar.example/secret.ics", failed_at=clock.now, fetched_at=clock.now,
        failure="calendar.example answered 404.",
        unmatched=[{"summary": "Zoe", "reason": "Nobody has this name.", "times": 3, "first": "2026-03-05"}],
    )  # fmt: skip
    page = re.sub(r"\s+", " ", client.get("/rosters/platform/").content.decode())
    assert "from the calendar calendar.example" in page
    assert "secret" not in page
    assert "calendar.example answered 404." in page
    assert "1 event without a person" in page
    assert "(3 times), first 2026-03-05" in page
