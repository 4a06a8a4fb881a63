"""Whom somebody means who asks for help: who stands behind a team's on-call, a roster, a field of experts."""

from __future__ import annotations

from apps.core import clock
from apps.core.errors import Invalid
from apps.incidents.models import Expert
from apps.rosters import queries as rosters
from apps.rosters.models import Roster
from apps.teams.models import Team, User


def behind(target: Team | Roster | Expert) -> list[User]:
    """The people behind ``target`` at this moment. Raises Invalid where it leads to nobody."""
    now = clock.now()
    if isinstance(target, Team):
        people, field, why = (
            rosters.on_call_people(target, now),
            "team",
            f"Nobody is on call for the team {target} now.",
        )
    elif isinstance(target, Roster):
        people, field, why = rosters.people_on(target, now), "roster", f"Nobody is on call in {target} now."
    else:
        person = target.person if target.person and target.person.is_active else None
        people, field, why = [person] if person else [], "expert", f"Nobody is named as {target}."
    if not people:
        raise Invalid(why, field=field)
    return people
