"""Tells people of what was changed about themselves, in case it was not they: ways to sign in, and to be reached."""

from __future__ import annotations

from django.conf import settings

from apps.contacts.actions import METHOD_PROVEN, METHOD_REMOVED
from apps.contacts.models import MAILED, ContactMethod, MethodKind
from apps.core import origins
from apps.core.events import on
from apps.notifications import actions, queries
from apps.teams.events import WAY_IN_CHANGED, WayIn
from apps.teams.models import User


@on(WAY_IN_CHANGED)
def tell_whose_way_in_it_is(changed: WayIn) -> None:
    """By each mail address of theirs; where there is none, by whatever else is no call."""
    person, ways = changed.person, _quiet_ways_to(changed.person)
    mailed = [method for method in ways if method.kind in MAILED]
    _tell(person, mailed or ways, "way_in", changed.text, subject="Your sign-in to ADO Incidents")


@on(METHOD_PROVEN)
def tell_of_another_method(method: ContactMethod) -> None:
    """By each other way that is no call: whoever holds the new one may be somebody else."""
    ways = [each for each in _quiet_ways_to(method.person) if each != method]
    _tell(method.person, ways, f"method:{method.pk}", f"From now on you are also reached by {method}.")


@on(METHOD_REMOVED)
def tell_of_a_method_that_is_gone(method: ContactMethod) -> None:
    """By each way that is left and no call."""
    _tell(method.person, _quiet_ways_to(method.person), "method_gone", f"You are no longer reached by {method}.")


def _quiet_ways_to(person: User) -> list[ContactMethod]:
    return [method for method in queries.usable_methods(person) if method.kind != MethodKind.VOICE]


def _tell(
    person: User, ways: list[ContactMethod], about: str, text: str, *, subject: str = "How you are reached"
) -> None:
    if not person.is_active:
        return
    address = origins.current().address
    words = (
        f"{text}{f' It was done from {address}.' if address else ''}\n\nIf it was not you, or not meant so, tell an "
        f"administrator at once, and look at {settings.SITE_URL}/profile/"
    )
    actions.tell_of_oneself(person, ways=ways, about=about, subject=subject, text=words)
