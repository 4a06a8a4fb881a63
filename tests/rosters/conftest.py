"""A team with people who take turns."""

from __future__ import annotations

from typing import Any

import pytest

from apps.rosters import actions
from apps.rosters.models import Roster
from apps.teams.models import Team, TeamRole, User
from tests.rosters.building import layer_of, member


@pytest.fixture
def team(db: None) -> Team:
    return Team.objects.create(slug="platform", name="Platform")


@pytest.fixture
def manager(team: Team) -> User:
    return member("mona@example.com", team, TeamRole.MANAGER)


@pytest.fixture
def responder(team: Team) -> User:
    return member("rita@example.com", team, TeamRole.RESPONDER)


@pytest.fixture
def people(team: Team) -> list[User]:
    return [member(f"{name}@example.com", team, TeamRole.RESPONDER) for name in ("anna", "ben", "cleo")]


@pytest.fixture
def roster(clock: Any, team: Team, people: list[User]) -> Roster:
    """Anna, Ben and Cleo for a day each from Monday 2 March 2026, handed over at 09:00 in Berlin (08:00 UTC)."""
    roster = Roster.objects.create(
        slug="platform", name="Platform", team=team, time_zone="Europe/Berlin", is_primary=True
    )
    layer_of(roster, people)
    actions.materialise(roster, now=clock.now)
    return roster
