"""One thing of a plan as it is wanted, as it is here, and as the last import left it: what changes, and at whose cost.

States are plain data, so that they can be kept (``ImportedReference.state``) and compared. What was edited here since
the last import shows in that the thing no longer is what that import made it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models

from apps.core.history import made_by
from apps.integrations.models import ImportedKind, ImportedReference, Vendor
from apps.teams.models import User

State = dict[str, Any]
#: Lists of which an import adds what is missing, and takes nothing away.
ADDED_TO = frozenset({"methods", "members"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that an import would write. Without a ``field`` it is all of it; ``before`` None: it is not here.

    ``overwrites``: it takes back what was edited here since the last import, or was here before the first.
    """

    what: str
    field: str
    before: Any
    after: Any
    overwrites: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing of the plan. ``wanted`` None: it is to go; ``current`` None: it is not here; ``last``: see above."""

    kind: ImportedKind
    ref: str
    what: str
    row: models.Model | None
    wanted: State | None
    current: State | None
    last: State | None

    @property
    def is_new(self) -> bool:
        """Whether it was never here."""
        return self.current is None and self.last is None

    @property
    def changes(self) -> list[Change]:
        """What is to be written, field by field."""
        if self.wanted is None:
            return [Change(what=self.what, field="", before=self.current, after=None, overwrites=False)]
        if self.current is None:
            was_removed = self.last is not None
            return [Change(what=self.what, field="", before=None, after=self.wanted, overwrites=was_removed)]
        return list(self._changed_fields(self.wanted, self.current))

    def _changed_fields(self, wanted: State, current: State) -> Iterator[Change]:
        for name, after in wanted.items():
            before = current[name]
            if name in ADDED_TO:
                missing = [entry for entry in after if entry not in before]
                removed = [entry for entry in missing if entry in (self.last or {}).get(name, [])]
                if missing:
                    yield Change(what=self.what, field=name, before=None, after=missing, overwrites=bool(removed))
            elif before != after:
                edited = self.last is None or self.last.get(name, before) != before
                yield Change(what=self.what, field=name, before=before, after=after, overwrites=edited)


class References:
    """What the ids of one vendor stand for here."""

    def __init__(self, vendor: Vendor) -> None:
        self._vendor = vendor
        self._known = {(each.kind, each.ref): each for each in ImportedReference.objects.filter(vendor=vendor)}

    def of(self, kind: ImportedKind, ref: str) -> ImportedReference | None:
        """What the id stands for; None for one that was never imported."""
        return self._known.get((kind, ref))

    def of_kind(self, kind: ImportedKind) -> list[ImportedReference]:
        """Everything of that kind that was ever imported."""
        return [reference for (of, _), reference in self._known.items() if of == kind]

    def remember(self, step: Step, row: models.Model, *, now: datetime) -> None:
        """Keep what ``row`` was made to say; writes nothing where that is known already."""
        reference = self.of(step.kind, step.ref)
        if reference is None:
            reference = ImportedReference(vendor=self._vendor, kind=step.kind, ref=step.ref)
        elif (reference.row, reference.state) == (row.pk, step.wanted):
            return
        reference.row, reference.state, reference.imported_at = row.pk, step.wanted, now
        reference.save()
        self._known[step.kind, step.ref] = reference

    def forget(self, step: Step) -> None:
        """Keep nothing of what is gone."""
        if reference := self._known.pop((step.kind, step.ref), None):
            reference.delete()


@dataclass(frozen=True, slots=True)
class Hand:
    """Who imports, why, and when: what the history is told of every change."""

    by: User
    reason: str
    now: datetime

    def sign(self, row: models.Model) -> None:
        """Have the next change of ``row`` signed so."""
        made_by(row, self.by, reason=self.reason)

    def put(self, row: models.Model, **values: Any) -> None:
        """Make ``row`` hold ``values``, saving it if it is new or held others."""
        if row.pk is not None and all(getattr(row, name) == value for name, value in values.items()):
            return
        for name, value in values.items():
            setattr(row, name, value)
        self.sign(row)
        row.save()

    def remove(self, row: models.Model) -> None:
        """Delete ``row``, so that the history says who did."""
        self.sign(row)
        row.delete()
