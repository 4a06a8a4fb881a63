"""Maintenance windows: who plans them, how they end, what is read of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, transaction

from apps.catalog import actions, queries
from apps.catalog.models import MaintenanceWindow, Service, WindowState
from apps.core.errors import Invalid, NotAllowed, RuleViolation
from apps.teams.actions import add_member
from apps.teams.models import Team, TeamRole, User
from tests.factories.teams import make_person, make_team

pytestmark = pytest.mark.django_db


@pytest.fixture
def team(clock) -> Team:
    return make_team()


@pytest.fixture
def other(clock) -> Team:
    return make_team("ai")


@pytest.fixture
def api(team) -> Service:
    return Service.objects.create(slug="api", name="API", team=team)


@pytest.fixture
def cli(team) -> Service:
    return Service.objects.create(slug="cli", name="CLI", team=team)


@pytest.fixture
def agents(other) -> Service:
    return Service.objects.create(slug="agents", name="Agents", team=other)


@pytest.fixture
def rita(team) -> User:
    return make_person("Rita", team, TeamRole.RESPONDER)


@pytest.fixture
def admin(team) -> User:
    person = make_person("Ada")
    add_member(person, None, TeamRole.ADMIN)
    return person


def plan(by, *services, **known) -> MaintenanceWindow:
    return actions.plan_maintenance(by=by, services=services, **known)


def test_without_times_it_begins_now_and_lasts_an_hour(api, rita, clock):
    window = plan(rita, api, message="  Moving the\ndatabase ")
    assert (window.starts_at, window.ends_at) == (clock.now, clock.now + timedelta(hours=1))
    assert (window.message, window.created_by, window.state) == ("Moving the database", rita, WindowState.NOW)
    assert list(window.services.all()) == [api]
    assert not window.all_services


def test_a_start_that_has_passed_means_now(api, rita, clock):
    window = plan(rita, api, starts_at=clock.now - timedelta(days=9), ends_at=clock.now + timedelta(hours=2))
    assert window.starts_at == clock.now


def test_a_start_in_another_century_is_refused_as_a_mistake(api, rita, clock):
    with pytest.raises(Invalid, match="366 days ahead"):
        actions.plan_maintenance(services=[api], starts_at=datetime(9999, 12, 31, 23, 59, tzinfo=UTC), by=rita)


def test_one_that_is_planned_is_not_moved_there_either(api, rita, clock):
    window = plan(rita, api, starts_at=clock.now + timedelta(hours=1), ends_at=clock.now + timedelta(hours=2))
    far = datetime(9999, 12, 31, 20, tzinfo=UTC)
    with pytest.raises(Invalid, match="366 days ahead"):
        actions.change_maintenance(window.pk, starts_at=far, ends_at=far + timedelta(hours=1), by=rita)
    with pytest.raises(IntegrityError, match="maintenance_within_the_century"), transaction.atomic():
        MaintenanceWindow.objects.filter(pk=window.pk).update(starts_at=far, ends_at=far + timedelta(hours=1))


def test_it_ends_by_itself_and_that_instant_is_outside_of_it(api, rita, clock):
    window = plan(rita, api)
    clock.shift(minutes=59, seconds=59)
    assert queries.covering([api], clock.now).until == window.ends_at
    clock.shift(seconds=1)
    assert queries.covering([api], clock.now) is None
    assert window.state == WindowState.PAST


def test_who_does_not_say_an_end_that_makes_sense_is_refused(api, rita, clock):
    with pytest.raises(Invalid, match="7 days at most"):
        plan(rita, api, ends_at=clock.now + timedelta(days=8))
    with pytest.raises(Invalid, match="200 characters"):
        plan(rita, api, message="x" * 201)
    assert not MaintenanceWindow.objects.exists()


@pytest.mark.parametrize("role", [TeamRole.RESPONDER, TeamRole.COMMANDER, TeamRole.MANAGER])
def test_who_responds_for_a_team_keeps_the_maintenance_of_its_services(team, api, role):
    person = make_person("Pia", team, role)
    window = plan(person, api)
    actions.change_maintenance(window.pk, ends_at=window.ends_at + timedelta(hours=1), by=person)
    assert actions.end_maintenance(window.pk, by=person).ended_early_by == person


@pytest.mark.parametrize("role", [TeamRole.STAKEHOLDER, TeamRole.AUDITOR, None])
def test_who_only_reads_or_is_of_another_team_does_not(team, other, api, rita, role):
    person = make_person("Pia", team, role) if role else make_person("Pia", other, TeamRole.RESPONDER)
    with pytest.raises(NotAllowed):
        plan(person, api)
    window = plan(rita, api)
    for refused in (
        lambda: actions.change_maintenance(window.pk, message="Mine", by=person),
        lambda: actions.end_maintenance(window.pk, by=person),
    ):
        with pytest.raises(NotAllowed):
            refused()
    window.refresh_from_db()
    assert (window.message, window.ended_early_at) == ("", None)


def test_services_of_several_teams_take_the_right_to_each(api, agents, rita, other):
    with pytest.raises(NotAllowed, match="Ai"):
        plan(rita, api, agents)
    window = plan(rita, api)
    with pytest.raises(NotAllowed):
        actions.change_maintenance(window.pk, services=[api, agents], by=rita)
    add_member(rita, other, TeamRole.RESPONDER)
    both = plan(User.objects.get(pk=rita.pk), api, agents)
    assert list(both.services.all()) == [api, agents]


def test_all_services_take_an_administrator(rita, admin, api, clock):
    with pytest.raises(NotAllowed, match="administrators"):
        plan(rita)
    window = plan(admin)
    assert window.all_services
    assert queries.covering([api], clock.now).windows == [window]
    with pytest.raises(NotAllowed):
        actions.change_maintenance(window.pk, services=[api], by=rita)
    actions.change_maintenance(window.pk, services=[api], by=admin)
    window.refresh_from_db()
    assert not window.all_services
    actions.change_maintenance(window.pk, services=[], by=admin)
    window.refresh_from_db()
    assert (window.all_services, window.services.count()) == (True, 0)


def test_a_window_that_loses_its_services_covers_nothing(api, cli, rita, clock):
    window = plan(rita, api)
    window.services.clear()
    assert queries.covering([cli], clock.now) is None
    assert queries.touching([api], clock.now) == []


def test_what_is_over_is_neither_changed_nor_ended_again(api, rita, clock):
    window = plan(rita, api)
    actions.end_maintenance(window.pk, by=rita)
    for late in (
        lambda: actions.end_maintenance(window.pk, by=rita),
        lambda: actions.change_maintenance(window.pk, ends_at=clock.now + timedelta(hours=2), by=rita),
    ):
        with pytest.raises(RuleViolation, match="over"):
            late()


def test_one_that_did_not_begin_is_taken_back_and_never_on(api, rita, clock):
    window = plan(rita, api, starts_at=clock.now + timedelta(hours=1), ends_at=clock.now + timedelta(hours=2))
    assert window.state == WindowState.PLANNED
    actions.end_maintenance(window.pk, by=rita)
    clock.shift(minutes=90)
    assert queries.covering([api], clock.now) is None
    assert queries.windows_from(clock.now) == []


def test_a_start_changes_until_it_has_begun(api, rita, clock):
    later = clock.now + timedelta(hours=1)
    window = plan(rita, api, starts_at=later, ends_at=later + timedelta(hours=1))
    moved = actions.change_maintenance(window.pk, starts_at=later + timedelta(minutes=10), by=rita)
    clock.set(moved.starts_at)
    with pytest.raises(RuleViolation, match="begun"):
        actions.change_maintenance(window.pk, starts_at=clock.now + timedelta(minutes=1), by=rita)
    actions.change_maintenance(window.pk, ends_at=clock.now + timedelta(hours=3), by=rita)


def test_an_end_in_the_past_is_refused_for_ending_it_is_another_thing(api, rita, clock):
    window = plan(rita, api)
    clock.shift(minutes=30)
    with pytest.raises(Invalid, match="has passed"):
        actions.change_maintenance(window.pk, ends_at=clock.now, by=rita)


def test_the_history_says_who_changed_what(api, cli, rita, admin):
    window = plan(rita, api)
    actions.change_maintenance(window.pk, services=[api, cli], by=admin)
    latest = window.history.first()
    assert latest.history_user == admin
    assert {row.service for row in latest.services.all()} == {api, cli}
    assert window.history.last().history_user == rita


@pytest.mark.parametrize(
    ("wrong", "constraint"),
    [
        ({"ends_at": datetime(2026, 3, 2, 9, tzinfo=UTC)}, "maintenance_ends_after_its_start"),
        ({"ends_at": datetime(2026, 3, 12, tzinfo=UTC)}, "maintenance_not_for_ever"),
        ({"ended_early_at": datetime(2026, 3, 2, 12, tzinfo=UTC)}, "maintenance_ended_early_is_early"),
    ],
)
def test_the_database_refuses_a_window_without_a_sensible_end(api, rita, wrong, constraint):
    window = plan(rita, api)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        MaintenanceWindow.objects.filter(pk=window.pk).update(**wrong)


def test_overlapping_windows_cover_together(api, cli, rita, clock):
    plan(rita, api, message="First", ends_at=clock.now + timedelta(hours=2))
    longer = plan(rita, api, cli, message="Second", ends_at=clock.now + timedelta(hours=3))
    found = queries.covering([api], clock.now)
    assert (found.until, found.windows[0]) == (longer.ends_at, longer)
    assert found.text == "Maintenance until 2026-03-02 13:00 UTC: Second"
    assert [str(window) for window in queries.touching([api], clock.now)] == ["Second", "First"]


def test_what_covers_is_asked_in_the_same_number_of_queries_however_much_there_is(
    api, rita, clock, django_assert_num_queries
):
    with django_assert_num_queries(1):
        assert queries.covering([api], clock.now) is None
    for number in range(6):
        service = Service.objects.create(slug=f"s{number}", name=f"S{number}", team=api.team)
        plan(rita, api, service)
    services = list(Service.objects.all())
    with django_assert_num_queries(2):
        assert queries.covering(services, clock.now) is not None
    with django_assert_num_queries(2):
        assert len(queries.touching(services, clock.now)) == 6


def test_one_sees_the_windows_of_services_that_one_sees(api, agents, rita, admin, clock):
    theirs, both, everything = plan(admin, agents), plan(admin, api, agents), plan(admin)
    seen = {window.pk: window for window in queries.visible_windows(rita)}
    assert set(seen) == {both.pk, everything.pk}
    assert list(seen[both.pk].services.all()) == [api]
    assert (seen[both.pk].names_others, seen[everything.pk].names_others) == (True, False)
    assert not actions.may_keep_maintenance(rita, seen[both.pk])
    assert theirs.pk in {window.pk for window in queries.visible_windows(admin)}


def run(*words: str) -> str:
    out = StringIO()
    call_command("maintenance", *words, stdout=out)
    return out.getvalue()


def test_the_command_begins_lists_and_ends(api, cli, clock):
    assert run("list") == "No maintenance is on or planned.\n"
    told = run("enable", "--service", "api", "--message", "Moving", "--until", "2026-03-02T12:30:00+01:00")
    assert "2026-03-02 10:00 to 2026-03-02 11:30 UTC  api: Moving" in told
    assert queries.covering([api], clock.now).until == datetime(2026, 3, 2, 11, 30, tzinfo=UTC)
    (listed,) = json.loads(run("list", "--json"))
    assert (listed["services"], listed["state"], listed["message"]) == (["api"], "now", "Moving")
    assert json.loads(run("list", "--service", "cli", "--json")) == []
    run("disable", "--service", "api")
    assert queries.covering([api], clock.now) is None


def test_the_command_without_a_service_is_about_all(api, agents, clock):
    run("enable")
    assert queries.covering([api, agents], clock.now).until == clock.now + timedelta(hours=1)
    run("disable")
    assert queries.windows_from(clock.now) == []


def test_the_command_takes_one_service_out_of_a_window_of_two(api, cli, rita, clock):
    window = plan(rita, api, cli)
    run("disable", "--service", "api")
    window.refresh_from_db()
    assert (list(window.services.all()), window.state) == ([cli], WindowState.NOW)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("enable", "--service", "nothing"), "There is no service"),
        (("enable", "--until", "tomorrow"), "expected a time with an offset"),
        (("enable", "--until", "2026-03-02T12:00:00"), "expected a time with an offset"),
        (("enable", "--until", "2026-02-30T12:00:00Z"), "--until 2026-02-30"),
        (("enable", "--until", "2026-03-02T09:00:00Z"), "The end lies after the start"),
        (("disable",), "No maintenance is on"),
        (("disable", "--service", "api"), "No maintenance is on for API"),
    ],
)
def test_the_command_says_what_is_wrong(api, words, why):
    with pytest.raises(CommandError, match=why):
        run(*words)


def test_the_command_does_not_end_all_services_for_one(api, clock):
    run("enable")
    with pytest.raises(CommandError, match="with all other services"):
        run("disable", "--service", "api")
    assert queries.covering([api], clock.now) is not None


def test_the_same_within_half_a_minute_is_planned_once(api, cli, rita, admin, clock):
    plan(rita, api, message="Disks")
    clock.shift(seconds=20)
    with pytest.raises(RuleViolation, match="not planned twice"):
        plan(rita, api, message="Disks")
    plan(rita, cli, message="Disks")
    plan(rita, api, message="Other disks")
    plan(admin, api, message="Disks")
    clock.shift(seconds=11)
    plan(rita, api, message="Disks")
    assert MaintenanceWindow.objects.count() == 5


def test_one_that_was_ended_is_planned_again_at_once(api, rita, clock):
    actions.end_maintenance(plan(rita, api).pk, by=rita)
    plan(rita, api)
    assert MaintenanceWindow.objects.count() == 2


FIRST_AND_LAST = [
    ("ends_at", datetime(1, 1, 1, tzinfo=ZoneInfo("Europe/Berlin"))),
    ("ends_at", datetime(9999, 12, 31, 23, 59, tzinfo=ZoneInfo("America/New_York"))),
    ("starts_at", datetime(9999, 12, 31, 23, 59, tzinfo=ZoneInfo("America/New_York"))),
]


@pytest.mark.parametrize(("field", "moment"), FIRST_AND_LAST)
def test_a_moment_at_the_ends_of_the_calendar_is_refused(api, rita, clock, field, moment):
    with pytest.raises(Invalid, match="no such time") as refused:
        plan(rita, api, **{field: moment})
    assert refused.value.field == field
    planned = plan(rita, api, starts_at=clock.now + timedelta(hours=1), ends_at=clock.now + timedelta(hours=2))
    with pytest.raises(Invalid, match="no such time"):
        actions.change_maintenance(planned.pk, by=rita, **{field: moment})
