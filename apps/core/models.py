"""Model parts that every app shares: history that cannot be rewritten, append-only tables, remembered answers."""

from __future__ import annotations

from typing import Any, ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from simple_history.models import HistoricalRecords

from apps.core import clock, origins
from apps.core.encrypted import EncryptedText
from apps.core.marks import written_as, written_in
from apps.core.personal import Personal, refuse_rewriting_but_erasure


def refuse_rewriting(personal: Personal | None = None) -> list[pgtrigger.Trigger]:
    """Triggers that refuse UPDATE, DELETE and TRUNCATE whoever asks, the table's owner included.

    Of a table with ``personal`` columns they let those be emptied of a row whose person is erased, and nothing else.
    """
    return [
        pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        if personal is None
        else refuse_rewriting_but_erasure(personal),
        pgtrigger.Trigger(
            name="never_truncated",
            level=pgtrigger.Statement,
            when=pgtrigger.Before,
            operation=pgtrigger.Truncate,
            func="RAISE EXCEPTION 'pgtrigger: Cannot truncate rows from % table', TG_TABLE_NAME;",
        ),
    ]


class WrittenOnce(models.Model):
    """A table whose rows are written once. The application's role holds no right to change it (``database_roles``)."""

    append_only = True

    class Meta:
        abstract = True
        triggers = refuse_rewriting()


class AppendOnly(WrittenOnce):
    """A table whose rows are written once and sealed (``apps.audit``); ``moment`` names the column that says when."""

    sealed: ClassVar[bool] = True
    moment: ClassVar[str] = "at"
    personal: ClassVar[Personal | None] = None

    written_in = written_in()
    written_as = written_as()

    class Meta(WrittenOnce.Meta):
        abstract = True


class History(HistoricalRecords):
    """The history of a table people edit: who, when, from where, what and why; its rows are append-only and sealed.

    ``history_user`` has no database constraint: a person is deactivated, never deleted. ``personal`` names the columns
    with personal data. Of what is encrypted it keeps what is ``concealed``: no key opens a secret in it.
    """

    def __init__(self, *, personal: Personal | None = None, **options: Any) -> None:
        options.setdefault("user_db_constraint", False)
        super().__init__(**options)
        self._personal = personal

    def post_save(self, instance: models.Model, created: bool, using: str | None = None, **known: Any) -> None:
        """Write down what was saved, unless that is nothing that the history holds: when somebody last signed in."""
        saved = known.get("update_fields")
        if created or saved is None or not set(saved) <= set(self.excluded_fields):
            super().post_save(instance, created, using=using, **known)

    def create_historical_record(self, instance: models.Model, *args: Any, **options: Any) -> None:
        """Write down the change at the instant of the house's clock."""
        instance._history_date = clock.now()  # type: ignore[attr-defined]  # the name by which simple-history asks
        super().create_historical_record(instance, *args, **options)

    def copy_fields(self, model: type[models.Model]) -> dict[str, Any]:
        fields: dict[str, Any] = super().copy_fields(model)
        return {
            name: field.in_history() if isinstance(field, EncryptedText) else field for name, field in fields.items()
        }

    def get_meta_options(self, model: type[models.Model]) -> dict[str, Any]:
        options: dict[str, Any] = super().get_meta_options(model)
        return options | {"triggers": refuse_rewriting(self._personal)}

    def get_meta_options_m2m(self, through_model: type[models.Model]) -> dict[str, Any]:
        options: dict[str, Any] = super().get_meta_options_m2m(through_model)
        return options | {"triggers": refuse_rewriting()}

    def get_extra_fields(self, model: type[models.Model], fields: dict[str, Any]) -> dict[str, Any]:
        extra: dict[str, Any] = super().get_extra_fields(model, fields)
        asked_from = {"history_request": origins.request_column(), "history_address": origins.address_column()}
        return extra | asked_from | _sealed(moment="history_date", personal=self._personal)

    def get_extra_fields_m2m(
        self, model: type[models.Model], through_model: type[models.Model], fields: dict[str, Any]
    ) -> dict[str, Any]:
        extra: dict[str, Any] = super().get_extra_fields_m2m(model, through_model, fields)
        return extra | _sealed(moment="history__history_date", personal=None)


def _sealed(*, moment: str, personal: Personal | None) -> dict[str, Any]:
    """What a model of simple-history needs to be what AppendOnly is."""
    marks = {"written_in": written_in(), "written_as": written_as()}
    return {"append_only": True, "sealed": True, "moment": moment, "personal": personal, **marks}


class Erasure(AppendOnly):
    """Somebody's personal data were erased: why and by whom, and whose only by the name that stands for them since."""

    subject = models.CharField(max_length=100, db_index=True, help_text="Whose they were: person:42.")
    pseudonym = models.CharField(max_length=120)
    at = models.DateTimeField(default=clock.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, db_constraint=False, null=True, related_name="+",
        help_text="Who erased them; empty: the house, after a backup was restored.",
    )  # fmt: skip
    reason = models.TextField()
    request = origins.request_column()
    address = origins.address_column()

    class Meta(AppendOnly.Meta):
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return self.pseudonym


class Commitment(WrittenOnce):
    """What the seals have in the place of a row's personal data, kept since these were erased (``audit.canonical``).

    Written by ``erase_personal`` alone (``core.personal``); nothing can be told from it once the key is gone.
    """

    erasure = models.ForeignKey(Erasure, on_delete=models.PROTECT, related_name="+")
    table = models.CharField(max_length=63)
    row = models.BigIntegerField()
    said = models.JSONField(help_text="By column: the SHA-256 of the person's key and the value, null where none was.")

    class Meta(WrittenOnce.Meta):
        constraints = [models.UniqueConstraint(fields=["table", "row"], name="commitment_once_per_row")]

    def __str__(self) -> str:
        return f"{self.table} {self.row}"


class RememberedAnswer(models.Model):
    """The answer to a POST that carried an Idempotency-Key, so that its repetition has one effect (contract)."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    credential = models.CharField(max_length=40, blank=True, help_text="The token it came with; empty: a session.")
    key = models.CharField(max_length=255)
    request_digest = models.CharField(max_length=64, help_text="SHA-256 of method, path and body.")
    status = models.PositiveSmallIntegerField()
    body = models.TextField(
        null=True, help_text="The JSON that was answered, as it was sent; null: it held a secret, and is not kept."
    )
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "credential", "key"], name="remembered_answer_once_per_key")
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.key}"
