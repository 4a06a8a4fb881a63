"""Managers hear of gaps before they matter, and once a week how their rosters stand."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core.errors import RuleViolation
from apps.engine import worker
from apps.engine.models import State, Timer
from apps.engine.runner import run_due
from apps.notifications import coverage, coverage_notices, queries
from apps.notifications.models import Channel, Notification, NotificationKind, Urgency
from apps.notifications.queries import PagesReceived
from apps.rosters import actions as rosters
from apps.rosters.models import Layer, LayerMember, Override, Roster, Rotation
from apps.rosters.rules import Window
from apps.teams.access import rebuild_grants
from apps.teams.actions import add_member, remove_member
from apps.teams.models import Team, TeamRole
from tests.factories.incidents import declare
from tests.factories.teams import make_person, make_team

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def mia(team):
    return make_person("Mia", team, TeamRole.MANAGER)


@pytest.fixture
def roster(team, olga, clock):
    """Olga, day and night, in turns of a day; the team's own."""
    return make_roster(team, olga)


def make_roster(team, *people, **fields):
    known = {"slug": "days", "name": "Days", "time_zone": "Europe/Berlin", "is_primary": True, **fields}
    roster = Roster.objects.create(team=team, **known)
    layer = Layer.objects.create(
        roster=roster, name="Days", rotation=Rotation.DAYS, handoff_time=time(12), starts_on=date(2026, 3, 1)
    )
    for position, person in enumerate(people):
        LayerMember.objects.create(layer=layer, person=person, position=position)
    rosters.materialise(roster, now=datetime(2026, 3, 1, 11, tzinfo=UTC))
    return roster


def warn_everybody():
    for team in Team.objects.order_by("pk"):
        coverage_notices.warn_of_gaps(team)


def plant_gap(person, start, end):
    return rosters.add_absence(person, start=start, end=end, by=person)


def told(person):
    return [
        (notice.urgency, notice.step.rpartition(":")[2])
        for notice in Notification.objects.filter(person=person, step__startswith="gap:").order_by("pk")
    ]


def test_a_gap_planted_seven_days_ahead_is_raised_to_the_managers_once(roster, olga, mia, clock, carried):
    gap = clock.now + 7 * DAY, clock.now + 7 * DAY + 8 * HOUR
    plant_gap(olga, *gap)
    for _ in range(5):
        warn_everybody()
        clock.shift(hours=1)
    run_due()
    [message] = carried[Channel.EMAIL].to(mia.email)
    assert message.subject == "Nobody is on call for Days: Mon 2026-03-09 11:00 to 19:00 CET"
    assert "team Platform" in message.text
    assert "/rosters/days/" in message.text
    assert told(mia) == [(Urgency.LOW, "ahead")]
    assert Notification.objects.get(person=mia).kind == NotificationKind.NOTICE
    assert not Notification.objects.filter(person=olga).exists()


def test_it_comes_by_itself_within_the_hour(roster, olga, mia, clock):
    worker.plan_recurring()
    run_due()
    plant_gap(olga, clock.now + 3 * DAY, clock.now + 3 * DAY + HOUR)
    clock.shift(hours=1, minutes=1)
    run_due()
    assert told(mia) == [(Urgency.LOW, "ahead")]


def test_leave_in_a_roster_that_stands_in_is_told_at_once_to_the_managers_of_the_other(roster, olga, mia, clock):
    other = make_team("holidays")
    zoe = make_person("Zoe", other, TeamRole.RESPONDER)
    week = {"stands_in_for": roster, "stands_in_during": (clock.now, clock.now + 9 * DAY)}
    make_roster(other, zoe, slug="week", name="Week", is_primary=False, **week)
    plant_gap(olga, clock.now, clock.now + 9 * DAY)
    run_due()
    assert told(mia) == []
    plant_gap(zoe, clock.now, clock.now + 2 * DAY)
    run_due()
    assert told(mia) == [(Urgency.HIGH, "soon")]


def leave_for_good(person):
    person.is_active = False
    person.save()
    rebuild_grants(person)


