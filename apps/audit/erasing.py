"""Takes somebody's personal data out of the record, so that it can be verified as before (docs/privacy.md)."""

from __future__ import annotations

from django.db import connection, transaction

from apps.audit import sealing
from apps.core import personal
from apps.core.models import Erasure
from apps.teams.models import User


@transaction.atomic
def erase(kind: str, number: int, *, pseudonym: str, by: User | None, reason: str) -> Erasure:
    """Empty the personal columns of every row about the ``kind`` of person with that ``number``, and destroy the key.

    Nothing seals meanwhile: a row is sealed with its values, or with what stands in their place. A few statements for
    each table, however many rows. ``pseudonym`` names them from now on. Doing it again erases what came since.
    """
    sealing.wait_for_others()
    erasure = Erasure.objects.create(
        subject=personal.subject(kind, number), pseudonym=pseudonym, by_id=None if by is None else by.pk, reason=reason
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT erase_personal(%s, %s)", [kind, erasure.pk])
    return erasure
