"""Brings what is encrypted under the newest key, so that older ones can be taken out of FIELD_KEYS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.apps import apps
from django.db import models, transaction
from django.db.models import Q, TextField, Value
from django.db.models.functions import Cast

from apps.core.encrypted import EncryptedText
from apps.core.encryption import CannotDecrypt, decrypt, encrypt, newest_key_prefix

#: So many rows are locked and written at a time.
BATCH = 500


@dataclass(frozen=True, slots=True)
class Rotated:
    """What became of one column: rows that were encrypted anew, and the ids of those that no key opens."""

    column: str
    anew: int
    unreadable: tuple[object, ...]


#: Encrypts anew what lies elsewhere than in columns of our own, so many rows a transaction.
Rotation = Callable[[int], Rotated]
_elsewhere: list[Rotation] = []


def elsewhere(rotation: Rotation) -> Rotation:
    """Register the decorated function: it brings under the newest key what no ``EncryptedText`` holds."""
    _elsewhere.append(rotation)
    return rotation


def encrypted_fields() -> Iterator[EncryptedText]:
    """Every encrypted column of the database."""
    for model in apps.get_models(include_auto_created=True):
        if not model._meta.proxy:
            yield from (field for field in model._meta.local_concrete_fields if isinstance(field, EncryptedText))


def rotate(*, batch: int = BATCH) -> Iterator[Rotated]:
    """Encrypt with the newest key what is encrypted with an older one, column by column.

    In transactions of ``batch`` rows: what is done stays done, and another call goes on with what is left. A row that
    no key opens is left as it is, and named.
    """
    for field in encrypted_fields():
        yield _rotate(field, batch)
    for rotation in _elsewhere:
        yield rotation(batch)


def _rotate(field: EncryptedText, batch: int) -> Rotated:
    anew, unreadable, last = 0, list[object](), None
    while rows := _batch(field, batch, after=last):
        anew += rows.anew
        unreadable += rows.unreadable
        last = rows.last
    return Rotated(str(field), anew, tuple(unreadable))


@dataclass(frozen=True, slots=True)
class _Batch:
    last: object
    anew: int
    unreadable: list[object]


@transaction.atomic
def _batch(field: EncryptedText, size: int, *, after: object) -> _Batch | None:
    """Encrypt the next rows anew that are not under the newest key; None where there are none left."""
    found = list(_of_older_keys(field, after)[:size])
    unreadable = []
    for pk, stored in found:
        try:
            renewed = encrypt(decrypt(stored))
        except CannotDecrypt:
            unreadable.append(pk)
        else:
            field.model._base_manager.filter(pk=pk).update(**{field.name: Value(renewed, TextField())})
    return _Batch(found[-1][0], len(found) - len(unreadable), unreadable) if found else None


def _of_older_keys(field: EncryptedText, after: object) -> models.QuerySet[models.Model, tuple[object, str]]:
    newest = Q(stored="") | Q(stored__startswith=newest_key_prefix())
    rows = field.model._base_manager.annotate(stored=Cast(field.name, TextField())).exclude(newest)
    rows = rows if after is None else rows.filter(pk__gt=after)
    return rows.select_for_update(no_key=True, of=("self",)).order_by("pk").values_list("pk", "stored")
