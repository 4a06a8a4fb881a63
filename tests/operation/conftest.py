"""A house with a team, an incident under seals, and a shelf of its own for backups."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from apps.incidents import actions as incidents
from apps.incidents.models import Incident
from apps.teams.models import Team, TeamRole, User
from tests.audit.conftest import seal
from tests.factories.escalation import make_chain
from tests.factories.incidents import SEVERITIES, declare, make_procedures
from tests.factories.teams import make_person, make_team


@pytest.fixture(autouse=True)
def shelf(settings: Any, tmp_path: Path) -> Path:
    settings.BACKUP_DIR = str(tmp_path / "backups")
    return tmp_path / "backups"


@pytest.fixture
def team(transactional_db: None) -> Team:
    make_procedures()
    return make_team()


@pytest.fixture
def rita(team: Team) -> User:
    return make_person("Rita", team, TeamRole.RESPONDER)


@pytest.fixture
def admin(team: Team) -> User:
    return make_person("Ada", None, TeamRole.ADMIN)


@pytest.fixture
def incident(team: Team, rita: User, admin: User) -> Incident:
    """An incident with a note, under a seal, in a house that somebody administrates."""
    for code, *_ in SEVERITIES:
        make_chain(code, [rita], minutes=(0,))
    incident = declare(team, rita)
    incidents.add_note(incident.pk, text="Before the backup", by=rita)
    seal()
    return incident
