"""A health check that fails often enough is an alert of its service, as any sender's is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError

from apps.alerts import handlers
from apps.alerts.actions.health import FIRES_AGAIN, HEALTH, SENDER
from apps.alerts.models import Alert, Integration
from apps.catalog import actions as catalog
from apps.catalog import handlers as catalog_handlers
from apps.catalog.actions.health import note_finding
from apps.catalog.health.probes import Finding
from apps.catalog.models import HealthCheck, Outcome, Service
from apps.core import clock as house_clock
from apps.engine.models import Timer
from apps.incidents.models import Incident
from apps.teams.actions import add_member
from apps.teams.models import Team, TeamRole, User
from tests.alerts.building import put_procedures_in_force

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    put_procedures_in_force()
    return Team.objects.create(slug="platform", name="Platform")


@pytest.fixture
def check(team) -> HealthCheck:
    service = Service.objects.create(slug="api", name="API", team=team)
    return HealthCheck.objects.create(
        service=service, name="Page", kind="http", target="https://api.example.com", alerts_after=3, severity="P1"
    )


def look(check: HealthCheck, *outcomes: Outcome) -> None:
    """Let it see that, and the engine tell of it."""
    for outcome in outcomes:
        note_finding(check.pk, Finding(outcome, "Answered 500, expected 200.", timedelta()), asked=False)
    for timer in Timer.objects.filter(kind=HEALTH, due_at__lte=house_clock.now()):
        timer.delete()
        handlers.tell_of_health(timer)


def test_two_failures_are_none_and_the_third_in_a_row_declares_an_incident_of_its_service(check, clock):
    look(check, Outcome.BAD, Outcome.BAD, Outcome.GOOD, Outcome.BAD, Outcome.BAD)
    assert not Incident.objects.exists()
    look(check, Outcome.BAD)
    incident = Incident.objects.get()
    assert (incident.title, incident.severity.code, incident.detection) == (
        "API: Page does not work",
        "P1",
        "monitoring",
    )
    assert [service.slug for service in incident.services.all()] == ["api"]


def test_more_failures_are_no_news_and_the_first_that_works_ends_it(check, clock):
    look(check, *[Outcome.BAD] * 5)
    look(check, Outcome.BAD)
    assert Alert.objects.get().status == "firing"
    look(check, Outcome.GOOD)
    assert Alert.objects.get().status == "resolved"
    assert Incident.objects.get().timeline.filter(kind="alert_resolved").exists()


def test_what_still_fails_fires_again(check, clock):
    look(check, *[Outcome.BAD] * 3)
    again = Timer.objects.get(kind=HEALTH, state="pending")
    assert again.due_at == clock.now + FIRES_AGAIN


def test_one_that_is_not_to_be_an_alert_is_none(check, clock):
    check.alerts_after = None
    check.save()
    look(check, *[Outcome.BAD] * 10)
    assert not Alert.objects.exists()


def test_switched_off_it_is_an_alert_no_longer(check, team, clock):
    manager = User.objects.create_user("mona@example.com", name="Mona")
    add_member(manager, team, TeamRole.MANAGER)
    look(check, *[Outcome.BAD] * 3)
    catalog.update_health_check(check, by=manager, fields={"is_active": False})
    look(check)
    assert Alert.objects.get().status == "resolved"


def test_where_its_sender_is_switched_off_nothing_is_taken(check, team, clock):
    look(check, *[Outcome.BAD] * 3)
    look(check, Outcome.GOOD)
    sender = Integration.objects.get(team=team, tells_of_health=True)
    sender.is_active = False
    sender.save()
    look(check, *[Outcome.BAD] * 3)
    assert Alert.objects.get().status == "resolved"


def test_of_a_retired_service_it_is_an_alert_no_longer(check, clock):
    look(check, *[Outcome.BAD] * 3)
    Service.objects.update(is_active=False)
    catalog_handlers.plan_what_nobody_looks_at(Timer())
    look(check)
    assert Alert.objects.get().status == "resolved"
    clock.shift(hours=2)
    look(check)
    assert Alert.objects.get().status == "resolved"
    assert not Timer.objects.filter(kind=HEALTH).exists()


def test_moved_to_another_team_s_service_it_ends_there_and_fires_here(check, team, clock):
    other = Team.objects.create(slug="data", name="Data")
    manager = User.objects.create_user("mona@example.com", name="Mona")
    for each in (team, other):
        add_member(manager, each, TeamRole.MANAGER)
    lake = Service.objects.create(slug="lake", name="Lake", team=other)
    look(check, *[Outcome.BAD] * 3)
    catalog.update_health_check(check, by=manager, fields={"service": lake})
    look(check)
    fired = Alert.objects.order_by("pk").values_list("integration__team__slug", "status", "team__slug")
    assert list(fired) == [("platform", "resolved", "platform"), ("data", "firing", "data")]
    look(check, Outcome.GOOD)
    assert set(Alert.objects.values_list("status", flat=True)) == {"resolved"}


def test_its_sender_is_not_known_by_a_name_which_anybody_may_take(check, team, clock):
    taken = Integration.objects.create(team=team, name=SENDER, format="generic", key_digest="x", is_active=False)
    look(check, *[Outcome.BAD] * 3)
    sender = Alert.objects.get().integration
    assert sender != taken
    Integration.objects.filter(pk=sender.pk).update(name="Looks")
    look(check, Outcome.GOOD)
    assert Alert.objects.get().status == "resolved"
    with pytest.raises(IntegrityError, match="integration_of_health_checks_once_per_team"):
        Integration.objects.create(team=team, name="More", format="generic", key_digest="y", tells_of_health=True)
