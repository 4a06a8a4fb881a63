"""Model parts that every app shares: history that cannot be rewritten, append-only tables, remembered answers."""

from __future__ import annotations

from typing import Any

import pgtrigger
from django.conf import settings
from django.db import models
from simple_history.models import HistoricalRecords

from apps.core import clock


def refuse_rewriting() -> list[pgtrigger.Trigger]:
    """Triggers that refuse UPDATE, DELETE and TRUNCATE whoever asks, the table's owner included."""
    return [
        pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        pgtrigger.Trigger(
            name="never_truncated",
            level=pgtrigger.Statement,
            when=pgtrigger.Before,
            operation=pgtrigger.Truncate,
            func="RAISE EXCEPTION 'pgtrigger: Cannot truncate rows from % table', TG_TABLE_NAME;",
        ),
    ]


class AppendOnly(models.Model):
    """A table whose rows are written once. The application's role holds no right to change it (``database_roles``)."""

    append_only = True

    class Meta:
        abstract = True
        triggers = refuse_rewriting()


class History(HistoricalRecords):
    """The history of a table people edit: who, when, what and why; its rows are append-only.

    ``history_user`` has no database constraint: a person is deactivated, never deleted.
    """

    def __init__(self, **options: Any) -> None:
        options.setdefault("user_db_constraint", False)
        super().__init__(**options)

    def create_historical_record(self, instance: models.Model, *args: Any, **options: Any) -> None:
        """Write down the change at the instant of the house's clock."""
        instance._history_date = clock.now()  # type: ignore[attr-defined]  # the name by which simple-history asks
        super().create_historical_record(instance, *args, **options)

    def get_meta_options(self, model: type[models.Model]) -> dict[str, Any]:
        options: dict[str, Any] = super().get_meta_options(model)
        options["triggers"] = refuse_rewriting()
        return options

    def get_extra_fields(self, model: type[models.Model], fields: dict[str, Any]) -> dict[str, Any]:
        extra: dict[str, Any] = super().get_extra_fields(model, fields)
        extra["append_only"] = True
        return extra


class RememberedAnswer(models.Model):
    """The answer to a POST that carried an Idempotency-Key, so that its repetition has one effect (contract)."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    request_digest = models.CharField(max_length=64, help_text="SHA-256 of method, path and body.")
    status = models.PositiveSmallIntegerField()
    body = models.TextField(help_text="The JSON that was answered, as it was sent.")
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "key"], name="remembered_answer_once_per_key")]

    def __str__(self) -> str:
        return f"{self.person}: {self.key}"
