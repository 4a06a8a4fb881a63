"""What the rows that the record tells of are called, asked for once for many lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from django.db import models

from apps.incidents.models import Incident
from apps.teams.models import User

#: What people call a row of theirs, the first that it has.
_NAMES = ("name", "title", "slug", "email", "key", "label", "text")


@dataclass(frozen=True, slots=True)
class Names:
    """What the rows that some lines refer to are called, by model and key."""

    known: Mapping[type[models.Model], Mapping[Any, models.Model]]

    @classmethod
    def of(
        cls, rows: Iterable[models.Model], *, incidents: Collection[int] = (), people: Collection[int] = ()
    ) -> Names:
        """Ask for everything that ``rows`` refer to, and for others by their numbers: a query a table."""
        known = {Incident: set(incidents), User: set(people)}
        wanted: dict[type[models.Model], set[Any]] = defaultdict(set, known)
        for row in rows:
            for model, key in references(row):
                wanted[model].add(key)
            for link in chain.from_iterable(getattr(row, "links", {}).values()):
                for model, key in references(link):
                    wanted[model].add(key)
        return cls({model: model._base_manager.in_bulk(keys) for model, keys in wanted.items()})

    def person(self, key: int | None) -> User | None:
        """The person of that number."""
        found = self.known.get(User, {}).get(key)
        return found if isinstance(found, User) else None

    def incident(self, key: int | None) -> Incident | None:
        """The incident of that number."""
        found = self.known.get(Incident, {}).get(key)
        return found if isinstance(found, Incident) else None

    def called(self, model: type[models.Model], key: Any) -> str:
        """What the row is called; by its number where it is gone, or has no name.

        An incident by its reference, unless it is private: whoever reads the line need not be one who may see it.
        """
        found = self.known.get(model, {}).get(key)
        if isinstance(found, Incident):
            return "a private incident" if found.private else found.reference
        if isinstance(found, User):
            return str(found)
        return (name_of(found) if found is not None else "") or f"{model._meta.verbose_name} {key}"


def name_of(row: models.Model, *, but: Collection[str] = ()) -> str:
    """What people call the row; empty where it has no name of its own that may be said (``but``: columns)."""
    for name in _NAMES:
        found = None if name in but else row.__dict__.get(name)
        if isinstance(found, str) and found:
            return found
    return ""


def references(row: models.Model, *, but: str = "") -> Iterator[tuple[type[models.Model], Any]]:
    """The model and the key of each row that this one refers to by a column of its own, ``but`` by that one."""
    for each in row._meta.concrete_fields:
        key, related = getattr(row, each.attname), each.related_model
        if isinstance(each, models.ForeignKey) and each.name != but and key is not None and isinstance(related, type):
            yield related, key
