"""Two teams with services, procedures in force, and an integration of the platform team."""

from __future__ import annotations

from typing import Any

import pytest

from apps.alerts import actions
from apps.alerts.formats import FORMATS
from apps.alerts.models import Format, Integration
from apps.catalog.models import Service
from apps.teams.actions import add_member
from apps.teams.models import Team, TeamRole, User
from tests.alerts.building import notification, put_procedures_in_force


@pytest.fixture
def procedures(db: None) -> None:
    put_procedures_in_force()


@pytest.fixture
def platform(db: None) -> Team:
    return Team.objects.create(slug="platform", name="Platform")


@pytest.fixture
def ai(db: None) -> Team:
    return Team.objects.create(slug="ai", name="AI")


@pytest.fixture
def application(platform: Team) -> Service:
    return Service.objects.create(slug="application", name="Application", team=platform)


@pytest.fixture
def agents(ai: Team) -> Service:
    return Service.objects.create(slug="agents", name="Agents", team=ai)


@pytest.fixture
def monitoring(platform: Team) -> Service:
    return Service.objects.create(slug="monitoring", name="Monitoring", team=platform)


@pytest.fixture
def integration(platform: Team, monitoring: Service) -> Integration:
    made, _ = actions.create_integration(
        team=platform, name="Prometheus", sender_format=Format.ALERTMANAGER, service=monitoring, by=None
    )
    return made


@pytest.fixture
def other_integration(ai: Team, agents: Service) -> Integration:
    made, _ = actions.create_integration(
        team=ai, name="Grafana", sender_format=Format.ALERTMANAGER, service=agents, by=None
    )
    return made


@pytest.fixture
def manager(platform: Team) -> User:
    person = User.objects.create_user("mona@example.com", name="Mona", is_staff=True)
    add_member(person, platform, TeamRole.MANAGER)
    return person


@pytest.fixture
def post(clock: Any, integration: Integration) -> Any:
    """Takes in alerts as if Alertmanager had just posted them."""

    def post(*alerts: dict[str, Any], to: Integration = integration) -> None:
        reading = FORMATS[Format.ALERTMANAGER].read(notification(*alerts))
        assert reading.problems == ()
        for fault in actions.receive(to, reading.alerts, received_at=clock.now).values():
            raise fault

    return post
