"""Columns that hold secrets: encrypted in the table, concealed in its history and in forms (docs/secrets.md)."""

from __future__ import annotations

import json
from typing import Any, Self

import structlog
from django.core.exceptions import FieldError
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models.lookups import Exact

from apps.core.encryption import CannotDecrypt, concealed, decrypt, encrypt

log = structlog.get_logger(__name__)

#: A concealed object: of which nothing is told but whether it is the same as another.
_DIGEST = "concealed"


class UnreadableText(str):
    """Empty text in the place of one whose key is lost: it is written back as it was ``stored``, so nothing is lost."""

    stored: str

    @classmethod
    def of(cls, stored: str) -> Self:
        """The one that stands for ``stored``."""
        made = cls()
        made.stored = stored
        return made


class UnreadableObject(dict[str, Any]):
    """The same for an object."""

    def __init__(self, stored: str) -> None:
        super().__init__()
        self.stored = stored


class EncryptedText(models.TextField[Any, Any]):
    """Text that is encrypted under the newest of FIELD_KEYS; empty text stays empty, and is all that is searched for.

    The history keeps ``concealed`` text in its place, and a form shows that: what it is left at is kept. A value whose
    key is lost reads as empty, is said so in the log, and is not overwritten by saving the row.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.max_length is not None:
            self.validators = [*self.validators, MaxLengthValidator(self.max_length)]

    def get_lookup(self, lookup_name: str) -> Any:
        return super().get_lookup(lookup_name) if lookup_name in ("exact", "isnull") else None

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if isinstance(value, (UnreadableText, UnreadableObject)):
            return value.stored
        text = self._as_text(value)
        return encrypt(text) if text else text

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Any:
        if not value:
            return self._of_text(value)
        try:
            return self._of_text(decrypt(value))
        except CannotDecrypt as error:
            log.error("secret_unreadable", field=str(self), why=str(error))
            return self._unreadable(value)

    def formfield(self, *args: Any, **options: Any) -> Any:
        """A field whose text no script keeps (static/ado/typed.js)."""
        field = super().formfield(*args, **options)
        if field is not None:
            field.widget.attrs["data-secret"] = ""
        return field

    def value_from_object(self, obj: models.Model) -> Any:
        return concealed(super().value_from_object(obj) or "")

    def value_to_string(self, obj: models.Model) -> str:
        return str(getattr(obj, self.attname))

    def save_form_data(self, instance: models.Model, data: Any) -> None:
        if data != self.value_from_object(instance):
            super().save_form_data(instance, data)

    def in_history(self) -> models.Field[Any, Any]:
        """The column of the history: concealed, so that what can never be rewritten holds no secret."""
        return ConcealedText(
            verbose_name=self.verbose_name, max_length=self.max_length, blank=True, help_text=self.help_text
        )

    def _as_text(self, value: Any) -> Any:
        return value if value is None else str(value)

    def _of_text(self, text: str | None) -> Any:
        return text

    def _unreadable(self, stored: str) -> Any:
        return UnreadableText.of(stored)


@EncryptedText.register_lookup
class OnlyEmpty(Exact[Any]):
    """Whether there is a secret at all: one is encrypted anew each time, so that none is ever found by its text."""

    def get_prep_lookup(self) -> Any:
        if self.rhs not in ("", None) and not hasattr(self.rhs, "resolve_expression"):
            raise FieldError("What is encrypted is not searched for by its text.")
        return super().get_prep_lookup()


class EncryptedJSON(EncryptedText):
    """An object that is encrypted as a whole; see EncryptedText. An empty one is kept as empty text."""

    def value_from_object(self, obj: models.Model) -> Any:
        return _concealed_object(getattr(obj, self.attname))

    def value_to_string(self, obj: models.Model) -> str:
        return str(self._as_text(getattr(obj, self.attname)))

    def to_python(self, value: Any) -> Any:
        return json.loads(value or "{}") if isinstance(value, str) else value

    def in_history(self) -> models.Field[Any, Any]:
        return ConcealedJSON(
            verbose_name=self.verbose_name, default=dict, blank=True, editable=False, help_text=self.help_text
        )

    def _as_text(self, value: Any) -> Any:
        return json.dumps(value, sort_keys=True, separators=(",", ":")) if value else ""

    def _of_text(self, text: str | None) -> Any:
        return json.loads(text or "{}")

    def _unreadable(self, stored: str) -> Any:
        return UnreadableObject(stored)


class ConcealedText(models.CharField[Any, Any]):
    """What may be told of a secret, made of it when the row is written."""

    def get_prep_value(self, value: Any) -> Any:
        return value if value is None else concealed(str(value))


class ConcealedJSON(models.JSONField[Any, Any]):
    """Whether an object is the same as another, made of it when the row is written."""

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return super().get_db_prep_value(_concealed_object(value), connection, prepared)


def _concealed_object(value: Any) -> dict[str, str]:
    return {_DIGEST: concealed(json.dumps(value, sort_keys=True))} if value else {}
