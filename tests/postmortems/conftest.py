"""A team whose incidents are reviewed, and the engineering manager."""

from __future__ import annotations

from typing import Any

import pytest

from apps.contacts.models import ContactGroup, EmergencyContact
from apps.teams.models import Team, TeamRole, User
from tests.factories.incidents import make_procedures
from tests.factories.postmortems import make_questions
from tests.factories.teams import make_person, make_team


@pytest.fixture(autouse=True)
def procedures(clock: Any, db: None) -> None:
    make_procedures()
    make_questions()


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
def engineering_manager(procedures: None) -> User:
    person = make_person("Emil")
    EmergencyContact.objects.create(
        group=ContactGroup.ESCALATION, key="engineering_manager", name=person.name, person=person
    )
    return person
