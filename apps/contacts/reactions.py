"""What contacts do when a person is added: whoever may be on call must be reachable from the start."""

from __future__ import annotations

from apps.contacts import actions
from apps.core.events import on
from apps.teams.events import PERSON_ADDED
from apps.teams.models import User


@on(PERSON_ADDED)
def reach_by_the_address_of_the_log_in(person: User) -> None:
    """The address that an administrator entered is a way to reach the person."""
    actions.ensure_login_email(person)
