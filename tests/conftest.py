"""What every test stands on: a real PostgreSQL with all migrations, and a clock that can be set.

One server serves the whole run: the process that was started by hand starts it (or takes the one of DATABASE_URL),
the workers of pytest-xdist inherit its address. The first to need a database migrates a template, and each worker
works on a copy of its own. The settings read all of this from the environment when this module is imported, which is
before any test module or other conftest, so that those import models as they like.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import django
import hypothesis
import psycopg
import pytest
from cryptography.fernet import Fernet
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.test import TransactionTestCase
from psycopg import sql
from whitenoise.middleware import WhiteNoiseMiddleware

from apps.communications.status_page.keeping import answers
from apps.core import clock as house_clock
from apps.engine.identity import me
from launcher.databases import EXTENSIONS
from launcher.servers import temporary_servers
from tests.access.counting import pytest_terminal_summary  # noqa: F401  (a hook)
from tests.chromium import browser  # noqa: F401  (a fixture)
from tests.tables import tables

RUN = "ADO_TEST_RUN"  # set once the servers of this run are known: here, or in the process that started this worker
BROKER = "TEST_REDIS_URL"

_of_this_process = ExitStack()

# How long an example takes is the machine's, and what else runs on it.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")


def _provide_servers() -> None:
    folder = Path(tempfile.mkdtemp(prefix="ado-tests-"))
    _of_this_process.callback(shutil.rmtree, folder, ignore_errors=True)
    (folder / "static").mkdir()
    os.environ |= {
        RUN: secrets.token_hex(4),
        "DJANGO_SETTINGS_MODULE": "ado_incidents.settings",
        "DATA_DIR": str(folder),  # never the one of a `make run` that happens to be running
        "SECRET_KEY": secrets.token_urlsafe(32),
        "FIELD_KEYS": Fernet.generate_key().decode(),
        BROKER: os.environ.get("REDIS_URL", ""),
        "REDIS_URL": "",  # nothing is woken unless a test asks for the broker
    }
    for name in ("SANDBOX_DIR", "SITE_URL", "EMAIL_URL", "ALLOWED_HOSTS", "DEMO_PASSWORD", "OUTBOUND_PRIVATE"):
        os.environ.pop(name, None)
    for name in [name for name in os.environ if name.startswith(("TWILIO_", "SLACK_", "VAPID_"))]:
        os.environ.pop(name)
    if "DATABASE_URL" not in os.environ or not os.environ[BROKER]:
        servers = _of_this_process.enter_context(temporary_servers())
        # The superuser: a test must be able to empty tables that nobody else may touch.
        os.environ.setdefault("DATABASE_URL", servers.database_superuser_url)
        os.environ[BROKER] = os.environ[BROKER] or servers.redis_url
    _of_this_process.callback(_drop_template)


def pytest_unconfigure(config: pytest.Config) -> None:
    _of_this_process.close()


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any, worker_id: str) -> Iterator[None]:
    """Give this process a database of its own, copied from the migrated template of the run."""
    template = _template()
    own = f"{template}_{worker_id}"
    with django_db_blocker.unblock(), psycopg.connect(_maintenance(), autocommit=True) as server:
        _make_template(server, template)
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*map(sql.Identifier, (own, template))))
        _empty_tables_fast_and_append_only_ones_too()
        connection.settings_dict["NAME"] = own
        yield
        me.release()
        connection.close()
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(own)))


@pytest.fixture
def clock() -> Iterator[Clock]:
    """The house's clock, standing on Monday 2 March 2026, 10:00 UTC, until the test moves it."""
    hands = Clock(datetime(2026, 3, 2, 10, 0, tzinfo=UTC))
    yield hands
    hands.release()


@pytest.fixture(autouse=True)
def nothing_kept_of_the_status_page() -> None:
    """Each test reads its own."""
    answers.forget()


class Clock:
    """A clock that stands: ``core.clock.now()`` and the database's idea of now, in claims and leases, follow it."""

    def __init__(self, instant: datetime) -> None:
        self._hold = ExitStack()
        self.set(instant)

    @property
    def now(self) -> datetime:
        return house_clock.now()

    def set(self, instant: datetime) -> None:
        self._hold.close()
        self._hold.enter_context(house_clock.stands_at(instant))

    def shift(self, **span: float) -> None:
        """Move forward: ``shift(minutes=15)``."""
        self.set(self.now + timedelta(**span))

    def release(self) -> None:
        self._hold.close()


def _template() -> str:
    return f"ado_test_{os.environ[RUN]}"


def _drop_template() -> None:
    with psycopg.connect(_maintenance(), autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(_template())))


def _maintenance() -> str:
    return psycopg.conninfo.make_conninfo(os.environ["DATABASE_URL"], dbname="postgres")


def _make_template(server: psycopg.Connection[tuple[object, ...]], template: str) -> None:
    """Create ``template`` with all tables unless another worker of this run did; the others wait for it."""
    with (Path(os.environ["DATA_DIR"]) / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [template]).fetchone():
            return
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(template)))
        with psycopg.connect(os.environ["DATABASE_URL"], dbname=template, autocommit=True) as database:
            for extension in EXTENSIONS:
                database.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(extension)))
        connection.settings_dict["NAME"] = template
        # From the models, in seconds; that the migrations lead to the same tables is checked by `make lint`
        # (makemigrations --check), and that they run, by every test that starts the house.
        settings.MIGRATION_MODULES = {app.label: None for app in apps.get_app_configs()}
        call_command("migrate", run_syncdb=True, verbosity=0)
        connection.close()


def _empty_tables_fast_and_append_only_ones_too() -> None:
    """Replace the flush after a transactional test.

    Django's truncates, which the triggers of append-only tables refuse to everybody, and makes all permissions anew,
    which takes seconds. As a replica a session fires no triggers; only a superuser may call itself one, and only here.
    """
    statements = [f"DELETE FROM {connection.ops.quote_name(table)}" for table in tables()]  # noqa: S608

    def empty(case: TransactionTestCase) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("; ".join(["SET LOCAL session_replication_role = replica", *statements]))

    TransactionTestCase._fixture_teardown = empty


def _look_for_static_files_once() -> None:
    """Every client that a test makes looks for all static files anew, though they stay as they are."""
    look, found = WhiteNoiseMiddleware.add_files_from_finders, dict[str, Any]()

    def add(middleware: WhiteNoiseMiddleware) -> None:
        if not found:
            look(middleware)
            found.update(middleware.files)
        middleware.files.update(found)

    WhiteNoiseMiddleware.add_files_from_finders = add


if RUN not in os.environ:
    _provide_servers()
django.setup()
# What a password costs to check is for those who guess; a log-in of a test need not wait for it.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
_look_for_static_files_once()
