"""Puts one component back, row by row, as an edit like any other: with a history, under the seals that there are.

What was changed or deleted since the backup is as it was. What was made since is deleted, unless something outside the
component refers to it: that stays, and is counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.db import IntegrityError, connection, models, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Exists, OuterRef, QuerySet
from psycopg import sql

from apps.core.audited import Act, note
from apps.core.errors import RuleViolation
from apps.operation.backups import archive
from apps.operation.backups.archive import Manifest
from apps.operation.backups.components import STAYS, models_of
from apps.operation.backups.restoring import check_schema, copy_into
from apps.rosters import actions as rosters
from apps.rosters.models import Roster
from apps.teams.access import rebuild_grants
from apps.teams.models import User
from apps.teams.queries import was_erased

_DRAFT = "restored_"


@dataclass(slots=True)
class Changes:
    """How many rows were put back, made again, and taken away, and how many of later stayed."""

    changed: int = 0
    made: int = 0
    deleted: int = 0
    stayed: int = 0

    def as_json(self) -> dict[str, int]:
        """What a program is told."""
        return asdict(self)


def put_back(path: Path, component: str) -> Changes:
    """Make the tables of ``component`` what they were when the backup was made; all of it or nothing.

    Passwords stay as they are, and so does whoever was erased since. Shifts ahead are computed anew, grants too. Raises
    Damaged before anything is touched, RuleViolation where what is there now does not let it.
    """
    chosen = models_of(component)
    manifest = archive.verify(path)
    check_schema(manifest)
    try:
        with transaction.atomic():
            changes = _put_back(path, manifest, chosen)
            _compute_anew(component)
            note(Act.RESTORED, f"Restored {component} from {manifest.id}", by=None, rows=changes.as_json())
    except IntegrityError as error:
        raise RuleViolation(f"What is there now does not go with it, and nothing was changed: {error}") from error
    return changes


def _put_back(path: Path, manifest: Manifest, chosen: list[type[models.Model]]) -> Changes:
    changes, reason = Changes(), f"Restored from {manifest.id}"
    with connection.cursor() as cursor:
        for model in chosen:
            _load(cursor, path, manifest, model)
        for model in reversed(chosen):
            _take_away(model, set(chosen), changes, reason)
        for model in chosen:
            for row, is_new in _differing(cursor, model):
                _save(row, is_new=is_new, reason=reason)
                changes.made += is_new
                changes.changed += not is_new
    return changes


def _load(cursor: CursorWrapper, path: Path, manifest: Manifest, model: type[models.Model]) -> None:
    """Put the backup's rows into a table of this transaction alone."""
    table = model._meta.db_table
    draft = _DRAFT + table
    cursor.execute(
        sql.SQL("CREATE TEMPORARY TABLE {} (LIKE {}) ON COMMIT DROP").format(
            sql.Identifier(draft), sql.Identifier(table)
        )
    )
    with archive.table_of(path, table) as parts, cursor.copy(copy_into(draft, manifest.tables[table].columns)) as copy:
        for part in parts:
            copy.write(part)


def _take_away(model: type[models.Model], chosen: set[type[models.Model]], changes: Changes, reason: str) -> None:
    since = _made_since(model)
    free = since
    for relation in _relations(model):
        referring = relation.related_model._base_manager.filter(**{relation.field.name: OuterRef("pk")})
        free = free.exclude(Exists(referring))
    free = free.none() if model is User else free  # people are deactivated, never deleted
    changes.stayed += since.count()
    for row in free:
        row._change_reason = reason
        row.delete()
        changes.deleted += 1
        changes.stayed -= 1


def _relations(model: type[models.Model]) -> Iterator[Any]:
    """Whatever refers to ``model``; a history does not count, it keeps what its rows referred to."""
    for field in model._meta.get_fields(include_hidden=True):
        if field.auto_created and not field.concrete and not getattr(field.related_model, "append_only", False):
            yield field


def _made_since(model: type[models.Model]) -> QuerySet[Any]:
    query = sql.SQL("SELECT {} FROM {}").format(
        sql.Identifier(_key(model)), sql.Identifier(_DRAFT + model._meta.db_table)
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        present = [key for (key,) in cursor.fetchall()]
    return model._base_manager.exclude(pk__in=present)


def _differing(cursor: CursorWrapper, model: type[models.Model]) -> Iterator[tuple[models.Model, bool]]:
    """The backup's rows that are not there, or say something else now; whether each is missing."""
    compared = [str(field.column) for field in model._meta.concrete_fields if field.name not in STAYS]
    names: dict[str, sql.Composable] = {
        "draft": sql.Identifier(_DRAFT + model._meta.db_table),
        "table": sql.Identifier(model._meta.db_table),
        "key": sql.Identifier(_key(model)),
        "is": sql.SQL(", ").join([sql.Identifier("now", column) for column in compared]),
        "was": sql.SQL(", ").join([sql.Identifier("then", column) for column in compared]),
    }
    cursor.execute(_DIFFERING.format(**names))
    missing = dict(cursor.fetchall())
    erased = set(User.objects.filter(was_erased()).values_list("pk", flat=True))
    rows = model._base_manager.raw(f"SELECT * FROM {_DRAFT}{model._meta.db_table}")  # noqa: S608  (names of the house)
    for row in rows:
        whose = row.pk if model is User else getattr(row, "person_id", None)
        if row.pk in missing and whose not in erased:
            yield row, missing[row.pk]


_DIFFERING = sql.SQL(
    """
    SELECT "then".{key}, "now".{key} IS NULL
      FROM {draft} AS "then" LEFT JOIN {table} AS "now" ON "now".{key} = "then".{key}
     WHERE "now".{key} IS NULL OR ROW({is}) IS DISTINCT FROM ROW({was})
    """
)


def _save(row: Any, *, is_new: bool, reason: str) -> None:
    row._change_reason = reason
    if is_new:
        row.save(force_insert=True)
        return
    kept = [field.name for field in row._meta.concrete_fields if field.name not in STAYS and not field.primary_key]
    row.save(update_fields=kept)


def _compute_anew(component: str) -> None:
    """What follows from the rows that were put back."""
    if component == "people":
        rebuild_grants()
    if component in ("people", "rosters"):
        for roster in Roster.objects.filter(retired_at__isnull=True).order_by("pk"):
            rosters.materialise(roster)


def _key(model: type[models.Model]) -> str:
    return str(model._meta.pk.column) if model._meta.pk else "id"
