"""A restore that is killed, whenever that is, leaves what was there; real processes, real signals."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.db import connection

from apps.audit.verifying import verify as verify_record
from apps.core import clock
from apps.engine.models import Lane, State, Timer
from apps.incidents import actions as incidents
from apps.incidents.models import Incident, TimelineEvent
from apps.operation.backups import making
from apps.teams.models import User
from tests.operation.test_backups import counts

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

PROJECT = Path(__file__).resolve().parents[2]
AFTER = "After the backup"


def restoring(backup_id: str, shelf: Path) -> subprocess.Popen[bytes]:
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    environment = os.environ | {"DATABASE_URL": url, "DATABASE_OWNER_URL": url, "BACKUP_DIR": str(shelf)}
    command = [sys.executable, "manage.py", "backup", "restore", "--backup-id", backup_id]
    return subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL)


def is_replacing() -> bool:
    """Whether another connection has taken the tables for itself: from here on it holds what nobody else may see."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*) FROM pg_locks
             WHERE mode = 'AccessExclusiveLock' AND granted AND pid <> pg_backend_pid()
               AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
               AND relation = 'incidents_incident'::regclass
            """
        )
        return bool(cursor.fetchone()[0])


def over(number: int) -> Timer:
    now = clock.now()
    return Timer(
        kind="test.over", lane=Lane.BULK, key=str(number), due_at=now, state=State.CANCELLED, finished_at=now
    )  # fmt: skip


def test_killed_at_any_moment_it_leaves_the_old_data_whole(incident: Incident, rita: User, shelf: Path) -> None:
    Timer.objects.bulk_create(over(number) for number in range(40_000))  # so that replacing takes a while
    made = making.create()
    incidents.add_note(incident.pk, text=AFTER, by=rita)
    before, moments, killed = counts(), random.Random(7), 0
    for _ in range(6):
        process = restoring(made.id, shelf)
        while process.poll() is None and not is_replacing():
            continue
        try:
            assert process.wait(moments.uniform(0, 0.5)) == 0
            break  # it was through: all of it is replaced, as the end of this test sees
        except subprocess.TimeoutExpired:
            killed += is_replacing()
            process.kill()
            process.wait()
        assert counts() == before
        assert TimelineEvent.objects.filter(text=AFTER).exists()
    assert killed, "none was killed while it replaced the data"
    assert restoring(made.id, shelf).wait(120) == 0, "and the next one brings all of it back"
    assert not TimelineEvent.objects.filter(text=AFTER).exists()
    assert verify_record(every=True).findings == []
