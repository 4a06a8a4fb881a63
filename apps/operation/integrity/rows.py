"""Whether rows say what their history says, and whether what they refer to is there: asked of the database itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import connection, models
from psycopg import sql

from apps.core.encrypted import EncryptedText
from apps.operation.integrity.findings import Finding, Found, Kind

#: So many rows of a table are named.
NAMED = 5

#: Which component the tables of an app are of; those of every other app are of the incidents' record.
_OF = {"teams": "people", "contacts": "people", "identity": "people", "catalog": "catalog", "rosters": "rosters"}
_POLICY = {"severity", "checklisttemplateitem", "responserole", "rolecandidate", "expert", "procedures"}
_POLICY |= {"policy", "level", "leveltarget", "trigger", "updateschedule", "messagetemplate", "reviewquestion"}
_POLICY |= {"severityrule", "alertsettings", "proceduresrevision"}


def component_of(model: type[models.Model]) -> str:
    """The component that ``model`` belongs to."""
    name = str(model._meta.model_name).removeprefix("historical")
    return "policy" if name in _POLICY else _OF.get(model._meta.app_label, "incidents")


def models_of(component: str) -> Iterator[type[models.Model]]:
    """Every model of ``component`` that has a table."""
    for model in apps.get_models(include_auto_created=True):
        if component_of(model) == component:
            yield model


def count(component: str) -> int:
    """How many rows the tables of ``component`` have."""
    return sum(model._base_manager.count() for model in models_of(component))


def differing_from_history(component: str) -> Found:
    """Rows that are not what the last entry of their history says, and rows without any: nobody edited them here."""
    for model in models_of(component):
        manager = getattr(model, "history", None)
        if manager is not None and hasattr(manager, "model"):
            yield from _differing(model, manager.model, component)


def _differing(model: type[models.Model], history: type[models.Model], component: str) -> Found:
    held = {field.column for field in history._meta.concrete_fields if not isinstance(field, EncryptedText)}
    compared = [each for each in model._meta.concrete_fields if each.column in held]
    columns = [str(each.column) for each in compared if not isinstance(each, EncryptedText)]
    now, then = _listed("now", columns), _listed("last", columns)
    names = {"rows": _present(model), "history": _table(history), "key": sql.Identifier(_key(model))}
    found = _rows(_DIFFERING.format(**names, now=now, then=then))
    yield from _named(found, component, Kind.CHECKSUM, model, "is not what the last entry of its history says")


def _present(model: type[models.Model]) -> sql.Composable:
    """The rows of ``model`` with what they have of its parents; what is one of a child model has its history there."""
    kinds = [each.name for each in model._meta.related_objects if each.parent_link]
    rows = model._base_manager.filter(**{f"{kind}__isnull": True for kind in kinds}).order_by()
    query, _ = rows.values_list(*(field.attname for field in model._meta.concrete_fields)).query.sql_with_params()
    return sql.SQL(query)


_DIFFERING = sql.SQL(
    """
    SELECT "now".{key}
      FROM ({rows}) AS "now"
      LEFT JOIN (SELECT DISTINCT ON ({key}) * FROM {history} ORDER BY {key}, history_id DESC) AS "last"
        ON "last".{key} = "now".{key}
     WHERE "last".{key} IS NULL OR ROW({now}) IS DISTINCT FROM ROW({then})
     ORDER BY 1
    """
)


def referring_to_nothing(component: str) -> Found:
    """Rows that name another row which is not there, whether or not the database has been told to refuse it."""
    for model in models_of(component):
        for field in model._meta.local_concrete_fields:
            target = field.related_model if isinstance(field, models.ForeignKey) else None
            if isinstance(target, type) and not _may_be_gone(model, field):
                yield from _dangling(model, field, target, component)


def _may_be_gone(model: type[models.Model], field: Any) -> bool:
    """A history keeps what its rows referred to, though that was deleted."""
    return bool(getattr(model, "append_only", False) and not field.db_constraint)


def _dangling(model: type[models.Model], field: Any, target: type[models.Model], component: str) -> Found:
    names = {
        "table": _table(model), "key": sql.Identifier(_key(model)), "column": sql.Identifier(field.column),
        "target": _table(target), "target_key": sql.Identifier(field.target_field.column),
    }  # fmt: skip
    found = _rows(_DANGLING.format(**names))
    yield from _named(found, component, Kind.REFERENCE, model, f"names a {target._meta.verbose_name} that is not there")


_DANGLING = sql.SQL(
    """
    SELECT each.{key} FROM {table} each
     WHERE each.{column} IS NOT NULL
       AND NOT EXISTS (SELECT FROM {target} other WHERE other.{target_key} = each.{column})
     ORDER BY 1
    """
)


def _named(found: list[Any], component: str, kind: Kind, model: type[models.Model], what: str) -> Found:
    table = model._meta.db_table
    for key in found[:NAMED]:
        yield Finding(kind, component, f"{table} {key} {what}.", table)
    if len(found) > NAMED:
        yield Finding(kind, component, f"{len(found) - NAMED:,} more rows of {table}: each {what}.", table)


def _rows(query: sql.Composable) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return [key for (key,) in cursor.fetchall()]


def _listed(table: str, columns: list[str]) -> sql.Composable:
    return sql.SQL(", ").join([sql.Identifier(table, column) for column in columns])


def _table(model: type[models.Model]) -> sql.Identifier:
    return sql.Identifier(model._meta.db_table)


def _key(model: type[models.Model]) -> str:
    return str(model._meta.pk.column) if model._meta.pk else "id"
