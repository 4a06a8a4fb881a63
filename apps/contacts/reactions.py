"""What contacts do when a person is added, or gets another address: whoever may be on call must be reachable."""

from __future__ import annotations

from apps.contacts import actions
from apps.core.events import on
from apps.teams.events import ADDRESS_CHANGED, PERSON_ADDED, AddressChange
from apps.teams.models import User


@on(PERSON_ADDED)
def reach_by_the_address_of_the_log_in(person: User) -> None:
    """The address that an administrator entered is a way to reach the person."""
    actions.ensure_login_email(person)


@on(ADDRESS_CHANGED)
def reach_by_the_new_address(change: AddressChange) -> None:
    """Nobody reads the old one any more, or will not before long."""
    actions.follow_login_email(change.person, was=change.was)