def lose_the_last_role(person):
    for membership in person.memberships.all():
        remove_member(membership)


@pytest.mark.parametrize("go", [leave_for_good, lose_the_last_role])
def test_whoever_left_is_no_cover_and_that_is_told_at_once_and_once(roster, olga, mia, clock, go):
    go(olga)
    run_due()
    assert told(mia) == [(Urgency.HIGH, "soon")]
    for _ in range(3):
        clock.shift(days=1)
        warn_everybody()
    assert told(mia) == [(Urgency.HIGH, "soon")]


def test_whoever_gets_another_role_leaves_nothing(roster, team, olga, mia):
    add_member(olga, team, TeamRole.COMMANDER)
    assert not Timer.objects.filter(kind=coverage_notices.WARN).exists()


def test_it_is_told_once_more_a_day_before_it_begins(roster, olga, mia, clock):
    plant_gap(olga, clock.now + 3 * DAY, clock.now + 3 * DAY + 8 * HOUR)
    for _ in range(4 * 24):
        warn_everybody()
        clock.shift(hours=1)
    assert told(mia) == [(Urgency.LOW, "ahead"), (Urgency.HIGH, "soon")]
    reminder = Notification.objects.filter(person=mia).latest("pk")
    assert reminder.created_at == clock.now - 2 * DAY


def test_one_that_moves_is_another(roster, olga, mia, clock):
    first = plant_gap(olga, clock.now + 3 * DAY, clock.now + 3 * DAY + 8 * HOUR)
    warn_everybody()
    rosters.remove_absence(first, by=olga)
    plant_gap(olga, clock.now + 3 * DAY + HOUR, clock.now + 3 * DAY + 8 * HOUR)
    warn_everybody()
    assert len(told(mia)) == 2


def test_one_that_is_filled_is_told_no_more(roster, olga, mia, clock):
    start = clock.now + 3 * DAY
    plant_gap(olga, start, start + 8 * HOUR)
    warn_everybody()
    rosters.add_override(roster, person=olga, start=start, end=start + 8 * HOUR, by=olga)
    clock.shift(days=2, hours=12)
    warn_everybody()
    assert len(told(mia)) == 1


def test_what_is_further_away_is_not_told_yet(roster, olga, mia, clock):
    plant_gap(olga, clock.now + 8 * DAY, clock.now + 9 * DAY)
    warn_everybody()
    assert told(mia) == []


def test_one_that_has_begun_is_told_once_and_says_so(roster, olga, mia, clock):
    plant_gap(olga, clock.now, clock.now + 30 * DAY)
    for _ in range(3):
        clock.shift(hours=6)
        warn_everybody()
    assert told(mia) == [(Urgency.HIGH, "soon")]
    notice = Notification.objects.get(person=mia)
    assert notice.subject == "Nobody is on call now: Days"
    assert "reach nobody" in notice.text


def test_at_night_nobody_is_woken_for_what_begins_after_it(roster, olga, mia, clock):
    clock.set(datetime(2026, 3, 3, 1, 0, tzinfo=UTC))  # 02:00 in Berlin
    plant_gap(olga, clock.now + 12 * HOUR, clock.now + 13 * HOUR)
    warn_everybody()
    assert told(mia) == []
    clock.shift(hours=4)
    warn_everybody()
    assert told(mia) == [(Urgency.HIGH, "soon")]


def test_for_what_begins_in_the_same_night_they_are(roster, olga, mia, clock):
    clock.set(datetime(2026, 3, 3, 1, 0, tzinfo=UTC))
    plant_gap(olga, clock.now + HOUR, clock.now + 13 * HOUR)
    warn_everybody()
    assert told(mia) == [(Urgency.HIGH, "soon")]


def test_without_a_manager_administrators_hear_of_it(roster, olga, clock):
    ada = make_person("Ada", None, TeamRole.ADMIN)
    plant_gap(olga, clock.now + DAY * 3, clock.now + DAY * 4)
    warn_everybody()
    assert len(told(ada)) == 1


