"""What the database itself writes into every row that is written once: in which transaction, and as which role.

The application names neither: the values are the server's own, and the seals (``apps.audit``) go by them.
"""

from __future__ import annotations

from django.db import models
from django.utils.deconstruct import deconstructible


@deconstructible(path="apps.core.marks.CurrentTransaction")
class CurrentTransaction(models.Func):
    """The number of the transaction that writes, 64 bits wide: it never comes again in the life of a server."""

    template = "(pg_current_xact_id()::text)::bigint"
    output_field = models.BigIntegerField()


@deconstructible(path="apps.core.marks.SessionRole")
class SessionRole(models.Func):
    """The role that signed in to the database, whatever it has become since by SET ROLE."""

    template = "session_user"
    output_field = models.CharField()


def written_in() -> models.BigIntegerField[int, int]:
    """The column of the transaction; indexed, for the seal of each minute asks for what is new."""
    return models.BigIntegerField("transaction", db_default=CurrentTransaction(), editable=False, db_index=True)


def written_as() -> models.CharField[str, str]:
    """The column of the role."""
    return models.CharField("database role", max_length=63, db_default=SessionRole(), editable=False)
