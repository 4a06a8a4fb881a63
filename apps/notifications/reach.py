"""Who would sleep through a page: reads over many people at once, for whoever answers for them."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from apps.contacts import queries as contacts
from apps.contacts import serving
from apps.notifications import rules
from apps.notifications.models import NotificationRule, Urgency
from apps.teams.models import User


class Reach(StrEnum):
    """How far a page gets with a person."""

    NOT_AT_ALL = "not at all"
    SILENTLY = "silently"
    RINGS = "rings"


def of_people(people: Iterable[User]) -> dict[int, Reach]:
    """How a page of high urgency reaches each of the active among ``people``, by id. Two queries, however many."""
    active = {person.pk: person for person in people if person.is_active}
    methods, served = contacts.methods_of(active.values()), serving.kinds()
    own: dict[int, set[int]] = {}
    for person_id, method_id in NotificationRule.objects.filter(person__in=active, urgency=Urgency.HIGH).values_list(
        "person", "method"
    ):
        own.setdefault(person_id, set()).add(method_id)
    found = {}
    for pk in active:
        usable = [method for method in methods[pk] if method.is_usable and method.kind in served]
        chosen = [method for method in usable if method.pk in own.get(pk, ())]
        steps = chosen or [step.method for step in rules.standard_steps(usable, Urgency.HIGH)]
        rings = any(method.kind in rules.RINGS for method in steps)
        found[pk] = Reach.NOT_AT_ALL if not usable else Reach.RINGS if rings else Reach.SILENTLY
    return found
