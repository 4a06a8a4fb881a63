"""A calendar taken into a roster once, as overrides."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from apps.core.errors import Conflict, Invalid, NotAllowed
from apps.rosters import actions
from apps.rosters.calendars import feeds, reading
from apps.rosters.models import CalendarSource, Override, Roster, Rotation
from tests.rosters.building import layer_of, shown
from tests.rosters.calendars import calendar, event

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Africa/Casablanca", "Australia/Lord_Howe"])
@pytest.mark.parametrize("month", [3, 9])
def test_importing_what_we_export_changes_nothing(clock, team, people, manager, zone, month, settings):
    """Over the change of the clocks; and the roster is filled in parts of a second that calendars do not know."""
    settings.ROSTER_HORIZON = timedelta(days=65)
    clock.set(datetime(2026, month, 2, 10, tzinfo=UTC))
    clock.shift(minutes=7, seconds=3, microseconds=123_456)
    roster = Roster.objects.create(slug="r", name="R", team=team, time_zone=zone)
    layer_of(roster, people, rotation=Rotation.HOURS, length=7, at_once=2, starts_on=clock.now.date())
    actions.materialise(roster, now=clock.now)
    clock.shift(hours=1, microseconds=77)
    start = clock.now + timedelta(hours=1)
    actions.add_override(roster, person=manager, start=clock.now, end=start + timedelta(hours=20), by=manager)
    clock.shift(minutes=10)
    before = shown(roster)
    plan = actions.plan_import(roster, feeds.calendar_of_roster(roster, now=clock.now))
    assert (plan.added, plan.refused, plan.unmatched) == ([], [], [])
    assert len(plan.already) == roster.shifts.filter(during__endswith__gt=clock.now).count()
    assert actions.import_turns(roster, plan.planned, by=manager) == 0
    assert shown(roster) == before
    assert Override.objects.count() == 1


def test_what_is_different_is_added_and_said_before(roster, clock, manager, people):
    text = calendar(
        event("1", ":20260302T080000Z", ":20260303T080000Z", summary="Anna"),  # so already
        event("2", ":20260303T080000Z", ":20260304T080000Z", summary="Cleo stands in"),
        event("3", ":20260304T080000Z", ":20260305T080000Z", summary="Zoe"),
        event("4", ":20260310T080000Z", ":20260620T080000Z", summary="Anna for ever"),
    )
    plan = actions.plan_import(roster, text)
    assert not Override.objects.exists()
    assert [entry.summary for entry in plan.already] == ["Anna"]
    assert [entry.summary for entry in plan.added] == ["Cleo stands in"]
    assert [(entry.summary, entry.problem) for entry in plan.refused] == [
        ("Anna for ever", "It lasts at most 93 days.")
    ]
    assert [each.summary for each in plan.unmatched] == ["Zoe"]
    assert actions.import_turns(roster, plan.planned, by=manager) == 1
    override = Override.objects.get()
    assert (override.reason, override.created_by, override.history.get().history_user) == (
        "Cleo stands in", manager, manager,
    )  # fmt: skip
    assert shown(roster, 2)[1] == ("cleo", "03-03 08:00", "03-04 08:00", "override")
    assert actions.import_turns(roster, plan.planned, by=manager) == 0


def test_what_somebody_took_back_is_not_added_again_by_sending_the_same_again(roster, clock, manager):
    plan = actions.plan_import(roster, calendar(event("1", ":20260303T080000Z", ":20260304T080000Z", summary="Cleo")))
    assert actions.import_turns(roster, plan.planned, by=manager) == 1
    actions.remove_override(Override.objects.get(), by=manager)
    with pytest.raises(Conflict, match="look again"):
        actions.import_turns(roster, plan.planned, by=manager)
    assert not Override.objects.exists()


def test_what_no_database_can_hold_keeps_no_calendar_from_being_taken_in(roster, clock, manager, people):
    text = calendar(
        event("1", ":20260303T080000Z", ":20260304T080000Z", summary="Cleo\0"),
        event("2", ":20260305T080000Z", ":20260306T080000Z", summary="Zo\0e"),
    )
    actions.import_turns(roster, actions.plan_import(roster, text).planned, by=manager)
    assert Override.objects.get().reason == "Cleo"
    layer = layer_of(roster, people, name="Calendar")
    actions.use_file(layer, name="shifts.ics", text=text, by=manager, accept_gaps=True)
    assert [each["summary"] for each in CalendarSource.objects.get().unmatched] == ["Zoe"]


def test_what_has_begun_begins_now(roster, clock, manager):
    plan = actions.plan_import(roster, calendar(event("1", ":20260302T080000Z", ":20260302T200000Z", summary="Ben")))
    assert actions.import_turns(roster, plan.planned, by=manager) == 1
    assert Override.objects.get().start == clock.now


def test_all_or_nothing(roster, clock, manager, people):
    text = calendar(
        event("1", ":20260303T080000Z", ":20260304T080000Z", summary="Cleo"),
        event("2", ":20260304T080000Z", ":20260305T080000Z", summary="Ben"),
    )
    turns = actions.plan_import(roster, text).planned
    people[1].is_active = False
    people[1].save()
    with pytest.raises(Invalid, match="no longer active"):
        actions.import_turns(roster, turns, by=manager)
    assert not Override.objects.exists()


@pytest.fixture
def pair(team, people, clock):
    """Anna and Ben, then Cleo and Anna, a day each together, from 08:00 UTC."""
    pair = Roster.objects.create(slug="pair", name="Pair", team=team, time_zone="UTC")
    layer_of(pair, people, at_once=2, handoff_time=time(8))
    actions.materialise(pair)
    return pair


def seated(number: str, name: str, seat: int, day: int) -> str:
    return event(
        number, f":202603{day:02}T100000Z", f":202603{day:02}T120000Z", summary=name, more=f"X-ADO-SEAT:{seat}"
    )


def test_a_calendar_lets_two_people_change_seats_and_puts_nobody_into_two(pair, manager):
    changed = calendar(
        seated("1", "Cleo", 1, 3),
        seated("2", "Anna", 0, 3),
        seated("3", "Ben", 1, 4),  # holds the first
        seated("4", "Mona", 2, 5),
    )
    plan = actions.plan_import(pair, changed)
    assert [(entry.summary, entry.problem) for entry in plan.refused] == [
        ("Mona", "Pair has 2 seats."),
        ("Ben", "ben is on call for Pair within that time already, in another seat."),
    ]
    assert actions.import_turns(pair, plan.planned, by=manager) == 2
    at = datetime(2026, 3, 3, 11, tzinfo=UTC)
    held = pair.shifts.filter(during__contains=at).order_by("seat")
    assert [(shift.person.name, shift.source) for shift in held] == [("anna", "override"), ("cleo", "override")]


def test_a_calendar_that_says_a_person_in_two_seats_puts_them_into_one(pair, manager):
    plan = actions.plan_import(pair, calendar(seated("1", "Mona", 0, 3), seated("2", "Mona", 1, 3)))
    assert [entry.turn.seat for entry in plan.added] == [0]
    assert [(entry.turn.seat, entry.problem) for entry in plan.refused] == [
        (1, "mona is on call for Pair within that time already, in another seat.")
    ]


def test_a_second_event_at_the_same_time_needs_a_second_seat(roster, clock, manager):
    text = calendar(
        event("1", ":20260305T100000Z", ":20260305T120000Z", summary="Ben"),
        event("2", ":20260305T110000Z", ":20260305T130000Z", summary="Mona"),
    )
    plan = actions.plan_import(roster, text)
    assert ([entry.summary for entry in plan.added], [entry.problem for entry in plan.refused]) == (
        ["Ben"], ["Platform has 1 seat."],
    )  # fmt: skip


def test_a_calendar_of_thousands_of_changes_is_a_layer(roster, clock):
    text = calendar(event("1", ":20260302T000000Z", ":20260302T003000Z", summary="Ben", more="RRULE:FREQ=HOURLY"))
    with pytest.raises(reading.Unreadable, match="Make it a layer"):
        actions.plan_import(roster, text)


def test_only_managers_import(roster, clock, responder):
    with pytest.raises(NotAllowed):
        actions.import_turns(roster, actions.PlannedTurns((), 0), by=responder)
