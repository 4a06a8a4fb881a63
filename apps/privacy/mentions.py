"""Where the house itself wrote down what somebody is called or reached by, and can still be rewritten.

What people wrote by hand is not touched, and nothing that is sealed (docs/privacy.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from psycopg import sql

from apps.contacts.models import ContactMethod, EmergencyContact
from apps.core.encrypted import EncryptedText
from apps.teams.models import User

#: What is shorter would be found in other words.
SHORTEST = 5

_REPLACE = sql.SQL("{column} = regexp_replace({column}::text, %(words)s, %(instead)s, 'gi')::{kind}")
_FOUND = sql.SQL("{column}::text ~* %(words)s")


def addresses_of(person: User) -> list[str]:
    """All addresses and numbers by which they are or were reached, in every form in which they are kept."""
    found = set(person.history.values_list("email", flat=True)) | {person.email}
    for methods in (ContactMethod.objects, ContactMethod.history):
        for each in methods.filter(person=person).values_list("value", "normalised"):
            found.update(each)
    for contacts in (EmergencyContact.objects, EmergencyContact.history):
        for each in contacts.filter(person=person).values_list("email", "phone", "pager", "slack"):
            found.update(each)
    return sorted(each for each in found if each)


def names_of(person: User) -> list[str]:
    """What they are or were called, if it is more than one word: a single one stands for other things too."""
    found = set(person.history.values_list("name", flat=True)) | {person.name}
    found.update(EmergencyContact.history.filter(person=person).values_list("name", flat=True))
    return sorted(name for name in found if " " in name.strip())


def pattern_of(words: Iterable[str]) -> str:
    """A regular expression, for Python and PostgreSQL alike, that finds each of ``words`` by itself; empty for none."""
    long = sorted({word.strip() for word in words if len(word.strip()) >= SHORTEST}, key=len, reverse=True)
    return rf"(?<![\w])(?:{'|'.join(map(re.escape, long))})(?![\w])" if long else ""


def replace(words: Iterable[str], pseudonym: str) -> None:
    """Put ``pseudonym`` in the place of each of ``words``, wherever the house wrote it. A statement for each table.

    Each table is read once as a whole.
    """
    pattern = pattern_of(words)
    if not pattern:
        return
    with connection.cursor() as cursor:
        for model, fields in written_by_the_house():
            columns = [sql.Identifier(str(field.column)) for field in fields]
            kinds = [sql.SQL(str(field.db_type(connection))) for field in fields]
            statement = sql.SQL("UPDATE {table} SET {changes} WHERE {found}").format(
                table=sql.Identifier(model._meta.db_table),
                changes=sql.SQL(", ").join(
                    _REPLACE.format(column=column, kind=kind) for column, kind in zip(columns, kinds, strict=True)
                ),
                found=sql.SQL(" OR ").join(_FOUND.format(column=column) for column in columns),
            )
            cursor.execute(statement, {"words": pattern, "instead": pseudonym})


def written_by_the_house() -> Iterator[tuple[type[models.Model], list[models.Field[object, object]]]]:
    """Tables that can be rewritten, with their columns of text that no history keeps: nobody edits these."""
    for model in apps.get_models(include_auto_created=True):
        if getattr(model, "append_only", False) or model._meta.proxy:
            continue
        history = getattr(model, "history", None)
        kept = {field.name for field in history.model._meta.concrete_fields} if history else set()
        fields = [field for field in model._meta.concrete_fields if _is_text(field) and field.name not in kept]
        if fields:
            yield model, fields


def _is_text(field: models.Field[object, object]) -> bool:
    if isinstance(field, EncryptedText) or field.choices or field.primary_key or field.unique:
        return False
    if isinstance(field, ArrayField):
        return _is_text(field.base_field)
    return isinstance(field, models.CharField | models.TextField | models.JSONField)
