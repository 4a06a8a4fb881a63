"""Puts one component back, row by row, as an edit like any other: with a history, under the seals that there are.

What was changed or deleted since the backup is as it was. What was made since is deleted, unless something outside the
component refers to it: that stays, and is counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.db import IntegrityError, connection, models
from django.db.backends.utils import CursorWrapper
from django.db.models import Exists, OuterRef, Q, QuerySet
from psycopg import sql

from apps.core.audited import Act, note
from apps.core.errors import RuleViolation
from apps.core.locks import patiently
from apps.operation.backups import archive
from apps.operation.backups.archive import Manifest
from apps.operation.backups.components import STAYS, models_of
from apps.operation.backups.restoring import PATIENCE, check_schema, copy_into
from apps.rosters import actions as rosters
from apps.rosters.models import Roster
from apps.teams import actions as teams
from apps.teams.access import rebuild_grants
from apps.teams.models import User
from apps.teams.queries import was_erased

_DRAFT = "restored_"


@dataclass(slots=True)
class Changes:
    """How many rows were put back, made again, and taken away, and how many of later stayed.

    ``people`` names each of whom something stays as it is: they are not active now, or another kind of account.
    """

    changed: int = 0
    made: int = 0
    deleted: int = 0
    stayed: int = 0
    people: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """What a program is told."""
        return asdict(self)


def put_back(path: Path, component: str) -> Changes:
    """Make the tables of ``component`` what they were when the backup was made; all of it or nothing.

    Passwords stay as they are, whether somebody is active, and everything of who is not or was erased since: whoever
    left is not let in by it. Shifts ahead are computed anew, grants too. Raises Damaged before anything is touched,
    RuleViolation where what is there now does not let it, Busy where others change the same.
    """
    chosen = models_of(component)
    manifest = archive.verify(path)
    check_schema(manifest)
    try:
        with patiently(PATIENCE):
            _lock(component)
            changes = _put_back(path, manifest, chosen)
            _compute_anew(component)
            note(Act.RESTORED, f"Restored {component} from {manifest.id}", by=None, rows=changes.as_json())
    except IntegrityError as error:
        raise RuleViolation(f"What is there now does not go with it, and nothing was changed: {error}") from error
    return changes


def _lock(component: str) -> None:
    """Before any row, in the order in which everybody takes them: administrators, rosters, people."""
    if component == "people":
        teams.lock_administrators()
    if component in ("people", "rosters"):
        rosters.lock(Roster.objects.values_list("pk", flat=True))


def _put_back(path: Path, manifest: Manifest, chosen: list[type[models.Model]]) -> Changes:
    changes, reason = Changes(), f"Restored from {manifest.id}"
    with connection.cursor() as cursor:
        for model in chosen:
            _load(cursor, path, manifest, model)
        for model in reversed(chosen):
            _take_away(model, changes, reason)
        for model in chosen:
            for row, is_new in _differing(cursor, model):
                _save(row, is_new=is_new, reason=reason)
                changes.made += is_new
                changes.changed += not is_new
        for model in chosen:
            for links in _links(model):
                _load(cursor, path, manifest, links.remote_field.through)
                changes.changed += _link(cursor, model, links, reason)
        if User in chosen:
            changes.people = _not_as_they_were(cursor)
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


def _take_away(model: type[models.Model], changes: Changes, reason: str) -> None:
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
    for each in model._meta.get_fields(include_hidden=True):
        if each.auto_created and not each.concrete and not getattr(each.related_model, "append_only", False):
            yield each


def _links(model: type[models.Model]) -> list[Any]:
    """The links to many others that ``model`` holds; those of people are grants, which are computed."""
    return [] if model is User else list(model._meta.many_to_many)


def _link(cursor: CursorWrapper, model: type[models.Model], links: Any, reason: str) -> int:
    """Link the rows of the backup with what they were linked with, and return of how many that was something else."""
    query = sql.SQL("SELECT {}, {} FROM {}").format(
        sql.Identifier(links.m2m_column_name()),
        sql.Identifier(links.m2m_reverse_name()),
        sql.Identifier(_DRAFT + links.remote_field.through._meta.db_table),
    )
    cursor.execute(query)
    then: dict[Any, set[Any]] = defaultdict(set)
    for owner, other in cursor.fetchall():
        then[owner].add(other)
    changed = 0
    for row in model._base_manager.filter(pk__in=_keys(model)).prefetch_related(links.name):
        held = getattr(row, links.name)
        if {other.pk for other in held.all()} != then[row.pk]:
            row._change_reason = reason  # type: ignore[attr-defined]  # the name by which simple-history asks for it
            held.set(then[row.pk])
            changed += 1
    return changed


def _not_as_they_were(cursor: CursorWrapper) -> list[str]:
    """Whose account was another kind when the backup was made, in words; each stays what it is now."""
    cursor.execute(_OTHERWISE)
    people = User.objects.filter(pk__in=[key for (key,) in cursor.fetchall()]).order_by("pk")
    active, mighty = {True: "active", False: "inactive"}, {True: "a superuser", False: "no superuser"}
    return [f"{person} stays {active[person.is_active]}, {mighty[person.is_superuser]}." for person in people]


_OTHERWISE = f"""
    SELECT "now".id FROM {_DRAFT}teams_user AS "then" JOIN teams_user AS "now" USING (id)
     WHERE ROW("then".is_active, "then".is_superuser) IS DISTINCT FROM ROW("now".is_active, "now".is_superuser)
