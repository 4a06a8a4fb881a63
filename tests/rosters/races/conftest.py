"""A roster by the clock of the machine: it runs differently for each of those who race."""

from __future__ import annotations

import pytest

from apps.rosters import actions
from apps.rosters.models import Roster
from apps.teams.models import Team, User
from tests.rosters.building import layer_of


@pytest.fixture
def roster(team: Team, people: list[User]) -> Roster:
    """Anna, Ben and Cleo for a day each, handed over at 09:00 in Berlin."""
    made = Roster.objects.create(
        slug="platform", name="Platform", team=team, time_zone="Europe/Berlin", is_primary=True
    )
    layer_of(made, people)
    actions.materialise(made)
    return made
