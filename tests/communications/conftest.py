"""A team whose people answer for incidents under procedures with a communication schedule."""

from __future__ import annotations

from typing import Any

import pytest

from apps.teams.models import Team, TeamRole, User
from tests.factories.communications import make_schedules, make_templates
from tests.factories.incidents import make_procedures
from tests.factories.teams import make_person, make_team


@pytest.fixture(autouse=True)
def procedures(clock: Any, db: None) -> None:
    make_procedures()
    make_schedules()
    make_templates()


@pytest.fixture
def team(procedures: None) -> Team:
    return make_team()


@pytest.fixture
def commander(team: Team) -> User:
    return make_person("Carla", team, TeamRole.COMMANDER)


@pytest.fixture
def responder(team: Team) -> User:
    return make_person("Rita", team, TeamRole.RESPONDER)


@pytest.fixture
def stakeholder(team: Team) -> User:
    return make_person("Stella", team, TeamRole.STAKEHOLDER)
