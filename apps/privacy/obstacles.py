"""What stands in the way of erasing somebody: others still rely on them."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from apps.contacts.models import EmergencyContact
from apps.core import clock
from apps.escalation.models import LevelTarget
from apps.incidents.models import OPEN, RoleAssignment
from apps.privacy import belongings
from apps.rosters import turn_taking
from apps.rosters.models import Override, Roster, Shift
from apps.teams.models import User
from apps.teams.queries import is_erased


def obstacles_to_erasing(person: User) -> list[str]:
    """Why ``person`` cannot be erased now, a sentence each; empty if they can. A query for each that is looked for.

    Whoever is active may be the last administrator; nobody deactivates that one. Who was erased is erased again if
    anything of theirs came since.
    """
    if is_erased(person) and not belongings.anything_of(person):
        return ["They are erased already."]
    if person.is_service_account:
        return ["A service account is nobody's personal data: switch it off."]
    looks = {
        "They are active: deactivate them first.": person.is_active,
        "They hold a role in an open incident.": _roles(person).filter(incident__private=False).exists(),
        "They have shifts that are not over.": _shifts(person),
        "They take turns in a roster.": _turns(person),
        "A level of a chain pages them by name.": LevelTarget.objects.filter(person=person).exists(),
        "The procedures name them: take them out of the file and import it first.": _named(person),
    }
    return [*(sentence for sentence, stands in looks.items() if stands), *_private(person)]


def _roles(person: User) -> QuerySet[RoleAssignment]:
    return RoleAssignment.objects.filter(person=person, until=None, incident__status__in=OPEN)


def _private(person: User) -> list[str]:
    """Whoever erases may not see these, and does not find them where they say who takes over."""
    teams = _roles(person).filter(incident__private=True).values_list("incident__team__name", flat=True)
    return [
        f"They hold a role in a private incident of {team}: ask a commander of the team to give it to somebody else."
        for team in sorted(set(teams))
    ]


def _shifts(person: User) -> bool:
    lasting = Q(person=person, during__endswith__gt=clock.now(), roster__retired_at=None)
    return Shift.objects.filter(lasting).exists() or Override.objects.filter(lasting).exists()


def _named(person: User) -> bool:
    """The next import would make a new account by what the file says of them."""
    return EmergencyContact.objects.filter(person=person, retired_at=None).exists()


def _turns(person: User) -> bool:
    return Roster.objects.filter(turn_taking.has_turns_of(person), retired_at=None).exists()
