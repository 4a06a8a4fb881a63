"""What a beat is answered, what it costs, and that a beat and its timer are never both right."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.alerts import actions
from apps.alerts.actions import heartbeats
from apps.alerts.actions.heartbeats import HEARTBEAT
from apps.alerts.doors.base import LARGEST_BODY
from apps.alerts.handlers import PROCESS_INBOX
from apps.alerts.ingest import Ingest
from apps.alerts.models import Format, Heartbeat, HeartbeatState, InboxEntry
from apps.core import clock as house_clock
from apps.engine.models import State, Timer
from apps.engine.runner import run_due
from apps.incidents.models import Incident, Severity, Status
from apps.teams.models import Team
from tests.alerts.building import put_procedures_in_force
from tests.alerts.test_ingest import Reply, Sender
from tests.escalation.test_races import one_waits_for_the_other
from tests.incidents.test_locking import at_once

pytestmark = pytest.mark.django_db(transaction=True)

AN_HOUR = timedelta(hours=1)


@pytest.fixture
def made(platform: Team) -> tuple[Heartbeat, str]:
    put_procedures_in_force()
    return actions.create_heartbeat(
        team=platform, name="Nightly backup", every=AN_HOUR, severity=Severity.objects.get(code="P3"), by=None
    )


@pytest.fixture
def heartbeat(made: tuple[Heartbeat, str]) -> Heartbeat:
    return made[0]


@pytest.fixture
def key(made: tuple[Heartbeat, str]) -> str:
    return made[1]


@pytest.fixture
def sender(key: str) -> Iterator[Sender]:
    ingest = Ingest(WSGIHandler())
    yield Sender(ingest, key)
    ingest.close()


def beat(sender: Sender, body: bytes = b"", **environ: Any) -> Reply:
    return sender.post(body, path=f"/ingest/heartbeat/{sender.key}/", **environ)


def state_of(heartbeat: Heartbeat) -> str:
    return Heartbeat.objects.get(pk=heartbeat.pk).state


def make_overdue(heartbeat: Heartbeat) -> datetime:
    """Let its last beat be so old that it is missing now, and its timer due; when that was."""
    last = house_clock.now() - AN_HOUR - timedelta(seconds=5)
    Heartbeat.objects.filter(pk=heartbeat.pk).update(last_beat_at=last, state=HeartbeatState.ALIVE)
    Timer.objects.filter(kind=HEARTBEAT, state=State.PENDING).update(due_at=last + AN_HOUR)
    return last + AN_HOUR


class TestAnswers:
    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_a_beat_is_accepted_once_it_is_stored_with_its_timer(
        self, sender: Sender, heartbeat: Heartbeat, method: str
    ) -> None:
        reply = beat(sender, REQUEST_METHOD=method)
        assert (reply.status, reply.json) == (202, {"accepted": 1})
        heartbeat.refresh_from_db()
        assert heartbeat.state == HeartbeatState.ALIVE
        assert Timer.objects.get(kind=HEARTBEAT, state=State.PENDING).due_at == heartbeat.due_at

    def test_its_body_may_be_anything_and_is_not_kept(self, sender: Sender) -> None:
        for body in (b"", b"done in 12 s", b'{"alerts": []}', b"\xff\x00"):
            assert beat(sender, body).status == 202
        assert not InboxEntry.objects.exists()
        assert not Timer.objects.filter(kind=PROCESS_INBOX).exists()

    def test_a_body_that_is_too_large_is_no_beat(self, sender: Sender, heartbeat: Heartbeat) -> None:
        assert beat(sender, CONTENT_LENGTH=str(LARGEST_BODY + 1), **{"wsgi.input": io.BytesIO()}).status == 413
        assert state_of(heartbeat) == HeartbeatState.WAITING

    def test_an_unknown_key_is_not_found(self, sender: Sender, platform: Team) -> None:
        _, other = actions.create_integration(team=platform, name="Cron", sender_format=Format.GENERIC, by=None)
        for key in ("wrong", other):
            reply = sender.post(b"{}", path=f"/ingest/heartbeat/{key}/")
            assert (reply.status, reply.headers["Content-Type"]) == (404, "application/problem+json")

    def test_its_key_is_good_for_nothing_else(self, sender: Sender) -> None:
        assert sender.post({"title": "Down"}, path=f"/ingest/generic/{sender.key}/").status == 404

    @pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "OPTIONS"])
    def test_nothing_but_get_and_post_is_a_beat(self, sender: Sender, heartbeat: Heartbeat, method: str) -> None:
        reply = beat(sender, REQUEST_METHOD=method)
        assert (reply.status, reply.headers["Allow"]) == (405, "GET, POST")
        assert state_of(heartbeat) == HeartbeatState.WAITING

    def test_one_that_is_switched_off_is_unknown_at_once(self, sender: Sender, heartbeat: Heartbeat) -> None:
        assert beat(sender).status == 202
        Heartbeat.objects.update(is_active=False)
        assert beat(sender).status == 404

    def test_while_the_database_does_not_answer_the_sender_is_told_to_come_again(
        self, sender: Sender, heartbeat: Heartbeat, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(heartbeats, "PATIENCE", 200)
        with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}) as other:
            other.execute("LOCK TABLE alerts_heartbeat IN ACCESS EXCLUSIVE MODE")
            reply = beat(sender)
        assert (reply.status, reply.headers["Retry-After"]) == (503, "5")
        assert state_of(heartbeat) == HeartbeatState.WAITING
        assert beat(sender).status == 202

    def test_what_it_costs(self, sender: Sender) -> None:
        assert beat(sender).status == 202
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert beat(sender).status == 202
        verbs = [query["sql"].split()[0] for query in captured.captured_queries]
        assert verbs == ["BEGIN", "SELECT", "UPDATE", "INSERT", "COMMIT"]


class TestRaces:
    def test_a_beat_that_waits_for_its_timer_ends_what_that_raises(self, heartbeat: Heartbeat, key: str) -> None:
        actions.beat(key)
        due = make_overdue(heartbeat)
        one_waits_for_the_other(lambda: actions.judge(heartbeat.pk, at=due), lambda: actions.beat(key))
        assert state_of(heartbeat) == HeartbeatState.MISSING
        run_due()
        assert state_of(heartbeat) == HeartbeatState.ALIVE
        assert Incident.objects.get().status == Status.RESOLVED

    def test_a_timer_that_waits_for_a_beat_raises_nothing(self, heartbeat: Heartbeat, key: str) -> None:
        actions.beat(key)
        due = make_overdue(heartbeat)
        one_waits_for_the_other(lambda: actions.beat(key), lambda: actions.judge(heartbeat.pk, at=due))
        assert state_of(heartbeat) == HeartbeatState.ALIVE
        assert not Incident.objects.exists()
        planned = Timer.objects.get(kind=HEARTBEAT, state=State.PENDING)
        assert planned.due_at == Heartbeat.objects.get().due_at

    def test_a_timer_that_waits_for_whoever_switches_it_off_raises_nothing(
        self, heartbeat: Heartbeat, key: str, manager: Any
    ) -> None:
        actions.beat(key)
        due = make_overdue(heartbeat)
        edited = Heartbeat.objects.get()
        edited.is_active = False
        one_waits_for_the_other(
            lambda: actions.change_heartbeat(edited, by=manager), lambda: actions.judge(heartbeat.pk, at=due)
        )
        assert not Incident.objects.exists()
        assert not Timer.objects.filter(kind=HEARTBEAT, state=State.PENDING).exists()

    def test_whoever_comes_first_it_is_alive_in_the_end_and_one_timer_waits(
        self, heartbeat: Heartbeat, key: str
    ) -> None:
        actions.beat(key)
        for _ in range(25):
            make_overdue(heartbeat)
            assert at_once(lambda: actions.beat(key), run_due, lambda: actions.beat(key)) == []
            run_due()
            assert state_of(heartbeat) == HeartbeatState.ALIVE
            assert not Incident.objects.filter(status=Status.DECLARED).exists()
            assert not Timer.objects.filter(kind=HEARTBEAT, state=State.LEASED).exists()
            planned = Timer.objects.get(kind=HEARTBEAT, state=State.PENDING)
            assert planned.due_at == Heartbeat.objects.get().due_at

    def test_it_is_kept_in_the_database_alone(self, heartbeat: Heartbeat, key: str) -> None:
        """What a restart leaves: the row and its timer, due by the database's clock."""
        actions.beat(key)
        make_overdue(heartbeat)
        connection.close()
        run_due()
        assert Incident.objects.get().title == "Nightly backup has not reported"
