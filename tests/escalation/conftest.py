"""A team whose on-call engineer is paged under the organisation's own procedures file."""

from __future__ import annotations

import pytest

from apps.procedures.document import Document
from apps.teams.models import Team, TeamRole, User
from tests.escalation.building import House, make_house
from tests.factories.procedures import put_in_force
from tests.factories.rosters import put_on_call
from tests.factories.teams import make_person, make_team
from tests.worlds import remembered


@pytest.fixture
def document(db, clock) -> Document:
    """The procedures file as it stands, in force."""
    return put_in_force()


@pytest.fixture
def team(document: Document) -> Team:
    return make_team()


@pytest.fixture
def engineer(team: Team) -> User:
    """On call for the team, day and night."""
    person = make_person("Olga", team, TeamRole.RESPONDER)
    put_on_call(team, person)
    return person


@pytest.fixture
def house(db, clock) -> House:
    """People whom chains can page, and no chain yet."""
    return remembered(("chains", clock.now), make_house)
