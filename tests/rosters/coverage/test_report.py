"""The report on rosters that are stored: what is missing, on whom they hang, what it asks of people."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.test.utils import CaptureQueriesContext

from apps.rosters import actions, coverage
from apps.rosters.coverage import Measure, Seats, StrainKind, WeakPointKind
from apps.rosters.models import CalendarSource, CalendarTurn, Override, Restriction, Roster, Rotation
from apps.rosters.rules import Window
from apps.teams.models import Team, TeamRole
from tests.rosters.building import layer_of, member

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def window(clock) -> Window:
    """Two weeks from Monday 2 March 2026, 10:00 UTC."""
    return Window(clock.now, clock.now + 14 * DAY)


def other_roster(clock, slug, people, team=None, **fields):
    """Another roster, and the layer that ``fields`` make of the people."""
    restriction = fields.pop("restriction", None)
    roster = Roster.objects.create(slug=slug, name=slug.title(), team=team or Team.objects.get(slug="platform"))
    layer = layer_of(roster, people, **fields)
    if restriction:
        Restriction.objects.create(layer=layer, **restriction)
    actions.materialise(roster, now=clock.now)
    return roster


def report(window, **options):
    return coverage.of_rosters(Roster.objects.all(), window, **options)


def of_roster(roster, window):
    return next(iter(coverage.of_rosters(Roster.objects.filter(pk=roster.pk), window).rosters), None)


def everybody_but(*people):
    return lambda asked: [person for person in asked if person not in people]


def test_where_people_take_turns_nothing_is_missing(roster, window):
    [found] = report(window).rosters
    assert (found.gaps, found.weak_points, found.shares) == ([], [], [])
    assert found.wanted == [Seats(window.start, window.end, 1)]


def test_a_primary_roster_without_layers_is_one_gap(clock, team, window):
    roster = Roster.objects.create(slug="new", name="New", team=team, is_primary=True)
    [gap] = of_roster(roster, window).gaps
    assert (gap.missing, gap.since, gap.until) == (14 * DAY, None, None)


def test_when_all_are_away_there_is_a_gap_from_handover_to_handover(clock, team, people, roster, manager, window):
    away = clock.now + 3 * DAY, clock.now + 5 * DAY
    for person in people:
        actions.add_absence(person, start=away[0], end=away[1], by=person)
    [gap] = of_roster(roster, window).gaps
    assert (gap.start, gap.end, gap.since, gap.until) == (*away, *away)


def test_an_empty_layer_of_office_hours_is_one_gap_of_office_hours(clock, team, window):
    office = {"weekdays": [0, 1, 2, 3, 4], "start": time(9), "end": time(17)}
    roster = other_roster(clock, "office", [], restriction=office)
    [gap] = of_roster(roster, window).gaps
    assert (gap.missing, len(gap.parts)) == (7 * HOUR + 9 * 8 * HOUR + HOUR, 11)


def test_a_roster_that_runs_out_is_a_gap(clock, team, people, window):
    roster = other_roster(clock, "short", people, ends_on=date(2026, 3, 10))
    [gap] = of_roster(roster, window).gaps
    assert (gap.start, gap.until) == (clock.now + 8 * DAY - HOUR, None)


def test_whoever_stands_in_for_a_week_is_wanted_for_that_week(clock, team, people, roster, window):
    during = (clock.now + DAY, clock.now + 3 * DAY)
    temporary = Roster.objects.create(
        slug="holiday", name="Holiday", team=team, stands_in_for=roster, stands_in_during=during
    )
    layer_of(temporary, [])
    assert [gap.parts for gap in of_roster(temporary, window).gaps] == [(Window(*during),)]


def test_a_roster_with_one_who_can_be_paged_hangs_on_them(people, roster, window):
    [found] = report(window, who_can_be_paged=everybody_but(*people[1:])).rosters
    assert [(point.kind, point.person, point.length) for point in found.weak_points] == [
        (WeakPointKind.ONLY_ONE, people[0], timedelta()),
        (WeakPointKind.CANNOT_BE_PAGED, people[1], 5 * DAY),
        (WeakPointKind.CANNOT_BE_PAGED, people[2], 4 * DAY + 2 * HOUR),
    ]
    assert (
        found.weak_points[1].turns[0].start
        == roster.shifts.get(person=people[1], during__startswith__lt=window.start + DAY).start
    )


def test_whose_turn_does_not_come_within_the_time_is_somebody_to_fall_back_on(clock, people, window):
    other_roster(clock, "long", people[:2], rotation=Rotation.MONTHS)
    [found] = report(window).rosters
    assert found.weak_points == []


def test_a_seat_of_somebody_who_left_is_told(people, roster, window):
    people[0].is_active = False
    people[0].save()
    [point] = of_roster(roster, window).weak_points
    assert (point.kind, point.person) == (WeakPointKind.LEFT, people[0])


def test_load_is_told_in_the_persons_own_zone_and_holidays(clock, team, people, window):
    anna = people[0]
    anna.time_zone, anna.holidays_of = "Asia/Kolkata", "IN"
    anna.save()
    night_in_utc = {"weekdays": list(range(7)), "start": time(20), "end": time(4), "days": 1}
    other_roster(clock, "nights", [anna], restriction=night_in_utc)
    [load] = report(window).people
    assert load.hours.night.total_seconds() < load.hours.total.total_seconds() / 2  # 01:30 to 09:30 in India
    assert load.hours.holiday > timedelta()  # Holi, on 4 March 2026
    assert load.hours.total == 14 * 8 * HOUR


def test_two_rosters_at_once_count_once(clock, team, people, window):
    for slug in ("one", "two"):
        other_roster(clock, slug, people[:1])
    [load] = report(window).people
    assert (load.hours.total, load.nights) == (14 * DAY, 14)
    assert [roster.slug for roster in load.rosters] == ["one", "two"]
    assert {strain.kind for strain in load.strains} == {StrainKind.NO_BREAK, StrainKind.MANY_NIGHTS}


def test_what_was_before_now_strains_and_is_no_load(clock, team, people):
    other_roster(clock, "days", people[:1], ends_on=date(2026, 3, 11))
    clock.shift(days=7)
    [load] = report(Window(clock.now, clock.now + 14 * DAY)).people
    assert load.hours.total == 2 * DAY - HOUR
    [worst, nights] = load.strains
    assert (worst.kind, worst.amount) == (StrainKind.NO_BREAK, 9 * DAY - HOUR)
    assert (nights.kind, nights.nights) == (StrainKind.MANY_NIGHTS, 9)


def test_who_has_most_of_a_roster_is_told(clock, team, manager, people, roster):
    for number in range(1, 60):
        start = clock.now + number * DAY
        Override.objects.create(roster=roster, person=people[0], during=(start, start + DAY))
    actions.materialise(roster, now=clock.now)
    [found] = report(Window(clock.now, clock.now + 90 * DAY)).rosters
    assert {(share.person, share.measure) for share in found.shares} == {(people[0], measure) for measure in Measure}
    assert found.shares[0].times == pytest.approx(2.3, abs=0.1)


def test_retired_rosters_are_none_of_it(clock, roster, manager, window):
    actions.retire(roster, by=manager)
    assert report(window).rosters == []
    assert of_roster(roster, window) is None


def test_it_costs_the_same_for_one_roster_and_for_many(clock, roster, people, window):
    with CaptureQueriesContext(
        connection,
    ) as one:
        report(window)
    for number in range(8):
        team = Team.objects.create(slug=f"t{number}", name=f"T{number}")
        others = [member(f"p{number}-{count}@example.com", team, TeamRole.RESPONDER) for count in range(3)]
        office = {"weekdays": [0, 1, 2, 3, 4], "start": time(9), "end": time(17)}
        other_roster(clock, f"r{number}", others, team, restriction=office)
    with CaptureQueriesContext(connection) as many:
        found = report(window)
    assert len(found.rosters) == 9
    assert len(one) <= len(many) <= 8
    with CaptureQueriesContext(connection) as gaps:
        coverage.gaps_of(Roster.objects.all(), window)
    assert len(gaps) == 4


def test_of_a_calendar_that_nobody_read_yet_is_wanted_what_its_layer_covers_and_nobody_is_there(clock, people, window):
    roster = other_roster(clock, "calendar", people[:1])
    CalendarSource.objects.create(layer=roster.layers.get(), url="https://calendar.example.com/team.ics")
    actions.materialise(roster, now=clock.now)
    found = of_roster(roster, window)
    assert [gap.parts for gap in found.gaps] == [(window,)]
    assert found.weak_points == []


def test_of_a_calendar_is_wanted_what_stands_in_it_and_whoever_stands_in_it_is_on_the_roster(clock, people, window):
    anna, ben, _ = people
    roster = other_roster(clock, "calendar", [])
    source = CalendarSource.objects.create(
        layer=roster.layers.get(), url="https://calendar.example.com/team.ics", expanded_at=clock.now
    )
    for person, day in ((anna, 1), (ben, 2)):
        during = DateTimeTZRange(clock.now + day * DAY, clock.now + day * DAY + 8 * HOUR)
        CalendarTurn.objects.create(source=source, person=person, during=during)
    actions.materialise(roster, now=clock.now)
    actions.add_absence(ben, start=clock.now + 2 * DAY, end=clock.now + 2 * DAY + 3 * HOUR, by=ben)
    found = of_roster(roster, window)
    [gap] = found.gaps
    assert (gap.start, gap.missing) == (clock.now + 2 * DAY, 3 * HOUR)
    assert sum((each.end - each.start for each in found.wanted), timedelta()) == 16 * HOUR
    assert found.weak_points == []
