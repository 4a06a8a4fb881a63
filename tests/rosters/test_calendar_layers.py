"""Layers whose turns come from a calendar: at an address, read by the engine, or in a file."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from apps.core import clock as house_clock
from apps.core.errors import RuleViolation
from apps.engine.models import Timer
from apps.engine.runner import run_due
from apps.rosters import actions, handlers
from apps.rosters.calendars import feeds, reading
from apps.rosters.calendars.expansion import expand
from apps.rosters.calendars.matching import Directory
from apps.rosters.calendars.turns import zone_of
from apps.rosters.models import CalendarSource, Layer, Roster, Rotation
from apps.teams.models import TeamRole, User
from tests.integrations.provider import Answer, Provider
from tests.rosters.building import layer_of, member, shown
from tests.rosters.calendars import calendar, event

pytestmark = pytest.mark.django_db(transaction=True)

DAYS = calendar(
    event("1", ";TZID=Europe/Berlin:20260302T090000", ";TZID=Europe/Berlin:20260303T090000", summary="Anna on call"),
    event("2", ";TZID=Europe/Berlin:20260303T090000", ";TZID=Europe/Berlin:20260305T090000", summary="Ben"),
)


@pytest.fixture
def empty(clock, team) -> Roster:
    """A roster with one layer and nobody in it."""
    roster = Roster.objects.create(slug="empty", name="Empty", team=team, time_zone="Europe/Berlin")
    layer_of(roster, [], starts_on=date(2026, 3, 1))
    return roster


@pytest.fixture
def server(settings) -> Provider:
    """Serves what ``served`` holds, with an ETag, to whoever does not have it."""
    settings.OUTBOUND_PRIVATE = "allowed"

    def answer(request) -> Answer:
        if request.headers.get("If-None-Match") == provider.etag:
            return Answer(304)
        return Answer(200, provider.served, {"Content-Type": "text/calendar", "ETag": provider.etag})

    with Provider(answer) as provider:
        provider.served, provider.etag = DAYS, '"1"'
        yield provider


def source_at(url: str, roster: Roster) -> CalendarSource:
    return CalendarSource.objects.create(layer=roster.layers.get(), url=url)


def read(source: CalendarSource, *, anew: bool = False) -> CalendarSource:
    actions.read_calendar(source.pk, anew=anew)
    source.refresh_from_db()
    return source


def file_of(roster: Roster, text: bytes, by: User) -> CalendarSource:
    source = CalendarSource(layer=roster.layers.get())
    window = actions.window_at(house_clock.now())
    expansion = expand(text, start=window.start, end=window.end, zone=zone_of(source.layer))
    zone = zone_of(source.layer)
    actions.set_file(source, name="days.ics", text=text, expansion=expansion, zone=zone, by=by)
    actions.materialise(roster, now=window.start)
    return source


def test_turns_come_from_the_address(empty, server, people):
    source = read(source_at(server.url, empty))
    assert shown(empty) == [
        ("anna", "03-02 10:00", "03-03 08:00", "layer"), ("ben", "03-03 08:00", "03-05 08:00", "layer"),
    ]  # fmt: skip
    assert (source.failure, source.unmatched, bool(source.good_text)) == ("", [], True)


def test_the_engine_reads_each_calendar_by_a_timer_of_its_own(empty, server, people):
    source_at(server.url, empty)
    handlers.read_calendars(Timer())
    run_due()
    assert len(shown(empty)) == 2


def test_what_is_known_is_asked_for_and_not_fetched_again(empty, server, people, clock):
    source = read(source_at(server.url, empty))
    clock.shift(minutes=15)
    read(source)
    assert server.received[-1].headers["If-None-Match"] == '"1"'
    assert (source.fetched_at, source.expanded_at) == (clock.now, clock.now - timedelta(minutes=15))


def test_what_changes_there_changes_the_shifts_to_come(empty, server, people, clock):
    source = read(source_at(server.url, empty))
    clock.shift(hours=2)
    server.served, server.etag = DAYS.replace(b"Anna", b"Cleo"), '"2"'
    read(source)
    assert shown(empty)[:2] == [
        ("anna", "03-02 10:00", "03-02 12:00", "layer"), ("cleo", "03-02 12:00", "03-03 08:00", "layer"),
    ]  # fmt: skip


def test_a_series_goes_on_as_the_horizon_moves(empty, server, people, clock, settings):
    server.served = calendar(
        event("1", ":20260302T080000Z", ":20260303T080000Z", summary="Anna", more="RRULE:FREQ=DAILY")
    )
    source = read(source_at(server.url, empty))
    clock.shift(days=3)
    read(source)
    assert empty.shifts.order_by("during").last().end == clock.now + settings.ROSTER_HORIZON


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(404), "127.0.0.1 answered 404."),
        (Answer(200, b"<html>Sign in</html>"), "no calendar in the iCalendar format"),
        (Answer(200, b"x" * (reading.LARGEST + 1)), "larger than 5 MB"),
        (Answer(200, b"BEGIN:VCALENDAR", missing=5), "broke off"),
        (Answer(302, headers={"Location": "/"}), "without an end"),
        (Answer(302, headers={"Location": "file:///etc/passwd"}), "not https"),
        (Answer(302), "answered 302"),
    ],
    ids=["gone", "no calendar", "large", "broken off", "circle", "file", "nowhere"],
)
def test_what_was_good_stays_when_it_fails_and_the_failure_is_kept(empty, server, people, clock, answer, said):
    source = read(source_at(server.url, empty))
    before = shown(empty)
    clock.shift(hours=1)
    server.answer = lambda _: answer
    read(source)
    assert said in source.failure
    assert source.failed_at == clock.now
    assert shown(empty) == before
    first_failure = clock.now
    clock.shift(days=1)
    read(source)
    assert (source.failed_at, source.expanded_at) == (first_failure, clock.now)  # the good copy goes on
    clock.shift(hours=1)
    server.answer = lambda _: Answer(200, DAYS)
    read(source)
    assert (source.failure, source.failed_at) == ("", None)


def test_what_cannot_be_kept_is_said_and_what_was_good_stays(empty, server, people, clock, monkeypatch):
    source = read(source_at(server.url, empty))
    before = shown(empty)
    clock.shift(hours=1)
    server.served, server.etag = DAYS.replace(b"Anna", b"Cleo"), '"2"'
    monkeypatch.setattr("apps.rosters.actions.calendars.directory", lambda: Directory.of([(0, "", "Cleo")]))
    read(source)
    assert (source.failure, source.failed_at) == ("What it says cannot be kept.", clock.now)
    assert shown(empty) == before


def test_a_redirect_is_followed(empty, server, people):
    served = server.answer
    server.answer = lambda request: (
        Answer(301, headers={"Location": "/new"}) if request.path == "/old" else served(request)
    )
    read(source_at(f"{server.url}/old", empty))
    assert len(shown(empty)) == 2


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/", "http://10.0.0.1/", "http://[::1]/", "http://localhost/", "http://169.254.169.254/"]
)
def test_nothing_is_fetched_from_a_private_network(empty, url):
    source = read(source_at(url, empty))
    assert "private network" in source.failure


def test_a_redirect_into_a_private_network_is_not_followed(empty, server, people, settings, monkeypatch):
    settings.OUTBOUND_PRIVATE = ""
    monkeypatch.setattr("apps.core.outbound.is_public", lambda address: address.packed[-1] == 1)
    server.answer = lambda _: Answer(302, headers={"Location": f"http://127.0.0.2:{server.port}/"})
    source = read(source_at(server.url, empty))
    assert "private network" in source.failure
    assert len(server.received) == 1


def test_who_is_nobody_is_told(empty, server, people, clock):
    stakeholder = member("stan@example.com", empty.team, TeamRole.STAKEHOLDER)
    gone = member("gwen@example.com", empty.team, TeamRole.RESPONDER, is_active=False)
    server.served = calendar(
        event("1", ":20260303T080000Z", ":20260304T080000Z", summary="Zoe", more="RRULE:FREQ=DAILY;COUNT=3"),
        event("2", ":20260303T080000Z", ":20260304T080000Z", summary=stakeholder.name),
        event("3", ":20260303T080000Z", ":20260304T080000Z", summary=f"On call {gone.email}"),
        event("4", ":2026XX03T080000Z", ":20260304T080000Z", summary="Anna"),
    )
    source = read(source_at(server.url, empty))
    assert shown(empty) == []
    assert [(each["summary"], each["times"], each["first"]) for each in source.unmatched] == [
        ("Anna", 1, ""),
        ("On call gwen@example.com", 1, "2026-03-03"),
        ("Zoe", 3, "2026-03-03"),
        ("stan", 1, "2026-03-03"),
    ]
    assert "DTSTART" in source.unmatched[0]["reason"]


def test_people_at_the_same_time_hold_further_seats(empty, server, people):
    more = "ATTENDEE:mailto:anna@example.com\nATTENDEE:mailto:ben@example.com"
    server.served = calendar(event("1", ":20260303T080000Z", ":20260304T080000Z", summary="Two of us", more=more))
    read(source_at(server.url, empty))
    assert [(shift.seat, shift.person.name) for shift in empty.shifts.order_by("seat")] == [(0, "anna"), (1, "ben")]


def test_a_layer_takes_its_calendar_from_its_first_day_to_its_end(empty, server, people):
    layer = empty.layers.get()
    layer.starts_on, layer.ends_on = date(2026, 3, 3), date(2026, 3, 4)
    layer.save()
    read(source_at(server.url, empty))
    assert shown(empty) == [("ben", "03-03 08:00", "03-04 08:00", "layer")]


def test_a_higher_layer_and_an_override_win_over_a_calendar(empty, server, people, manager, clock):
    read(source_at(server.url, empty))
    layer_of(empty, people[2:], position=2, name="Above", starts_on=date(2026, 3, 4), ends_on=date(2026, 3, 5))
    actions.add_override(empty, person=people[1], start=clock.now, end=clock.now + timedelta(hours=1), by=manager)
    assert shown(empty)[:4] == [
        ("ben", "03-02 10:00", "03-02 11:00", "override"), ("anna", "03-02 11:00", "03-03 08:00", "layer"),
        ("ben", "03-03 08:00", "03-04 08:00", "layer"), ("cleo", "03-04 08:00", "03-05 08:00", "layer"),
    ]  # fmt: skip


def test_a_roster_that_is_frozen_or_retired_takes_nothing_new(empty, server, people, clock, manager):
    source = source_at(server.url, empty)
    empty.frozen_until = clock.now + timedelta(days=1)
    empty.save()
    assert read(source).expanded_at is None
    clock.shift(days=2)
    assert read(source).expanded_at == clock.now
    actions.retire(empty, by=manager)
    handlers.read_calendars(Timer())
    assert not Timer.objects.filter(kind="rosters.read_calendar").exists()


DAILY = calendar(event("1", ":20260302T000000Z", ":20260303T000000Z", summary="Anna", more="RRULE:FREQ=DAILY\n"))


@pytest.mark.parametrize("by_file", [True, False])
def test_a_frozen_roster_goes_on_by_the_copy_that_it_has(empty, server, people, clock, manager, settings, by_file):
    server.served = DAILY
    source = file_of(empty, DAILY, manager) if by_file else read(source_at(server.url, empty))
    Roster.objects.filter(pk=empty.pk).update(frozen_until=clock.now + timedelta(days=200))
    server.served, server.etag = DAYS, '"2"'
    asked = len(server.received)
    clock.shift(days=100)
    handlers.read_calendars(Timer())
    run_due()
    assert empty.shifts.order_by("during").last().end == clock.now + settings.ROSTER_HORIZON
    assert len(server.received) == asked
    source.refresh_from_db()
    assert (source.fetched_at, source.failure) == (clock.now - timedelta(days=100), "")
    clock.shift(days=101)
    handlers.read_calendars(Timer())
    run_due()
    assert len(server.received) == asked + (not by_file)


def test_what_was_fetched_while_it_was_being_frozen_is_let_go(empty, server, people, clock):
    source = read(source_at(server.url, empty))
    before, served = shown(empty), server.answer

    def frozen(request) -> Answer:
        Roster.objects.filter(pk=empty.pk).update(frozen_until=clock.now + timedelta(days=2))
        return served(request)

    server.answer, server.served, server.etag = frozen, DAILY, '"2"'
    read(source, anew=True)
    assert shown(empty) == before
    assert source.etag == '"1"'


def test_what_was_edited_meanwhile_is_not_written_over(empty, server, people):
    source = source_at(server.url, empty)
    served = server.answer

    def edited(request) -> Answer:
        CalendarSource.objects.filter(pk=source.pk).update(url=f"{server.url}/other")
        return served(request)

    server.answer = edited
    assert read(source).expanded_at is None


def test_a_file_gives_turns_at_once(empty, people, manager):
    source = file_of(empty, DAYS, manager)
    assert len(shown(empty)) == 2
    assert (str(source), source.history.get().history_user) == ("days.ics", manager)


def test_what_the_engine_notes_is_no_change_by_anybody(empty, server, people):
    source = source_at(server.url, empty)
    read(source)
    read(source, anew=True)
    assert source.history.count() == 1


def test_a_copy_of_the_roster_takes_its_turns_from_the_same_calendar(empty, server, people, manager):
    read(source_at(server.url, empty))
    twin = actions.copy(empty, by=manager)
    assert shown(twin) == shown(empty)
    assert twin.layers.get().calendar.url == server.url


def test_a_layer_of_a_calendar_is_changed_in_the_calendar(empty, server, people, manager):
    read(source_at(server.url, empty))
    with pytest.raises(RuleViolation, match="come from a calendar"):
        actions.change_from(empty.layers.get(), date(2026, 3, 10), by=manager)


def stored(roster: Roster) -> list[tuple[int, int, datetime, datetime]]:
    return sorted((shift.person_id, shift.seat, shift.start, shift.end) for shift in roster.shifts.all())


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"])
def test_our_calendar_as_the_layer_of_an_empty_roster_gives_the_same_shifts(empty, clock, team, people, manager, zone):
    """Over both changes of the clocks, in two seats, with overrides, to the second."""
    for at in (
        datetime(2026, 2, 20, 10, 7, 13, tzinfo=clock.now.tzinfo),
        datetime(2026, 9, 20, tzinfo=clock.now.tzinfo),
    ):
        clock.set(at)
        original = Roster.objects.create(slug=f"o-{at.month}", name="Original", team=team, time_zone=zone)
        layer_of(original, people, rotation=Rotation.HOURS, length=11, at_once=2, starts_on=at.date())
        actions.materialise(original, now=clock.now)
        start = clock.now + timedelta(days=10)
        actions.add_override(original, person=manager, start=start, end=start + timedelta(hours=30), by=manager, seat=1)
        Layer.objects.filter(roster=empty).update(starts_on=at.date() - timedelta(days=1))
        file_of(empty, feeds.calendar_of_roster(original, now=clock.now), manager)
        assert stored(empty) == stored(original)
        assert len(stored(empty)) > 500
        empty.layers.get().calendar.delete()
        empty.shifts.all().delete()
