"""What other apps may hear of teams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apps.teams.models import User

#: Somebody was added by hand; the subject is the person.
PERSON_ADDED = "teams.person_added"
#: What somebody may do was derived anew: they got or lost a role, left or came back; the subject is the person.
RIGHTS_CHANGED = "teams.rights_changed"
#: A token ends before long; the subject is the token, with its owner.
LAST_DAYS = "teams.last_days_of_token"
#: Somebody left, and is nobody here from now on; the subject is the person.
DEACTIVATED = "teams.deactivated"
#: Somebody is known by another address; the subject is an AddressChange.
ADDRESS_CHANGED = "teams.address_changed"
#: How somebody signs in is not what it was, or somebody signed in as them from elsewhere; the subject is a WayIn.
WAY_IN_CHANGED = "teams.way_in_changed"


@dataclass(frozen=True, slots=True)
class AddressChange:
    """Whose address it is, what it was until now, and who changed it."""

    person: User
    was: str
    by: User


@dataclass(frozen=True, slots=True)
class WayIn:
    """What its ``person`` has to hear of, in case it was not they: a sentence such as "Your password is another."."""

    person: User
    text: str
