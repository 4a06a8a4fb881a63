"""Whose change the history shows, and the history of what belongs to an object."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import models


def made_by(row: models.Model, person: AbstractBaseUser | None) -> None:
    """Name ``person`` in the history of the next changes of ``row``; with None: whoever signed in, or the system."""
    if person is not None:
        row._history_user = person  # type: ignore[attr-defined]  # the name by which simple-history asks for it


@dataclass(frozen=True, slots=True)
class PartChange:
    """One change of a row that belongs to another: a layer of a roster, a level of a policy.

    ``record`` is its number in the history of such rows.
    """

    record: int
    at: datetime
    by: AbstractBaseUser | None
    part: str
    verb: str
    fields: list[tuple[str, str, str]]
    reason: str


def changes_of_parts(model: type[models.Model], *, fk: str, owners: Iterable[int]) -> Iterator[tuple[int, PartChange]]:
    """The changes of the rows of ``model`` that ever belonged to one of ``owners`` by ``fk``, with the row's id.

    Rows that are gone are among them. Two queries, however many changes, and one for each kind of row they refer to.
    """
    history = model.history.model.objects  # type: ignore[attr-defined]  # put there by simple-history
    records = history.filter(**{f"{fk}__in": list(owners)}).select_related("history_user").order_by("id", "history_id")
    earlier: dict[int, Any] = {}
    for record in records:
        before = earlier.get(record.id)
        earlier[record.id] = record
        fields = _differences(model, before, record, without=fk) if record.history_type == "~" and before else []
        if record.history_type == "~" and not fields:
            continue
        yield (
            record.id,
            PartChange(
                record=record.history_id,
                at=record.history_date,
                by=record.history_user,
                part=f"{model._meta.verbose_name} {record.instance}",
                verb=str(record.get_history_type_display()).lower(),
                fields=fields,
                reason=record.history_change_reason or "",
            ),
        )


def _differences(model: type[models.Model], before: Any, after: Any, *, without: str) -> list[tuple[str, str, str]]:
    found = []
    for field in model._meta.concrete_fields:
        old, new = getattr(before, field.attname, None), getattr(after, field.attname, None)
        if old != new and field.attname != without:
            found.append((str(field.verbose_name).capitalize(), str(old), str(new)))
    return found
