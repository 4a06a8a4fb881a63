"""What a verification says: what does not fit, in words, and what is worth knowing though it fits."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models


class Kind(StrEnum):
    """What happened to the record, as far as the seals prove it."""

    CHANGED = "changed"
    DELETED = "deleted"
    INSERTED = "inserted"
    REORDERED = "re-ordered"
    LEAF = "leaf"
    SEAL = "seal"
    HEAD = "head"
    UNREADABLE = "unreadable"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not fit. ``table`` and ``row`` name the row, ``seal`` the seal, where it is about one."""

    kind: Kind
    text: str
    table: str = ""
    row: int | None = None
    seal: int | None = None

    def __str__(self) -> str:
        return self.text


@dataclass(slots=True)
class Report:
    """What a verification found, and how much it looked at. ``remarks`` are no faults."""

    findings: list[Finding] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    seals: int = 0
    rows: int = 0
    waiting: int = 0
    head: str = ""
    head_number: int = 0
    seconds: float = 0.0

    @property
    def fits(self) -> bool:
        """Whether everything does."""
        return not self.findings

    def as_json(self) -> dict[str, Any]:
        """The report as data."""
        return asdict(self) | {"fits": self.fits}


def model_of(table: str) -> type[models.Model] | None:
    """The model of a table that is written once, or None if this version of the code has none."""
    found = (model for model in apps.get_models(include_auto_created=True) if model._meta.db_table == table)
    return next(found, None)


def named(table: str, row: int) -> str:
    """The row as a person calls it, with its incident or object where it says one; and by its table and key."""
    return f"{_what(table, row)} ({table} {row})"


def _what(table: str, row: int) -> str:
    model = model_of(table)
    if model is None:
        return "A row"
    told = str(model._meta.verbose_name).capitalize()
    try:
        model._meta.get_field("incident")
    except FieldDoesNotExist:
        column, of = "id", " of number {}"
    else:
        column, of = "incident_id", " of INC-{}"
    if column == model._meta.pk.attname:
        return told
    about = model._default_manager.filter(pk=row).values_list(column, flat=True).first()
    return told if about is None else told + of.format(about)
