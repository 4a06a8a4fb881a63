"""What a migration leaves of plain text that stood in a database before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations.operations import RunPython

from apps.audit import sealing
from apps.contacts.actions import upsert_endpoint
from apps.contacts.models import WebhookEndpoint
from apps.core.encrypting import conceal_column, conceal_history, encrypt_column
from apps.core.encryption import concealed

SECRET = "https://hooks.example/hush"
HISTORY = "contacts_historicalwebhookendpoint"
LIVE = "contacts_webhookendpoint"

pytestmark = pytest.mark.django_db(transaction=True)


def migrate(operation: RunPython) -> None:
    with connection.schema_editor() as editor:
        operation.code(apps, editor)


def execute(statement: str, *values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
def plain(transactional_db: None) -> WebhookEndpoint:
    """An endpoint as it stood before: its address is plain in its table and in its history."""
    endpoint = upsert_endpoint(slug="bot", name="Bot", url=SECRET)
    for table in (LIVE, HISTORY):
        execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        execute(f"UPDATE {table} SET url = %s", SECRET)
        execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    return endpoint


def test_a_column_is_encrypted(plain: WebhookEndpoint) -> None:
    migrate(encrypt_column(LIVE, "url"))
    assert "hush" not in execute(f"SELECT url FROM {LIVE}")[0][0]
    assert WebhookEndpoint.objects.get().url == SECRET


@pytest.mark.parametrize(("where", "left"), [("slug = 'bot'", concealed), ("slug = 'other'", str)])
def test_what_stands_for_a_secret_takes_its_place_where_it_is_meant(
    plain: WebhookEndpoint, where: str, left: Callable[[str], str]
) -> None:
    migrate(conceal_column(LIVE, "url", where=where))
    assert execute(f"SELECT url FROM {LIVE}") == [(left(SECRET),)]


def test_a_history_without_seals_is_concealed_and_stays_append_only(plain: WebhookEndpoint) -> None:
    migrate(conceal_history(HISTORY, "url"))
    assert execute(f"SELECT DISTINCT url FROM {HISTORY}") == [(concealed(SECRET),)]
    modes = execute("SELECT tgenabled FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal", HISTORY)
    assert {mode for (mode,) in modes} == {"O"}


def test_a_history_under_seals_stays(plain: WebhookEndpoint) -> None:
    sealing.seal()
    migrate(conceal_history(HISTORY, "url"))
    assert execute(f"SELECT DISTINCT url FROM {HISTORY}") == [(SECRET,)]
