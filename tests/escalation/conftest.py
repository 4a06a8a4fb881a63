"""A team whose on-call engineer is paged under the organisation's own procedures file."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.factories.people import TeamFactory, member
from tests.factories.response import on_call

from apps.procedures import reading
from apps.procedures.apply import apply
from apps.procedures.document import Document
from apps.teams.models import Team, TeamRole, User

FILE = Path(__file__).parents[2] / "procedures" / "ado.yml"


@pytest.fixture
def document(db, clock) -> Document:
    """The procedures file as it stands, in force."""
    found = reading.load(FILE)
    apply(found)
    return found


@pytest.fixture
def team(document: Document) -> Team:
    return TeamFactory(slug="platform")


@pytest.fixture
def engineer(team: Team) -> User:
    """On call for the team, day and night."""
    person = member(team, TeamRole.RESPONDER, name="Olga Oncall")
    on_call(team, person)
    return person
