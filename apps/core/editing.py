"""What somebody edits while others may too: at which version it is, and what was changed since they saw it.

A form carries the version that it shows. Where somebody else changed meanwhile what the form edits, nothing is saved:
who edits is told who changed what from which value to which, keeps what they typed, and saves again if they like.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Protocol

from django.db import models, transaction
from django.db.models import Max, QuerySet

from apps.core.errors import Conflict
from apps.core.history import PartChange, changes_of_parts, differences

#: No number of a record has more digits.
_LONGEST = 18


class ChangedMeanwhile(Conflict):
    """Somebody else changed it: ``changes`` says what, ``version`` is the state that these led to."""

    def __init__(self, changes: list[PartChange], *, what: str, version: str) -> None:
        super().__init__(f"The {what} was changed while you edited it; nothing of yours is saved.")
        self.changes = changes
        self.version = version


class Piece(Protocol):
    """Rows that are edited together with others."""

    def last(self) -> int:
        """The number of their last record; 0 if there is none."""

    def changes_after(self, record: int) -> Iterable[PartChange]:
        """What was changed after that record."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The rows of ``model``, which has a history, whose ``column`` is among ``of``.

    ``only``: the fields that are edited, all if there are none.
    """

    model: type[models.Model]
    column: str
    of: Iterable[Any]
    only: Collection[str] = ()

    def last(self) -> int:
        """See Piece. One query."""
        history = self.model.history.model.objects  # type: ignore[attr-defined]  # put there by simple-history
        return int(history.filter(**{f"{self.column}__in": self.of}).aggregate(last=Max("history_id"))["last"] or 0)

    def changes_after(self, record: int) -> Iterator[PartChange]:
        """See Piece."""
        for _, change in changes_of_parts(self.model, fk=self.column, owners=self.of, only=self.only):
            if change.record > record:
                yield change


@dataclass(frozen=True, slots=True)
class States:
    """``rows`` of a table to which each change adds one, with ``at`` and ``by``; ``only``: the fields that count."""

    rows: QuerySet[Any]
    only: Collection[str]

    def last(self) -> int:
        """See Piece. One query."""
        return int(self.rows.aggregate(last=Max("pk"))["last"] or 0)

    def changes_after(self, record: int) -> Iterator[PartChange]:
        """See Piece; the first row of all changes what an empty one says."""
        before = self.rows.filter(pk__lte=record).order_by("pk").last() or self.rows.model()
        for row in self.rows.filter(pk__gt=record).select_related("by").order_by("pk"):
            if fields := differences(self.rows.model, before, row, only=self.only):
                named = str(row._meta.verbose_name)
                yield PartChange(
                    record=row.pk, at=row.at, by=row.by, part=named, verb="changed", fields=fields, reason=""
                )
            before = row


@dataclass(frozen=True, slots=True)
class Edited:
    """``pieces`` that one form edits; ``what`` names it, ``holds`` are the rows that whoever writes them locks."""

    what: str
    holds: QuerySet[Any]
    pieces: tuple[Piece, ...]

    def version(self) -> str:
        """At which state it is now. Read it before what is shown, so that what is changed in between is noticed."""
        return ".".join(str(piece.last()) for piece in self.pieces)

    def lock(self) -> None:
        """Let nobody else write it until the transaction ends."""
        list(self.holds.select_for_update(no_key=True, of=("self",)).order_by("pk").values_list("pk"))

    def changes_since(self, version: str) -> list[PartChange]:
        """What was changed since it was at ``version``, the oldest first; everything for a version that is none."""
        seen = _read(version, len(self.pieces))
        found = [
            change
            for piece, record in zip(self.pieces, seen, strict=True)
            if piece.last() != record
            for change in piece.changes_after(record)
        ]
        return sorted(found, key=attrgetter("at", "record"))

    def refuse_changed(self, version: str) -> None:
        """Raise ChangedMeanwhile if it was changed since it was at ``version``; it is locked then, if it is not now."""
        self.lock()
        if changes := self.changes_since(version):
            raise ChangedMeanwhile(changes, what=self.what, version=self.version())


def versions(model: type[models.Model], rows: QuerySet[Any]) -> dict[int, str]:
    """The version of each of ``rows`` of ``model``, of which each is edited alone, by its id. One query."""
    history = model.history.filter(id__in=rows.values("pk")).order_by().values_list("id")  # type: ignore[attr-defined]
    return {key: str(last) for key, last in history.annotate(Max("history_id"))}


@contextmanager
def unchanged(edited: Edited, *, since: str) -> Iterator[None]:
    """A transaction within which ``edited`` is written, as it was at the version ``since`` when it begins.

    Raises ChangedMeanwhile where somebody else changed it after that. Empty: whoever writes saw none, and is not told.
    """
    with transaction.atomic():
        if since:
            edited.refuse_changed(since)
        yield


def _read(version: str, pieces: int) -> list[int]:
    numbers = version.split(".")
    if len(numbers) != pieces or not all(number.isdecimal() and len(number) <= _LONGEST for number in numbers):
        return [0] * pieces
    return [int(number) for number in numbers]
