"""An organisation with procedures and people, and a browser-like client for each of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from apps.catalog.models import Service
from apps.incidents.models import Incident
from apps.teams.models import Team, TeamRole, User
from tests.factories.checklists import make_checklist
from tests.factories.communications import make_schedules, make_templates
from tests.factories.escalation import make_chain, make_trigger
from tests.factories.incidents import declare, make_procedures
from tests.factories.postmortems import make_questions
from tests.factories.teams import make_person, make_team
from tests.worlds import remembered


@dataclass
class Organisation:
    """Platform owns the service ``api``: Rita responds, Cora commands, Stella is told; Ella belongs to AI."""

    platform: Team
    ai: Team
    api: Service
    rita: User
    cora: User
    stella: User
    ella: User


@pytest.fixture
def house(db: None, clock: Any) -> Organisation:
    """The chain of every severity pages Rita at once, Cora after 15 minutes, Ella after an hour."""
    return remembered(("desk", clock.now), make_house)


def make_house() -> Organisation:
    """All of it, by the product's own actions."""
    make_procedures()
    make_checklist()
    make_schedules()
    make_templates()
    make_questions()
    make_trigger("security", level=3)
    platform, ai = make_team("platform"), make_team("ai")
    house = Organisation(
        platform=platform,
        ai=ai,
        api=Service.objects.create(slug="api", name="Public API", team=platform),
        rita=make_person("Rita", platform, TeamRole.RESPONDER),
        cora=make_person("Cora", platform, TeamRole.COMMANDER),
        stella=make_person("Stella", platform, TeamRole.STAKEHOLDER),
        ella=make_person("Ella", ai, TeamRole.RESPONDER),
    )
    for severity in ("P0", "P1", "P2", "P3"):
        make_chain(severity, [house.rita, house.cora, house.ella])
    return house


@pytest.fixture
def incident(house: Organisation) -> Incident:
    """A P0 of the platform team, declared now by Rita."""
    return declare(house.platform, house.rita, services=[house.api])


@pytest.fixture
def signed_in() -> Callable[[User], Client]:
    """A client signed in as that person."""

    def client_of(person: User) -> Client:
        client = Client()
        client.force_login(person, backend="apps.teams.backends.PeopleBackend")
        return client

    return client_of


@pytest.fixture
def rita(house: Organisation, signed_in: Callable[[User], Client]) -> Client:
    return signed_in(house.rita)


@pytest.fixture
def cora(house: Organisation, signed_in: Callable[[User], Client]) -> Client:
    return signed_in(house.cora)