def test_managers_hear_of_their_own_teams_only(roster, olga, mia, clock):
    other = make_team("ai")
    ella = make_person("Ella", other, TeamRole.MANAGER)
    make_roster(other, slug="empty", name="Empty")
    warn_everybody()
    assert told(mia) == []
    assert len(told(ella)) == 1


def test_looking_costs_the_same_however_many_gaps_were_told(roster, olga, mia, clock):
    costs = []
    for number in range(6):
        plant_gap(olga, clock.now + (number + 1) * DAY, clock.now + (number + 1) * DAY + HOUR)
        warn_everybody()
        assert len(told(mia)) == number + 1
        with CaptureQueriesContext(connection) as asked:
            warn_everybody()
        costs.append(len(asked))
    assert costs == costs[:1] * 6


def test_a_gap_that_goes_on_for_weeks_is_told_once(roster, olga, mia, clock):
    plant_gap(olga, clock.now, clock.now + 60 * DAY)
    for _ in range(30):
        clock.shift(days=1)
        rosters.materialise(roster)
        warn_everybody()
    assert told(mia) == [(Urgency.HIGH, "soon")]


def test_a_gap_whose_end_comes_into_sight_is_told_once(roster, olga, mia, clock):
    plant_gap(olga, clock.now, clock.now + 100 * DAY)
    for _ in range(30):
        clock.shift(days=1)
        warn_everybody()
    assert told(mia) == [(Urgency.HIGH, "soon")]


def test_a_gap_that_comes_nearer_long_after_the_last_shift_is_told_twice(team, olga, mia, clock):
    roster = make_roster(team, slug="later", name="Later")
    start = clock.now + timedelta(hours=1)
    rosters.add_override(roster, person=olga, start=start, end=start + 12 * DAY, by=mia)
    rosters.add_override(roster, person=olga, start=start + 12 * DAY, end=start + 20 * DAY, by=mia)
    for _ in range(40):
        warn_everybody()
        clock.shift(hours=17)
    assert told(mia) == [(Urgency.HIGH, "soon"), (Urgency.LOW, "ahead"), (Urgency.HIGH, "soon")]


def test_one_team_that_cannot_be_looked_at_keeps_no_other_from_hearing_of_its_gaps(
    roster, olga, mia, clock, monkeypatch
):
    broken = make_team("ai")
    make_roster(broken, slug="empty", name="Empty")
    found = coverage_notices.managers_of

    def fails_for_one(teams):
        if broken.pk in teams:
            raise RuleViolation("It breaks.")
        return found(teams)

    monkeypatch.setattr(coverage_notices, "managers_of", fails_for_one)
    plant_gap(olga, clock.now + HOUR, clock.now + 8 * HOUR)
    coverage_notices.plan_warnings()
    run_due()
    assert told(mia) == [(Urgency.HIGH, "soon")]
    timers = {timer.payload["team"]: timer for timer in Timer.objects.filter(kind=coverage_notices.WARN)}
    assert timers[roster.team.pk].state == State.DONE
    assert (timers[broken.pk].state, "It breaks." in timers[broken.pk].last_error) == (State.PENDING, True)


def test_a_team_whose_zone_nobody_knows_any_more_hears_of_its_gaps_too(roster, olga, mia, clock):
    Team.objects.filter(pk=roster.team.pk).update(time_zone="Mars/Base")
    plant_gap(olga, clock.now + HOUR, clock.now + 8 * HOUR)
    coverage_notices.warn_of_gaps(roster.team)
    assert told(mia) == [(Urgency.HIGH, "soon")]


def test_teams_without_rosters_are_not_looked_at(roster, mia, clock):
    make_roster(make_team("ai"), slug="gone", name="Gone", retired_at=clock.now)
    make_team("none")
    for _ in range(2):
        coverage_notices.plan_warnings()
    assert [timer.payload["team"] for timer in Timer.objects.filter(kind=coverage_notices.WARN)] == [roster.team.pk]


def weekly(person):
    return Notification.objects.filter(person=person, step__startswith="coverage:").order_by("pk")


@pytest.fixture
def at_seven(clock):
    """Monday, 07:00 in Berlin."""
    clock.set(datetime(2026, 3, 9, 6, 0, tzinfo=UTC))