"""  # noqa: S608  (names of the house)


def _made_since(model: type[models.Model]) -> QuerySet[Any]:
    return model._base_manager.exclude(pk__in=_keys(model))


def _keys(model: type[models.Model]) -> list[Any]:
    """Which rows the backup has."""
    query = sql.SQL("SELECT {} FROM {}").format(
        sql.Identifier(_key(model)), sql.Identifier(_DRAFT + model._meta.db_table)
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        return [key for (key,) in cursor.fetchall()]


def _differing(cursor: CursorWrapper, model: type[models.Model]) -> Iterator[tuple[models.Model, bool]]:
    """The backup's rows that are not there, or say something else now; whether each is missing."""
    compared = [str(field.column) for field in model.history.model.tracked_fields if field.name not in _stays(model)]  # type: ignore[attr-defined]
    names: dict[str, sql.Composable] = {
        "draft": sql.Identifier(_DRAFT + model._meta.db_table),
        "table": sql.Identifier(model._meta.db_table),
        "key": sql.Identifier(_key(model)),
        "is": sql.SQL(", ").join([sql.Identifier("now", column) for column in compared]),
        "was": sql.SQL(", ").join([sql.Identifier("then", column) for column in compared]),
    }
    cursor.execute(_DIFFERING.format(**names))
    missing = dict(cursor.fetchall())
    gone = set(User.objects.filter(was_erased() | Q(is_active=False)).values_list("pk", flat=True))
    rows = model._base_manager.raw(f"SELECT * FROM {_DRAFT}{model._meta.db_table}")  # noqa: S608  (names of the house)
    for row in rows:
        whose = row.pk if model is User else getattr(row, "person_id", None)
        if row.pk in missing and whose not in gone:
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
    stays = _stays(type(row))
    kept = [field.name for field in row._meta.concrete_fields if field.name not in stays and not field.primary_key]
    row.save(update_fields=kept)


def _stays(model: type[models.Model]) -> set[str]:
    return STAYS.get(model._meta.label, set())


def _compute_anew(component: str) -> None:
    """What follows from the rows that were put back."""
    if component == "people":
        rebuild_grants()
    if component in ("people", "rosters"):
        for roster in Roster.objects.filter(retired_at__isnull=True).order_by("pk"):
            rosters.materialise(roster)
            if component == "rosters":
                rosters.plan_reading(roster)  # the turns of calendars are in no component


def _key(model: type[models.Model]) -> str:
    return str(model._meta.pk.column) if model._meta.pk else "id"
