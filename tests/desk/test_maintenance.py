"""The page of maintenance, and what an incident's page says of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.catalog import actions
from apps.catalog.models import MaintenanceWindow, Service
from apps.incidents.models import Via
from apps.teams import access
from apps.teams.models import Team, TeamRole
from tests.escalation.test_chain import let_pass
from tests.factories.incidents import declare
from tests.factories.teams import make_person, make_team

PAGE = "/maintenance/"


def shown(client, address=PAGE) -> str:
    return client.get(address).content.decode()


def test_a_responder_begins_it_sees_it_and_ends_it(house, rita, clock):
    asked = rita.get(PAGE)
    assert 'name="all_services"' not in asked.content.decode()
    sent = {"services": [house.api.pk], "message": "Moving the database", "ends_at": "2026-03-02T12:00"}
    assert rita.post(PAGE, sent).status_code == 302
    window = MaintenanceWindow.objects.get()
    assert (window.starts_at, window.created_by) == (clock.now, house.rita)
    assert "Moving the database" in shown(rita)
    assert f"/maintenance/{window.pk}/end/" in shown(rita)
    clock.shift(minutes=10)
    assert rita.post(f"/maintenance/{window.pk}/end/").status_code == 302
    window.refresh_from_db()
    assert (window.state, window.ended_early_by) == ("past", house.rita)
    assert "Ended early" in shown(rita)


def test_its_end_is_changed_on_the_page(house, rita, clock):
    window = actions.plan_maintenance(by=house.rita, services=[house.api])
    later = window.ends_at + timedelta(hours=1)
    rita.post(f"/maintenance/{window.pk}/change/", {"ends_at": f"{later:%Y-%m-%dT%H:%M}"})
    window.refresh_from_db()
    assert window.ends_at > window.starts_at + timedelta(minutes=59)
    before = window.ends_at
    answer = rita.post(f"/maintenance/{window.pk}/change/", {"ends_at": "soon"}, follow=True)
    assert "Enter a valid date/time" in answer.content.decode()
    window.refresh_from_db()
    assert window.ends_at == before


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        ({"ends_at": "2026-03-02T15:00"}, "Choose at least one service"),
        ({"services": "own", "ends_at": ""}, "This field is required"),
        ({"services": "own", "ends_at": "2026-03-02T01:00"}, "The end lies after the start"),
        ({"services": "own", "ends_at": "2026-03-30T01:00"}, "7 days at most"),
        ({"services": "own", "ends_at": "9999-12-31T23:59"}, "Expected a day up to 2100-01-01"),
        ({"services": "other", "ends_at": "2026-03-02T15:00"}, "not one of the available choices"),
    ],
)
def test_what_makes_no_window_is_said_and_changes_nothing(house, rita, sent, why):
    agents = Service.objects.create(slug="agents", name="Agents", team=house.ai)
    services = {"own": [house.api.pk], "other": [agents.pk]}
    answer = rita.post(PAGE, {**sent, "services": services.get(sent.get("services"), [])})
    assert answer.status_code == 422
    assert why in answer.content.decode()
    assert not MaintenanceWindow.objects.exists()


def test_a_wall_time_that_comes_twice_is_refused_and_the_next_is_read_in_the_viewers_zone(house, rita, clock):
    clock.set(datetime(2026, 10, 25, 0, 10, tzinfo=UTC))  # 2:10 in Berlin, for the first time
    house.rita.time_zone = "Europe/Berlin"
    house.rita.save()
    sent = {"services": [house.api.pk], "message": "By night"}
    assert rita.post(PAGE, {**sent, "ends_at": "2026-10-25T02:30"}).status_code == 422
    assert rita.post(PAGE, {**sent, "ends_at": "2026-10-25T03:30"}).status_code == 302
    window = MaintenanceWindow.objects.get()
    assert window.ends_at == datetime(2026, 10, 25, 2, 30, tzinfo=UTC)


def test_whoever_manages_a_team_above_plans_it_too(house, signed_in):
    above = make_team("above")
    Team.objects.filter(pk=house.api.team_id).update(parent=above)
    access.rebuild_grants()
    manager = signed_in(make_person("Mona", above, TeamRole.MANAGER))
    assert str(house.api) in shown(manager)
    sent = {"services": [house.api.pk], "message": "Moving", "ends_at": "2026-03-02T12:00"}
    assert manager.post(PAGE, sent).status_code == 302
    assert MaintenanceWindow.objects.get().created_by.name == "Mona"


def test_an_administrator_may_choose_all_services(house, signed_in):
    admin = signed_in(make_person("Ada", None, TeamRole.ADMIN))
    assert 'name="all_services"' in shown(admin)
    both = {"services": [house.api.pk], "all_services": "on", "ends_at": "2026-03-02T15:00"}
    assert admin.post(PAGE, both).status_code == 422
    assert admin.post(PAGE, {"all_services": "on", "ends_at": "2026-03-02T15:00"}).status_code == 302
    assert MaintenanceWindow.objects.get().all_services


def test_who_only_reads_sees_it_and_cannot_begin_or_end_it(house, signed_in):
    window = actions.plan_maintenance(by=house.rita, services=[house.api], message="Moving")
    stella = signed_in(house.stella)
    page = shown(stella)
    assert "Moving" in page
    assert "Begin maintenance</button>" not in page
    assert f"/maintenance/{window.pk}/end/" not in page
    stella.post(f"/maintenance/{window.pk}/end/")
    assert stella.post(PAGE, {"services": [house.api.pk], "ends_at": "2026-03-02T15:00"}).status_code == 403
    window.refresh_from_db()
    assert (window.state, MaintenanceWindow.objects.count()) == ("now", 1)


def test_the_windows_of_other_teams_are_not_there(house, signed_in):
    window = actions.plan_maintenance(by=house.rita, services=[house.api], message="Moving")
    ella = signed_in(house.ella)
    assert "Moving" not in shown(ella)
    for verb in ("end", "change"):
        assert ella.post(f"/maintenance/{window.pk}/{verb}/").status_code == 404


def test_an_incident_says_that_it_waits_and_until_when(house, rita, clock):
    actions.plan_maintenance(by=house.rita, services=[house.api], message="Moving the database")
    incident = declare(house.platform, via=Via.ALERT, services=[house.api])
    let_pass(clock, clock.now)
    page = shown(rita, incident.get_absolute_url())
    assert "Maintenance until" in page
    assert "Moving the database" in page
    assert "Maintenance until 2026-03-02 11:00 UTC: Moving the database" in page  # why the level is held
    head = shown(rita, f"{incident.get_absolute_url()}parts/head/")
    assert "Moving the database" in head
    clock.shift(hours=1)
    assert "Moving the database" not in shown(rita, f"{incident.get_absolute_url()}parts/head/")


def test_the_services_say_what_is_under_maintenance_in_a_constant_number_of_queries(
    house, rita, clock, django_assert_max_num_queries
):
    with django_assert_max_num_queries(60) as before:
        shown(rita, "/services/")
    actions.plan_maintenance(by=house.rita, services=[house.api])
    for number in range(5):
        Service.objects.create(slug=f"s{number}", name=f"S{number}", team=house.platform)
    with django_assert_max_num_queries(len(before) + 1):  # the services of the windows
        assert "Maintenance until" in shown(rita, "/services/")


def test_the_page_costs_the_same_however_many_windows_there_are(house, rita):
    def cost() -> int:
        with CaptureQueriesContext(connection) as context:
            shown(rita)
        return len(context)

    actions.plan_maintenance(by=house.rita, services=[house.api])
    few = cost()
    for number in range(6):
        actions.plan_maintenance(by=house.rita, services=[house.api], message=f"Disk {number}")
    assert cost() == few