def test_on_monday_at_seven_by_the_clock_of_the_team_its_managers_get_a_mail(
    roster, olga, mia, clock, at_seven, carried
):
    clock.shift(minutes=-1)
    coverage_notices.plan_weekly()
    run_due()
    assert carried[Channel.EMAIL].to(mia.email) == []
    clock.shift(minutes=1)
    coverage_notices.plan_weekly()
    run_due()
    [message] = carried[Channel.EMAIL].to(mia.email)
    assert message.subject == "Rosters of Platform: 1 single point of failure"
    assert "/coverage/?team=platform" in message.text


def test_once_a_week_however_often_it_is_planned(roster, mia, clock, at_seven):
    for _ in range(20):
        coverage_notices.plan_weekly()
        coverage_notices.plan_weekly()
        run_due()
        clock.shift(hours=1)
    assert weekly(mia).count() == 1
    clock.set(datetime(2026, 3, 16, 7, 0, tzinfo=UTC))
    coverage_notices.plan_weekly()
    run_due()
    assert [notice.step.partition(":")[2].partition(":")[2] for notice in weekly(mia)] == ["2026-W11", "2026-W12"]


def test_it_is_written_by_the_engine_itself(roster, mia, clock, at_seven):
    worker.plan_recurring()
    clock.shift(minutes=10)
    run_due()
    assert weekly(mia).count() == 1


def test_where_all_is_well_it_says_so(team, olga, mia, clock, at_seven):
    make_roster(team, olga, mia)
    coverage_notices.write(team, step="coverage:1")
    notice = weekly(mia).get()
    assert notice.subject == "Rosters of Platform: all is covered"
    assert "Somebody is on call whenever somebody should be." in notice.text
    assert notice.urgency == Urgency.LOW


def test_it_tells_gaps_who_cannot_be_paged_strain_and_load(roster, team, olga, mia, clock, at_seven):
    olga.contact_methods.all().delete()
    plant_gap(olga, clock.now + 10 * DAY, clock.now + 10 * DAY + 8 * HOUR)
    coverage_notices.write(team, step="coverage:1")
    notice = weekly(mia).get()
    assert notice.subject == (
        "Rosters of Platform: 1 gap, 1 single point of failure, 1 person who cannot be paged"
    )  # fmt: skip
    for line in (
        "- Days: Thu 2026-03-19 07:00 to 15:00 CET",
        "- Days: Olga cannot be paged and is on call for 89 d 16 h, first Mon 2026-03-09 07:00 CET",
        "- Olga: 14 nights within 14 days",
        "- Olga: 2152 h, nights 90",
    ):
        assert line in notice.text


def test_a_team_without_rosters_gets_none(team, mia, clock, at_seven):
    coverage_notices.plan_weekly()
    run_due()
    assert not weekly(mia).exists()


def test_a_long_list_is_cut(team, mia, clock, at_seven):
    for number in range(20):
        make_roster(team, slug=f"r{number}", name=f"R{number}", is_primary=False)
    coverage_notices.write(team, step="coverage:1")
    assert "- and 5 more" in weekly(mia).get().text


def test_pages_are_counted_by_night_in_the_receivers_zone(team, olga, mia, clock):
    mia.time_zone = "America/New_York"
    mia.save()
    page = partial(Notification.objects.create, kind=NotificationKind.PAGE, urgency=Urgency.HIGH)
    for person in (olga, mia):
        for number, hour in enumerate((2, 5, 6, 12, 21, 22)):
            at = datetime(2026, 2, 20, hour, 30, tzinfo=UTC)
            page(person=person, step=f"p{number}", subject="x", text="x", created_at=at)
    Notification.objects.create(
        person=olga, kind=NotificationKind.NOTICE, urgency=Urgency.LOW, step="n", subject="x", text="x",
        created_at=datetime(2026, 2, 20, 2, tzinfo=UTC),
    )  # fmt: skip
    since, until = datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
    found = queries.pages_received([olga, mia], since=since, until=until)
    assert found == {olga.pk: PagesReceived(6, 3), mia.pk: PagesReceived(6, 2)}
    assert queries.pages_received([olga], since=until, until=until + DAY) == {}


