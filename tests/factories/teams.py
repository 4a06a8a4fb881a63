"""Teams and their people."""

from __future__ import annotations

from apps.contacts.models import ContactMethod, MethodKind
from apps.core import clock
from apps.teams import actions
from apps.teams.models import Team, TeamRole, User


def make_team(slug: str = "platform", *, time_zone: str = "Europe/Berlin") -> Team:
    return Team.objects.create(slug=slug, name=slug.title(), time_zone=time_zone)


def make_person(name: str, team: Team | None = None, role: TeamRole | None = None) -> User:
    """A person with a verified address, and a role where one is given."""
    person = User.objects.create_user(f"{name.lower()}@example.com", name=name)
    ContactMethod.objects.create(person=person, kind=MethodKind.EMAIL, value=person.email, verified_at=clock.now())
    if role is not None:
        actions.add_member(person, team, role)
    return person
