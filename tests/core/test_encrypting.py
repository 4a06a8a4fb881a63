"""What a migration leaves of plain text that stood in a database before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations.operations import RunPython
from psycopg import sql

from apps.audit import sealing
from apps.contacts.actions import upsert_endpoint
from apps.contacts.models import WebhookEndpoint
from apps.core.encrypting import conceal_column, conceal_history, encrypt_column
from apps.core.encryption import concealed

SECRET = "https://hooks.example/hush"
HISTORY, LIVE = "contacts_historicalwebhookendpoint", "contacts_webhookendpoint"
_MODES = "SELECT tgenabled FROM {table} WHERE tgrelid = %s::regclass AND NOT tgisinternal"

pytestmark = pytest.mark.django_db(transaction=True)


def migrate(operation: RunPython) -> None:
    with connection.schema_editor() as editor:
        operation.code(apps, editor)


def execute(statement: str, *values: Any, table: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(statement).format(table=sql.Identifier(table)), values)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
def plain(transactional_db: None) -> WebhookEndpoint:
    """An endpoint as it stood before: its address is plain in its table and in its history."""
    endpoint = upsert_endpoint(slug="bot", name="Bot", url=SECRET)
    for table in (LIVE, HISTORY):
        execute("ALTER TABLE {table} DISABLE TRIGGER USER", table=table)
        execute("UPDATE {table} SET url = %s", SECRET, table=table)
        execute("ALTER TABLE {table} ENABLE TRIGGER USER", table=table)
    return endpoint


def test_a_column_is_encrypted(plain: WebhookEndpoint) -> None:
    migrate(encrypt_column(LIVE, "url"))
    assert "hush" not in execute("SELECT url FROM {table}", table=LIVE)[0][0]
    assert WebhookEndpoint.objects.get().url == SECRET


@pytest.mark.parametrize(("where", "left"), [("slug = 'bot'", concealed), ("slug = 'other'", str)])
def test_what_stands_for_a_secret_takes_its_place_where_it_is_meant(
    plain: WebhookEndpoint, where: str, left: Callable[[str], str]
) -> None:
    migrate(conceal_column(LIVE, "url", where=where))
    assert execute("SELECT url FROM {table}", table=LIVE) == [(left(SECRET),)]


def test_a_history_without_seals_is_concealed_and_stays_append_only(plain: WebhookEndpoint) -> None:
    migrate(conceal_history(HISTORY, "url"))
    assert execute("SELECT DISTINCT url FROM {table}", table=HISTORY) == [(concealed(SECRET),)]
    modes = execute(_MODES, HISTORY, table="pg_trigger")
    assert {mode for (mode,) in modes} == {"O"}


def test_a_history_under_seals_stays(plain: WebhookEndpoint) -> None:
    sealing.seal()
    migrate(conceal_history(HISTORY, "url"))
    assert execute("SELECT DISTINCT url FROM {table}", table=HISTORY) == [(SECRET,)]