def test_coverage_joins_pages_of_as_long_a_time_before(roster, team, olga, clock, django_assert_max_num_queries):
    declared = declare(team, severity="P1")
    Notification.objects.create(
        person=olga, incident=declared, kind=NotificationKind.PAGE, urgency=Urgency.HIGH, step="p", subject="x",
        text="x", created_at=clock.now - 3 * DAY,
    )  # fmt: skip
    with django_assert_max_num_queries(9):
        found = coverage.of(Roster.objects.all(), Window(clock.now, clock.now + 4 * DAY))
    assert found.pages_of(olga) == PagesReceived(1, 0)
    assert coverage.of(Roster.objects.all(), Window(clock.now, clock.now + 2 * DAY)).pages_of(olga) == PagesReceived()


def test_an_override_that_ends_a_running_gap_is_seen(roster, olga, mia, clock):
    plant_gap(olga, clock.now, clock.now + 2 * DAY)
    Override.objects.create(roster=roster, person=mia, during=(clock.now, clock.now + 2 * DAY))
    rosters.materialise(roster, now=clock.now)
    warn_everybody()
    assert told(mia) == []


def test_one_of_two_is_told_once_without_haste(team, olga, mia, clock, carried):
    tom = make_person("Tom", team, TeamRole.RESPONDER)
    make_roster(team, olga, tom)
    Layer.objects.update(at_once=2)
    rosters.materialise(Roster.objects.get(), now=clock.now)
    plant_gap(tom, clock.now + DAY, clock.now + 3 * DAY)
    for _ in range(2 * 24):
        warn_everybody()
        clock.shift(hours=1)
    run_due()
    assert told(mia) == []  # it is no gap: somebody is paged
    [message] = carried[Channel.EMAIL].to(mia.email)
    assert message.subject == "Only 1 of 2 is on call for Days: Tue 2026-03-03 11:00 to Thu 2026-03-05 11:00 CET"
    assert "Nobody" not in message.text
    assert Notification.objects.get(person=mia).urgency == Urgency.LOW


def test_a_roster_that_never_had_as_many_as_it_wants_is_told_once(roster, mia, clock, carried):
    Layer.objects.update(at_once=2)
    for _ in range(40):
        warn_everybody()
        clock.shift(days=1)
        rosters.materialise(roster, now=clock.now)
    run_due()
    [message] = carried[Channel.EMAIL].to(mia.email)
    assert message.subject == "Only 1 of 2 is on call now: Days"
    assert "It has begun: pages to this roster reach fewer people than they should." in message.text


def test_one_of_two_that_goes_on_for_weeks_is_told_once(team, olga, mia, clock):
    tom = make_person("Tom", team, TeamRole.RESPONDER)
    roster = make_roster(team, olga, tom)
    Layer.objects.update(at_once=2)
    rosters.materialise(roster, now=clock.now)
    plant_gap(tom, clock.now + 2 * DAY, clock.now + 80 * DAY)
    for _ in range(40):
        warn_everybody()
        clock.shift(days=1)
        rosters.materialise(roster, now=clock.now)
    assert Notification.objects.filter(person=mia).count() == 1


def test_the_weekly_mail_tells_one_of_two(team, olga, mia, clock, at_seven):
    tom = make_person("Tom", team, TeamRole.RESPONDER)
    make_roster(team, olga, tom)
    Layer.objects.update(at_once=2)
    rosters.materialise(Roster.objects.get(), now=clock.now)
    plant_gap(tom, clock.now + DAY, clock.now + 3 * DAY)
    coverage_notices.write(team, step="coverage:1")
    notice = weekly(mia).get()
    assert notice.subject.startswith("Rosters of Platform: 1 time with too few people")
    assert "Somebody is on call whenever somebody should be." in notice.text
    assert "Fewer people than wanted (1)\n- Days: 1 of 2, Tue 2026-03-10 07:00 to Thu" in notice.text
