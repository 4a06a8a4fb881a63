"""A column that seals list stays: neither renamed, nor taken away, nor of another type, or no row could be compared."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import AddField, AlterField, DeleteModel, RemoveField, RenameField, RenameModel
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import CharField, IntegerField, TextField

from apps.audit import canonical
from apps.core.personal import personal_models

#: The migration of each app that makes its tables, as the first seals found them.
FIRST = "0001_tables"


#: By which key the personal data of each sealed table are hidden in the first version that anybody runs. What an old
#: seal covers is checked, and was perhaps erased, by that: a line here never changes.
PERSONAL = {
    "audit_historicalsavedview": ("person", "person_id"),
    "contacts_historicalcontactmethod": ("person", "person_id"),
    "contacts_historicalemergencycontact": ("person", "person_id"),
    "identity_historicalinvitation": ("invitation", "id"),
    "rosters_historicalabsence": ("person", "person_id"),
    "teams_historicaluser": ("person", "id"),
}


def losing(app: str, operations: Iterable[Operation], before: ProjectState) -> list[str]:
    """Those of a migration that take away a column of a sealed table, or change its type."""
    sealed = {model._meta.model_name for model in canonical.sealed_models() if model._meta.app_label == app}
    return [each.describe() for each in operations if _model(each) in sealed and not _keeps_type(app, each, before)]


def _model(operation: Operation) -> str:
    if isinstance(operation, RemoveField | RenameField | AlterField):
        return str(operation.model_name).lower()
    if isinstance(operation, RenameModel):
        return str(operation.old_name).lower()
    return str(operation.name).lower() if isinstance(operation, DeleteModel) else ""


def _keeps_type(app: str, operation: Operation, before: ProjectState) -> bool:
    if not isinstance(operation, AlterField):
        return False
    field = before.models[app, _model(operation)].fields[operation.name]
    return bool(field.get_internal_type() == operation.field.get_internal_type())


def test_no_migration_after_the_first_seals_takes_away_what_is_sealed(settings: Any) -> None:
    settings.MIGRATION_MODULES = {}  # the tables of tests are made without migrations
    loader = MigrationLoader(None)
    sealed = {model._meta.app_label for model in canonical.sealed_models()}
    assert {app for app, name in loader.disk_migrations if name == FIRST} >= sealed
    for (app, name), migration in loader.disk_migrations.items():
        if app in sealed and name != FIRST:
            assert losing(app, migration.operations, loader.project_state((app, name), at_end=False)) == []


def test_whose_the_personal_data_of_a_sealed_table_are_stays() -> None:
    assert {
        model._meta.db_table: (model.personal.kind, model.personal.of)  # type: ignore[attr-defined]  # of History
        for model in personal_models()
    } == PERSONAL


def test_a_migration_that_would_is_found() -> None:
    operations = [
        AddField("timelineevent", "more", TextField()),
        AlterField("timelineevent", "via", CharField(max_length=99)),
        AlterField("timelineevent", "via", IntegerField()),
        RenameField("timelineevent", "via", "way"),
        RemoveField("HistoricalIncident", "title"),
        RemoveField("incident", "title"),
        DeleteModel("Update"),
    ]
    before = ProjectState.from_apps(apps)
    assert losing("incidents", operations, before) == [each.describe() for each in operations[2:5]]
    assert losing("communications", operations, before) == [operations[6].describe()]
