"""Whose change the history shows, and the history of what belongs to an object."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.utils import timezone
from psycopg.types.range import Range

from apps.core.encrypted import EncryptedText
from apps.core.spans import in_words


def made_by(row: models.Model, person: AbstractBaseUser | None, *, reason: str = "") -> None:
    """Name ``person`` and why in the history of the next changes of ``row``.

    With None it is whoever signed in, or the system.
    """
    if person is not None:
        row._history_user = person  # type: ignore[attr-defined]  # the name by which simple-history asks for it
    if reason:
        row._change_reason = reason  # type: ignore[attr-defined]  # likewise


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

    def __str__(self) -> str:
        fields = "; ".join(f"{label} from “{before}” to “{after}”" for label, before, after in self.fields)
        return f"{self.by or 'The house'}: {self.part} {self.verb}{f' ({fields})' if fields else ''}"


def changes_of_parts(
    model: type[models.Model], *, fk: str, owners: Iterable[Any], only: Collection[str] = ()
) -> Iterator[tuple[int, PartChange]]:
    """The changes of the rows of ``model`` that ever belonged to one of ``owners`` by ``fk``, with the row's id.

    Rows that are gone are among them. ``only``: the fields that count, all if there are none. Two queries, however many
    changes, and one for each row they refer to.
    """
    history = model.history.model.objects  # type: ignore[attr-defined]  # put there by simple-history
    records = history.filter(**{f"{fk}__in": owners}).select_related("history_user").order_by("id", "history_id")
    earlier: dict[int, Any] = {}
    for record in records:
        before = earlier.get(record.id)
        earlier[record.id] = record
        fields = differences(model, before, record, only=only, but=fk) if record.history_type == "~" and before else []
        if record.history_type == "~" and not fields:
            continue
        yield (
            record.id,
            PartChange(
                record=record.history_id,
                at=record.history_date,
                by=record.history_user,
                part=f"{model._meta.verbose_name} {_called(record)}",
                verb=str(record.get_history_type_display()).lower(),
                fields=fields,
                reason=record.history_change_reason or "",
            ),
        )


def _called(record: Any) -> str:
    """What the row was called then; its number, where its name speaks of another row that is gone."""
    try:
        return str(record.instance)
    except ObjectDoesNotExist:
        return str(record.id)


def differences(
    model: type[models.Model], before: Any, after: Any, *, only: Collection[str] = (), but: str = ""
) -> list[tuple[str, str, str]]:
    """What differs between two states of a row of ``model``: each field's name, and its value before and after.

    ``only``: the fields that count, all if there are none; ``but``: a column that never does.
    """
    found = []
    for field in (*model._meta.concrete_fields, *(getattr(after, "_history_m2m_fields", None) or ())):
        if field.attname == but or (only and field.name not in only) or not hasattr(after, field.attname):
            continue
        old, new = _value(field, before), _value(field, after)
        if old != new:
            found.append((str(field.verbose_name).capitalize(), _said(field, old), _said(field, new)))
    return found


def _value(field: Any, state: Any) -> Any:
    """What the field holds in that state; of links to others their ids."""
    if not field.many_to_many:
        return getattr(state, field.attname)
    links = getattr(state, field.name)
    other = next(each.attname for each in links.model._meta.fields if each.related_model is field.related_model)
    return sorted(links.values_list(other, flat=True))


def _said(field: Any, value: Any) -> str:
    """A value in words, an instant in the viewer's zone; a secret is not said."""
    if value in (None, "", [], {}):
        return "empty"
    if isinstance(field, EncryptedText):
        return "not shown"
    if field.many_to_many:
        return ", ".join(_named(field, key) for key in value)
    if field.related_model is not None:
        return _named(field, value)
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    return _in_words(value)


def _named(field: Any, key: Any) -> str:
    row = field.related_model._base_manager.filter(pk=key).first()
    return str(row) if row is not None else f"{field.related_model._meta.verbose_name} {key}"


def _in_words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M %Z}"
    if isinstance(value, timedelta):
        return in_words(value)
    if isinstance(value, Range):
        return " to ".join("…" if end is None else _in_words(end) for end in (value.lower, value.upper))
    if isinstance(value, list):
        return ", ".join(map(_in_words, value))
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_in_words(each)}" for name, each in value.items())
    return str(value)
