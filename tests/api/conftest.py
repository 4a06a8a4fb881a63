"""An organisation with procedures, two teams and their people, and clients that speak for them by token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.catalog.models import Service
from apps.teams.models import Team, TeamRole, User
from tests.api.clients import client_of
from tests.factories.checklists import make_checklist
from tests.factories.escalation import make_chain, make_trigger
from tests.factories.incidents import make_procedures
from tests.factories.teams import make_person, make_team
from tests.worlds import remembered


@dataclass
class Organisation:
    """Platform owns the service ``api``: Rita responds, Cora commands, Stella is told; Ella leads AI, Ada audits."""

    platform: Team
    ai: Team
    api: Service
    rita: User
    cora: User
    stella: User
    ella: User
    ada: User


@pytest.fixture
def house(db: None, clock: Any) -> Organisation:
    """The chain of every severity pages Rita at once, Cora after 15 minutes, Ella after an hour."""
    return remembered(("api", clock.now), make_house)


def make_house() -> Organisation:
    """All of it, by the product's own actions."""
    make_procedures()
    make_checklist()
    make_trigger("revenue", level=3)
    platform, ai = make_team("platform"), make_team("ai")
    rita, cora, ella = (
        make_person("Rita", platform, TeamRole.RESPONDER),
        make_person("Cora", platform, TeamRole.COMMANDER),
        make_person("Ella", ai, TeamRole.MANAGER),
    )
    for severity in ("P0", "P1", "P2", "P3"):
        make_chain(severity, [rita, cora, ella])
    return Organisation(
        platform=platform,
        ai=ai,
        api=Service.objects.create(slug="api", name="API", team=platform),
        rita=rita,
        cora=cora,
        stella=make_person("Stella", platform, TeamRole.STAKEHOLDER),
        ella=ella,
        ada=make_person("Ada", None, TeamRole.AUDITOR),
    )


@pytest.fixture
def rita(house: Organisation) -> APIClient:
    return client_of(house.rita)


@pytest.fixture
def cora(house: Organisation) -> APIClient:
    return client_of(house.cora)


@pytest.fixture
def declare(rita: APIClient) -> Callable[..., dict[str, Any]]:
    """Declare an incident over the API and return its JSON."""

    def declared(client: APIClient = rita, **fields: Any) -> dict[str, Any]:
        answer = client.post("/api/v1/incidents/", {"title": "Down", "severity": "P0", "team": "platform", **fields})
        assert answer.status_code == 201, answer.content
        return dict(answer.json())

    return declared
