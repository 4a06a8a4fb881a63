"""What the application's database role may do: everything but rewrite what is append-only (design, "Append-only")."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connections
from psycopg import sql

#: What ``erase_personal`` alone writes: it says what a row had before it was emptied.
COMMITMENTS = "core_commitment"


def grant_application_role(using: str = "default", **_: Any) -> None:
    """After a migration, run by the owner: grant the application's role its rights on every table and sequence.

    Does nothing where owner and application share one role; then the triggers alone refuse.
    """
    connection = connections[using]
    role = settings.DATABASE_APPLICATION_ROLE
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user <> %s AND EXISTS (SELECT 1 FROM pg_roles WHERE rolname = %s)", [role, role])
        if not cursor.fetchone()[0]:
            return
        name = sql.Identifier(role)
        for statement in (
            "GRANT USAGE ON SCHEMA public TO {}",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}",
            "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}",
            "GRANT EXECUTE ON FUNCTION erase_personal(text, bigint) TO {}",
        ):
            cursor.execute(sql.SQL(statement).format(name))
        for table in append_only_tables():
            cursor.execute(sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE ON {} FROM {}").format(sql.Identifier(table), name))
        cursor.execute(sql.SQL("REVOKE INSERT ON {} FROM {}").format(sql.Identifier(COMMITMENTS), name))


def append_only_tables() -> list[str]:
    """The names of all tables whose rows are written once, history included."""
    return [
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if getattr(model, "append_only", False)
    ]
