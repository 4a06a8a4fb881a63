"""A house with a few sealed rows, and somebody who may do everything to the database."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from psycopg.types.json import Jsonb

from apps.audit import sealing
from apps.audit.models import Seal
from apps.incidents import actions as incidents
from apps.incidents.models import Incident, TimelineEvent
from apps.teams.models import Team, TeamRole, User
from tests.factories.incidents import declare, make_procedures
from tests.factories.teams import make_person, make_team

Tamper = Callable[..., int]


@pytest.fixture
def team(transactional_db: None) -> Team:
    make_procedures()
    return make_team()


@pytest.fixture
def rita(team: Team) -> User:
    return make_person("Rita", team, TeamRole.RESPONDER)


@pytest.fixture
def incident(team: Team, rita: User) -> Incident:
    """An incident with a few events, none of them sealed yet."""
    incident = declare(team, rita)
    for text in ("One", "Two", "Three"):
        incidents.add_note(incident.pk, text=text, by=rita)
    return incident


@pytest.fixture
def sealed(incident: Incident, rita: User) -> Incident:
    """The incident under two seals: its first events in one, a note of later in the other."""
    seal()
    incidents.add_note(incident.pk, text="Four", by=rita)
    seal()
    return incident


@pytest.fixture
def superuser(transactional_db: None) -> Tamper:
    """Executes one statement for which no trigger fires, as whoever owns the whole server can."""

    def tamper(statement: str, *parameters: Any) -> int:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(statement, parameters)
            return cursor.rowcount

    return tamper


def seal() -> Seal:
    """Make a seal over all that is new; there must be something."""
    let_others_finish()
    made = sealing.seal()
    assert made is not None
    return made


def let_others_finish() -> None:
    """Return once every transaction that runs now is over: those of other tests, on the same server, are waited for."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        (following,) = cursor.fetchone()
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint >= %s", [following])
            if cursor.fetchone()[0]:
                return
            time.sleep(0.02)
    raise TimeoutError("Another transaction has been open for a minute.")


def note(text: str) -> TimelineEvent:
    """The event that says ``text``."""
    return TimelineEvent.objects.get(text=text)


def copied(superuser: Tamper, event: Any, **changes: Any) -> int:
    """Insert a copy of the row with all its columns, but for ``changes``; return its key."""
    changes = {"id": note("Four").pk + 1000, **changes}
    superuser(
        "INSERT INTO incidents_timelineevent SELECT (jsonb_populate_record(t, %s)).*"
        " FROM incidents_timelineevent t WHERE id = %s", Jsonb(changes), event.pk,
    )  # fmt: skip
    return int(changes["id"])


def present() -> int:
    """The number of a transaction that is over by now, and that no seal has yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        return int(cursor.fetchone()[0])


def many_states(person: User, number: int) -> None:
    """Let the history of ``person`` hold so many states more."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO teams_historicaluser"
            " SELECT (jsonb_populate_record(t, jsonb_build_object('history_id', t.history_id + 1000 + n))).*"
            "   FROM teams_historicaluser t, generate_series(1, %s) n"
            "  WHERE t.history_id = (SELECT min(history_id) FROM teams_historicaluser WHERE id = %s)",
            [number, person.pk],
        )
