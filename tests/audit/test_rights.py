"""Nobody rewrites what is written once: not the application's role, and not the owner while the triggers stand."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection
from psycopg import errors, sql

from apps.audit import canonical
from apps.audit.models import Layout, Leaves, Seal
from apps.core.database_roles import append_only_tables, grant_application_role
from apps.core.models import Commitment
from apps.incidents.models import Incident

pytestmark = pytest.mark.django_db(transaction=True)

OWN = sorted(model._meta.db_table for model in (Commitment, Layout, Leaves, Seal))

#: What ``pg_trigger.tgtype`` says: bits for each row, before, DELETE, UPDATE and TRUNCATE.
ROWS_BEFORE_DELETE_OR_UPDATE, BEFORE_TRUNCATE = 1 | 2 | 8 | 16, 2 | 32


def rewriting(table: str) -> list[sql.Composed]:
    """Statements that would change, delete and empty everything in the table."""
    columns = {"audit_leaves": "position", "audit_layout": "digest", "audit_seal": "digest", "core_commitment": "said"}
    column = columns.get(table, "written_as")
    names = {"table": sql.Identifier(table), "column": sql.Identifier(column)}
    texts = ("UPDATE {table} SET {column} = {column}", "DELETE FROM {table}", "TRUNCATE {table} CASCADE")
    return [sql.SQL(text).format(**names) for text in texts]


@pytest.fixture
def application(settings: Any) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """A session of a role that has the rights of the application's."""
    role = f"audit_test_{secrets.token_hex(4)}"
    settings.DATABASE_APPLICATION_ROLE = role
    name = sql.Identifier(role)
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("CREATE ROLE {}").format(name))
        grant_application_role()
        parameters = connection.get_connection_params() | {"cursor_factory": psycopg.Cursor, "context": None}
        with psycopg.connect(**parameters, autocommit=True) as session:
            session.execute(sql.SQL("SET SESSION AUTHORIZATION {}").format(name))
            yield session
        cursor.execute(sql.SQL("DROP OWNED BY {}").format(name))
        cursor.execute(sql.SQL("DROP ROLE {}").format(name))


def test_every_table_that_is_written_once_is_sealed_but_the_seals_themselves() -> None:
    sealed = [model._meta.db_table for model in canonical.sealed_models()]
    assert sorted([*sealed, *OWN]) == sorted(append_only_tables())
    assert len(sealed) >= 56


def test_the_applications_role_may_not_rewrite(
    sealed: Incident, application: psycopg.Connection[tuple[Any, ...]]
) -> None:
    tables = append_only_tables()
    assert {"incidents_timelineevent", "incidents_historicalincident", *OWN} <= set(tables)
    for table in tables:
        for statement in rewriting(table):
            with pytest.raises(errors.InsufficientPrivilege):
                application.execute(statement)


def test_the_triggers_refuse_the_owner_too(sealed: Incident) -> None:
    """A statement that finds no row fires no trigger of rows: of empty tables only the triggers are looked at."""
    with connection.cursor() as cursor:
        for table in append_only_tables():
            cursor.execute("SELECT tgtype FROM pg_trigger WHERE tgrelid = %s::regclass AND tgenabled = 'O'", [table])
            assert {ROWS_BEFORE_DELETE_OR_UPDATE, BEFORE_TRUNCATE} <= {row[0] for row in cursor.fetchall()}, table
            cursor.execute(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(sql.Identifier(table)))
            has_rows = cursor.fetchone()[0]
            for statement in rewriting(table) if has_rows else rewriting(table)[2:]:
                with pytest.raises(Exception, match="pgtrigger"):
                    cursor.execute(statement)


def test_the_applications_role_can_seal_and_its_rows_carry_its_name(
    incident: Incident, application: psycopg.Connection[tuple[Any, ...]]
) -> None:
    written = application.execute(
        "INSERT INTO incidents_timelineevent (incident_id, at, kind, via, text, data)"
        " VALUES (%s, now(), 'note', 'web', 'Mine', '{}') RETURNING written_as, written_in", [incident.pk],
    ).fetchone()  # fmt: skip
    role = application.execute("SELECT session_user").fetchone()
    assert written is not None
    assert role is not None
    assert (written[0], written[1] > 0) == (role[0], True)
    assert application.execute("SELECT system_identifier FROM pg_control_system()").fetchone() is not None
    application.execute("INSERT INTO audit_seal (number, body, digest) VALUES (1, '{}', 'x')")
