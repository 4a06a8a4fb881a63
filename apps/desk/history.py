"""The history of one object as a person reads it: who changed which field from what to what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import models
from simple_history.models import DeletedObject

from apps.desk.templatetags.house import absolute
from apps.teams.models import User


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field's values before and after."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """One saving of an object. Its creation has no field changes."""

    at: datetime
    by: User | None
    reason: str
    created: bool
    fields: list[FieldChange]


def changes_of(thing: models.Model) -> Iterator[Change]:
    """The changes of ``thing``, which has a django-simple-history ``history``, newest first.

    Savings that changed no field are left out.
    """
    records = list(thing.history.select_related("history_user").order_by("-history_date", "-history_id"))  # type: ignore[attr-defined]
    for record, earlier in zip(records, [*records[1:], None], strict=True):
        fields = [] if earlier is None else list(_fields(thing, record, earlier))
        if fields or earlier is None:
            yield Change(
                at=record.history_date,
                by=record.history_user,
                reason=record.history_change_reason or "",
                created=earlier is None,
                fields=fields,
            )


def _fields(thing: models.Model, record: object, earlier: object) -> Iterator[FieldChange]:
    delta = record.diff_against(earlier, foreign_keys_are_objs=True)  # type: ignore[attr-defined]
    for change in delta.changes:
        label = str(thing._meta.get_field(change.field).verbose_name).capitalize()  # type: ignore[union-attr]
        yield FieldChange(label, _said(change.old, thing), _said(change.new, thing))


def _said(value: object, of: models.Model) -> str:
    """A field's value in words, an instant in the viewer's zone.

    Of a link between ``of`` and something else, which comes as both, the other one.
    """
    if value is None or value == "" or (isinstance(value, DeletedObject) and value.pk is None):
        return "empty"
    if isinstance(value, dict):
        return ", ".join(_said(each, of) for each in value.values() if each != of)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return absolute(value)
    if isinstance(value, list):
        return ", ".join(_said(each, of) for each in value) or "none"
    return str(value)
