"""What follows in rosters from what happens to people."""

from __future__ import annotations

from apps.core.events import on
from apps.rosters import actions
from apps.teams.events import RIGHTS_CHANGED
from apps.teams.models import User


@on(RIGHTS_CHANGED)
def let_them_hold_what_they_can(person: User) -> None:
    """Who responds for a team is on call where rosters say so, who does not is nowhere."""
    actions.follow_rights(person)
