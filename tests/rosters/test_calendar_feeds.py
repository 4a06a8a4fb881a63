"""Shifts in the calendars of others: private links, and what is read under them."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import recurring_ical_events
from django.db import IntegrityError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from icalendar import Calendar

from apps.core.errors import Invalid, NotAllowed
from apps.core.logs import without_tokens
from apps.rosters import actions
from apps.rosters.calendars import feeds, links
from apps.rosters.models import CalendarFeed, FeedKind, Roster, Rotation, Shift, ShiftSource
from apps.teams.actions import add_member, remove_member
from apps.teams.models import Team, TeamRole, User
from tests.hostile import TEXTS
from tests.rosters.building import layer_of, member

pytestmark = pytest.mark.django_db


def read(token: str, **headers: str):
    return Client().get(links.url_of(token).partition("8000")[2], headers=headers)


def link_to(kind: FeedKind, by: User, **of) -> str:
    return actions.make_feed(kind, by=by, **of)[1]


def events_of(body: bytes) -> list:
    return Calendar.from_ical(body).walk("VEVENT")


def told(event) -> tuple[str, int, datetime, datetime]:
    start, end = (event[name].dt.astimezone(UTC) for name in ("DTSTART", "DTEND"))
    return str(event["X-ADO-PERSON"]), int(event["X-ADO-SEAT"]), start, end


def stored(shifts) -> list[tuple[str, int, datetime, datetime]]:
    return sorted((shift.person.email, shift.seat, shift.start, shift.end) for shift in shifts)


def changes_of(zone: str, year: int) -> list[datetime]:
    """When the clocks of the zone change, to the hour."""
    hours = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(hours=hour) for hour in range(366 * 24)]
    offsets = [hour.astimezone(ZoneInfo(zone)).utcoffset() for hour in hours]
    return [hours[n] for n in range(1, len(hours)) if offsets[n] != offsets[n - 1] and hours[n].year == year]


@pytest.fixture
def token(roster, responder) -> str:
    return link_to(FeedKind.ROSTER, responder, roster=roster)


def test_a_link_to_a_roster_shows_its_shifts(roster, token, settings):
    answer = read(token)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert "private" in answer["Cache-Control"]
    assert sorted(map(told, events_of(answer.content))) == stored(roster.shifts.all())
    first = events_of(answer.content)[0]
    assert (str(first["SUMMARY"]), first["STATUS"], first["TRANSP"]) == (
        "anna on call: Platform", "CONFIRMED", "TRANSPARENT",
    )  # fmt: skip
    assert f"{settings.SITE_URL}/rosters/platform/" in str(first["DESCRIPTION"])
    assert "ATTENDEE" not in first
    assert not first.subcomponents  # nobody is woken by a calendar


@pytest.fixture
def stand_in(roster, manager, people, clock) -> Roster:
    """Anna alone takes the place of the roster for three days."""
    stand_in = Roster.objects.create(slug="holiday", name="Holiday", team=roster.team)
    layer_of(stand_in, people[:1])
    during = {"stands_in_from": clock.now + timedelta(days=6), "stands_in_until": clock.now + timedelta(days=9)}
    actions.change_roster(stand_in, {"stands_in_for": roster, **during}, by=manager, accept_gaps=True)
    assert stand_in.shifts.exists()
    return stand_in


def test_what_is_held_in_place_of_another_roster_is_shown_once(stand_in, roster, people):
    mine = read(link_to(FeedKind.PERSON, people[0])).content
    team = read(link_to(FeedKind.TEAM, people[0], team=roster.team)).content
    assert sorted(map(told, events_of(mine))) == stored(roster.shifts.filter(person=people[0]))
    assert sorted(map(told, events_of(team))) == stored(roster.shifts.all())


def test_a_link_to_the_roster_that_stands_in_shows_its_own(stand_in, responder):
    body = read(link_to(FeedKind.ROSTER, responder, roster=stand_in)).content
    assert sorted(map(told, events_of(body))) == stored(stand_in.shifts.all())


def test_the_calendar_says_what_it_is_and_how_often_to_look(roster, token):
    calendar = Calendar.from_ical(read(token).content)
    assert (str(calendar["X-WR-CALNAME"]), str(calendar["NAME"])) == ("On call: Platform", "On call: Platform")
    assert calendar["REFRESH-INTERVAL"].dt == timedelta(hours=1)
    assert str(calendar["X-PUBLISHED-TTL"]) == "PT1H"
    [zone] = calendar.walk("VTIMEZONE")
    assert zone["TZID"] == "Europe/Berlin"


def test_lines_are_no_longer_than_75_bytes(roster, token, settings):
    settings.SITE_URL = "https://incidents.a-rather-long-name-of-a-department.example.com"
    roster.name = "Plattform für Zahlungen, Rückerstattungen und Überweisungen"
    roster.save()
    body = feeds.calendar_of_feed(feeds.opened_by(token), now=roster.shifts.first().start)
    assert body.endswith(b"END:VCALENDAR\r\n")
    assert all(len(line) <= 75 for line in body.split(b"\r\n"))
    assert str(events_of(body)[0]["SUMMARY"]) == f"anna on call: {roster.name}"
    assert "@incidents.a-rather-long-name" in str(events_of(body)[0]["UID"])


@pytest.mark.parametrize("name", ["calendar", "header", "emoji", "direction", "formula"])
def test_a_name_that_is_written_like_a_calendar_adds_nothing_to_it(roster, token, name):
    before = len(events_of(read(token).content))
    roster.name = TEXTS[name][:100]
    roster.save()
    body = read(token).content
    events = events_of(body)
    assert len(events) == before
    assert body.count(b"BEGIN:VEVENT\r\n") == body.count(b"END:VEVENT\r\n") == before
    assert b"\r\nBcc:" not in body
    assert str(events[0]["SUMMARY"]).startswith("anna on call: ")
    assert "ATTENDEE" not in events[0]


def test_a_link_to_ones_own_shifts_names_the_rosters(roster, clock, people):
    other = Roster.objects.create(slug="ai", name="AI", team=Team.objects.create(slug="ai", name="AI"))
    layer_of(other, people[:1])
    actions.materialise(other, now=clock.now)
    found = events_of(read(link_to(FeedKind.PERSON, people[0])).content)
    assert {str(event["SUMMARY"]) for event in found} == {"On call: Platform", "On call: AI"}
    assert sorted(map(told, found)) == stored(people[0].shifts.all())


def test_a_link_to_a_team_shows_all_its_rosters_each_in_its_zone(roster, clock, team, responder, people):
    nights = Roster.objects.create(slug="nights", name="Nights", team=team, time_zone="Asia/Kolkata")
    layer_of(nights, people[:2])
    actions.materialise(nights, now=clock.now)
    calendar = Calendar.from_ical(read(link_to(FeedKind.TEAM, responder, team=team)).content)
    assert {zone["TZID"] for zone in calendar.walk("VTIMEZONE")} == {"Europe/Berlin", "Asia/Kolkata"}
    assert sorted(map(told, calendar.walk("VEVENT"))) == stored(Shift.objects.all())


def test_what_is_over_stays_for_thirty_days(roster, clock, token):
    clock.shift(days=40)
    first = min(told(event)[2:] for event in events_of(read(token).content))
    assert first[0] <= clock.now - timedelta(days=30) < first[1]


def test_an_event_keeps_its_id_and_its_sequence_rises_when_it_changes(roster, clock, token, people, manager):
    before = {str(event["UID"]): event for event in events_of(read(token).content)}
    clock.shift(hours=1)
    start = clock.now + timedelta(days=3)
    actions.add_override(roster, person=people[2], start=start, end=start + timedelta(hours=2), by=manager)
    after = {str(event["UID"]): event for event in events_of(read(token).content)}
    assert set(before) <= set(after)
    changed = [uid for uid in before if told(before[uid]) != told(after[uid])]
    assert len(changed) == 2  # the shift that now ends where the override begins, and the last before the horizon
    for uid, event in before.items():
        rose = after[uid]["SEQUENCE"] > event["SEQUENCE"]
        assert rose == (uid in changed)
        assert (after[uid]["LAST-MODIFIED"].dt == clock.now) == (uid in changed)
        assert 0 <= event["SEQUENCE"] < 2**31
    assert str(next(iter(before))) == f"roster-{roster.pk}-0-20260302T100000Z@127.0.0.1"


@pytest.mark.parametrize("renamed", ["roster", "team", "person"])
def test_the_sequence_rises_with_what_the_events_say_of_roster_and_person(roster, clock, token, people, renamed):
    before = {str(event["UID"]): event for event in events_of(read(token).content)}
    clock.shift(hours=1)
    row = {"roster": roster, "team": roster.team, "person": people[0]}[renamed]
    row.name = "Another name"
    row.save()
    after = {str(event["UID"]): event for event in events_of(read(token).content)}
    said_otherwise = {uid for uid in before if before[uid]["DESCRIPTION"] != after[uid]["DESCRIPTION"]}
    assert said_otherwise
    assert said_otherwise == {uid for uid in before if after[uid]["SEQUENCE"] > before[uid]["SEQUENCE"]}


def test_whoever_has_it_already_is_told_so(roster, clock, token, people, manager):
    first = read(token)
    assert read(token, if_none_match=first["ETag"]).status_code == 304
    clock.shift(minutes=10)
    assert read(token, if_none_match=first["ETag"]).status_code == 304
    actions.add_override(roster, person=people[1], start=clock.now, end=clock.now + timedelta(hours=1), by=manager)
    assert read(token, if_none_match=first["ETag"]).status_code == 200
    assert read(token, if_modified_since="Mon, 01 Jan 2035 00:00:00 GMT").status_code == 200


def test_a_shift_that_is_taken_away_changes_the_calendar(roster, token):
    known = read(token)["ETag"]
    roster.shifts.last().delete()
    assert read(token, if_none_match=known).status_code == 200


def test_every_link_that_opens_nothing_is_the_same_404(roster, clock, team, token, responder):
    unknown = read("adocal_nothing")
    actions.revoke_feed(feeds.opened_by(token), by=responder)
    revoked = read(token)
    left = link_to(FeedKind.ROSTER, responder, roster=roster)
    mine = link_to(FeedKind.PERSON, responder)
    remove_member(responder.memberships.get())
    elsewhere = read(left)
    assert read(mine).status_code == 200
    responder.is_active = False
    responder.save()
    gone = read(mine)
    answers = [unknown, revoked, elsewhere, gone]
    assert [answer.status_code for answer in answers] == [404] * 4
    assert len({answer.content for answer in answers}) == 1
    assert "roster" not in unknown.content.decode().lower()


def test_who_comes_back_to_the_team_reads_again(roster, team, token, responder):
    remove_member(responder.memberships.get())
    assert read(token).status_code == 404
    add_member(responder, team, TeamRole.STAKEHOLDER)
    assert read(token).status_code == 200


def test_a_calendar_is_read_and_nothing_else(roster, token):
    address = links.url_of(token).partition("8000")[2]
    assert Client().post(address).status_code == 405
    assert Client().head(address).status_code == 200


def test_that_it_was_read_is_noted_once_an_hour(roster, clock, token):
    feed = CalendarFeed.objects.get()
    assert feed.last_read_at is None
    first = clock.now
    for minutes, noted in ((0, first), (30, first), (30, first + timedelta(hours=1))):
        clock.shift(minutes=minutes)
        read(token)
        feed.refresh_from_db()
        assert feed.last_read_at == noted
    assert feed.history.count() == 1


def test_the_token_is_stored_as_a_hash_and_its_history_has_none(roster, token):
    [row] = CalendarFeed.objects.values()
    assert token not in str(row)
    assert "digest" not in str(CalendarFeed.objects.get().history.values())


def test_tokens_do_not_get_into_logs(roster, token):
    entry = {"event": f"Not Found: /calendars/{token}.ics", "request": f"GET /a/calendar.ics?x=1&token={token}", "n": 1}
    assert token not in str(without_tokens(logging.getLogger(), "info", entry))


def test_a_link_is_made_of_what_one_may_see(roster, team, responder):
    stranger = member("sam@example.com", Team.objects.create(slug="ai", name="AI"), TeamRole.RESPONDER)
    with pytest.raises(NotAllowed):
        actions.make_feed(FeedKind.ROSTER, by=stranger, roster=roster)
    with pytest.raises(NotAllowed):
        actions.make_feed(FeedKind.TEAM, by=stranger, team=team)
    with pytest.raises(Invalid, match="has no roster"):
        actions.make_feed(FeedKind.PERSON, by=responder, roster=roster)
    with pytest.raises(Invalid, match="Say which team"):
        actions.make_feed(FeedKind.TEAM, by=responder)


def test_the_database_refuses_a_link_that_shows_something_else_than_it_says(roster, responder):
    with pytest.raises(IntegrityError):
        CalendarFeed.objects.create(kind=FeedKind.PERSON, roster=roster, owner=responder, digest="x")


def test_reading_costs_the_same_however_many_shifts_there_are(roster, clock, team, people, responder):
    feed = actions.make_feed(FeedKind.TEAM, by=responder, team=team)[0]

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            feeds.calendar_of_feed(feed, now=clock.now)
        return len(asked)

    few = queries()
    for number in range(5):
        other = Roster.objects.create(slug=f"r{number}", name=f"R{number}", team=team, time_zone="America/New_York")
        layer_of(other, people, rotation=Rotation.HOURS, length=6)
        actions.materialise(other, now=clock.now)
    assert few == queries() == 3


@pytest.mark.parametrize(
    "zone",
    ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Asia/Kolkata",
     "Africa/Casablanca", "Asia/Gaza", "Pacific/Chatham", "Europe/Dublin", "Africa/Cairo", "America/Havana", "UTC"],
)  # fmt: skip
def test_the_calendar_read_back_gives_the_same_shifts(zone, clock, team, people, settings):
    """By ``icalendar`` and by ``recurring-ical-events``, hour by hour over every change of the clocks in a year."""
    settings.ROSTER_HORIZON = timedelta(days=4)
    changes = changes_of(zone, 2026)
    assert len(changes) in (0, 2, 4)
    for number, change in enumerate(changes or [datetime(2026, 12, 31, 18, tzinfo=UTC)]):
        clock.set(change - timedelta(days=2))
        roster = Roster.objects.create(slug=f"hours-{number}", name="Hours", team=team, time_zone=zone)
        layer_of(roster, people, rotation=Rotation.HOURS, length=1, starts_on=clock.now.date(), at_once=2)
        actions.materialise(roster, now=clock.now)
        body = feeds.calendar_of_roster(roster, now=clock.now)
        wanted = stored(roster.shifts.select_related("person"))
        assert len(wanted) > 100
        assert sorted(map(told, events_of(body))) == wanted
        found = recurring_ical_events.of(Calendar.from_ical(body)).between(clock.now, clock.now + timedelta(days=5))
        assert sorted(map(told, found)) == wanted


def test_times_are_written_by_the_clock_of_the_roster_but_for_the_hour_that_comes_twice(clock, team, people):
    roster = Roster.objects.create(slug="hours", name="Hours", team=team, time_zone="Europe/Berlin")
    first = datetime(2026, 10, 25, 0, tzinfo=UTC)  # 02:00 and, an hour later, 02:00 again
    for hours, person in enumerate(people[:3]):
        start = first + timedelta(hours=hours)
        Shift.objects.create(
            roster=roster, person=person, during=(start, start + timedelta(hours=1)), source=ShiftSource.LAYER
        )
    clock.set(first)
    body = feeds.calendar_of_roster(roster, now=clock.now).decode()
    assert "DTSTART:20261025T000000Z\r\nDTEND:20261025T010000Z" in body
    assert "DTSTART:20261025T010000Z\r\nDTEND:20261025T020000Z" in body
    assert "DTSTART;TZID=Europe/Berlin:20261025T030000\r\n" in body
    assert [told(event)[2] for event in events_of(body.encode())] == [first + timedelta(hours=n) for n in range(3)]


def test_parts_of_a_second_are_left_out(clock, team, people):
    roster = Roster.objects.create(slug="s", name="S", team=team)
    at = clock.now + timedelta(seconds=1, microseconds=500_000)
    for person, start, end in (
        (people[0], clock.now, at),
        (people[1], at, at + timedelta(microseconds=300_000)),
        (people[2], at + timedelta(microseconds=300_000), at + timedelta(hours=1)),
    ):
        Shift.objects.create(roster=roster, person=person, during=(start, end), source=ShiftSource.LAYER)
    found = [told(event) for event in events_of(feeds.calendar_of_roster(roster, now=clock.now))]
    assert [person for person, *_ in found] == [people[0].email, people[2].email]
    assert found[0][3] == found[1][2] == clock.now + timedelta(seconds=1)


def test_the_zone_of_a_roster_shows_the_local_handoff(roster, token):
    second = events_of(read(token).content)[1]
    assert second["DTSTART"].params["TZID"] == "Europe/Berlin"
    assert second["DTSTART"].dt == datetime(2026, 3, 3, 9, tzinfo=ZoneInfo("Europe/Berlin"))
