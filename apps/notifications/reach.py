"""Who would sleep through a page: reads over many people at once, for whoever answers for them."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from apps.notifications import queries, rules
from apps.notifications.models import Urgency
from apps.teams.models import User


class Reach(StrEnum):
    """How far a page gets with a person."""

    NOT_AT_ALL = "not at all"
    SILENTLY = "silently"
    RINGS = "rings"


def of_people(people: Iterable[User]) -> dict[int, Reach]:
    """How a page of high urgency reaches each of the active among ``people``, by id. Two queries, however many."""
    active = {person for person in people if person.is_active}
    steps = queries.steps_of_all(active, Urgency.HIGH)
    return {person.pk: _reach(steps[person.pk]) for person in active}


def _reach(steps: list[rules.Step]) -> Reach:
    if not steps:
        return Reach.NOT_AT_ALL
    return Reach.SILENTLY if rules.first_ring(steps) is None else Reach.RINGS
