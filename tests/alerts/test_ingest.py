"""What a sender is answered, and that 202 means stored."""

from __future__ import annotations

import io
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from apps.alerts import actions, flusher, keys
from apps.alerts.doors.base import LARGEST_BODY
from apps.alerts.flusher import Flusher
from apps.alerts.handlers import PROCESS_INBOX
from apps.alerts.ingest import Ingest
from apps.alerts.models import Format, InboxEntry, Integration
from apps.catalog.models import Service
from apps.engine.models import State, Timer
from apps.engine.runner import run_due
from apps.incidents.models import Incident
from apps.teams.actions import create_service_account, create_token, issue_token, revoke_token
from apps.teams.models import Scope, Team, TeamRole, User
from tests.alerts.building import notification, prometheus_alert, put_procedures_in_force
from tests.factories.teams import make_person

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Reply:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes = b""

    @property
    def json(self) -> Any:
        return json.loads(self.content)


class Sender:
    """Posts to an ``Ingest`` as a WSGI server would; what it hands on is answered with 299."""

    def __init__(self, ingest: Ingest, key: str) -> None:
        self.ingest = ingest
        self.key = key

    def post(self, body: Any, *, path: str | None = None, **environ: Any) -> Reply:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": path or f"/ingest/alertmanager/{self.key}/",
            "CONTENT_LENGTH": str(len(content)),
            "wsgi.input": io.BytesIO(content),
            **environ,
        }
        reply = Reply()

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[..., Any]:
            reply.status, reply.headers = int(status.split()[0]), dict(headers)
            return lambda _: None

        reply.content = b"".join(self.ingest(environ, start_response))
        return reply


@pytest.fixture
def ingest() -> Iterator[Ingest]:
    def elsewhere(environ: Any, start_response: Any) -> list[bytes]:
        start_response("299 Handed On", [])
        return [environ["PATH_INFO"].encode()]

    made = Ingest(elsewhere)
    yield made
    made.close()


@pytest.fixture
def made(platform: Team, monitoring: Service) -> tuple[Integration, str]:
    return actions.create_integration(
        team=platform, name="Prometheus", sender_format=Format.ALERTMANAGER, service=monitoring, by=None
    )


@pytest.fixture
def sender(ingest: Ingest, made: tuple[Integration, str]) -> Sender:
    return Sender(ingest, made[1])


class TestAccepted:
    def test_an_accepted_body_is_stored_byte_for_byte_and_its_handling_planned(self, sender: Sender) -> None:
        body = b' {"alerts" : [ ] , "x": "\xc3\xa9\\u0000"} '
        reply = sender.post(body)
        assert (reply.status, reply.json) == (202, {"accepted": 0})
        assert bytes(InboxEntry.objects.get().body) == body
        assert Timer.objects.get(kind=PROCESS_INBOX).state == State.PENDING

    def test_the_answer_says_how_many_alerts_were_accepted(self, sender: Sender) -> None:
        body = notification(prometheus_alert(fingerprint="a"), prometheus_alert(fingerprint="b"))
        assert sender.post(body).json == {"accepted": 2}

    def test_the_address_works_without_its_last_slash(self, sender: Sender) -> None:
        assert sender.post(notification(), path=f"/ingest/alertmanager/{sender.key}").status == 202

    def test_json_that_cannot_be_understood_is_kept_and_accepted(self, sender: Sender) -> None:
        for body in (b"{}", b"null", b'"text"', b"[1, 2]", b"1e999"):
            assert sender.post(body).status == 202
        assert InboxEntry.objects.count() == 5

    def test_the_answer_is_complete_for_a_connection_that_stays_open(self, sender: Sender) -> None:
        reply = sender.post(notification())
        assert reply.headers["Content-Type"] == "application/json"
        assert int(reply.headers["Content-Length"]) == len(reply.content)
        assert reply.headers["Cache-Control"] == "no-store"

    def test_a_chunked_body_is_read_to_its_end(self, sender: Sender) -> None:
        reply = sender.post(notification(prometheus_alert()), CONTENT_LENGTH="", **{"wsgi.input_terminated": True})
        assert reply.json == {"accepted": 1}

    def test_what_was_accepted_while_no_worker_ran_is_handled_when_one_is_back(
        self, sender: Sender, application: Service
    ) -> None:
        put_procedures_in_force()
        assert sender.post(notification(prometheus_alert())).status == 202
        assert not Incident.objects.exists()
        run_due()
        assert Incident.objects.get().title == "ADO application is down"


class TestRefused:
    @pytest.mark.parametrize(
        "path",
        ["/ingest/generic/{key}/", "/ingest/unheard-of/{key}/", "/ingest/alertmanager/wrong/", "/ingest/", "/ingest/x"],
    )
    def test_a_wrong_key_or_format_is_not_found(self, sender: Sender, path: str) -> None:
        reply = sender.post(notification(), path=path.format(key=sender.key))
        assert reply.status == 404
        assert reply.headers["Content-Type"] == "application/problem+json"
        assert reply.json["status"] == 404

    @pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
    def test_only_post_is_allowed(self, sender: Sender, method: str) -> None:
        reply = sender.post(notification(), REQUEST_METHOD=method)
        assert (reply.status, reply.headers["Allow"]) == (405, "POST")

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"not json",
            b"{",
            b'{"a": NaN}',
            b"[Infinity]",
            b'"\xff"',
            '{"a": 1}'.encode("utf-16"),
            b"[" * 100_000,
            b'{"a": "\x00"}',
        ],
    )
    def test_what_is_not_json_is_a_bad_request(self, sender: Sender, body: bytes) -> None:
        assert sender.post(body).status == 400
        assert not InboxEntry.objects.exists()

    def test_a_body_over_a_mebibyte_is_too_large_and_one_of_a_mebibyte_is_not(self, sender: Sender) -> None:
        fitting = b'"' + b"x" * (LARGEST_BODY - 2) + b'"'
        assert sender.post(fitting).status == 202
        assert sender.post(fitting + b" ").status == 413

    def test_a_body_announced_too_large_is_refused_unread(self, sender: Sender) -> None:
        unreadable = io.BytesIO()
        unreadable.close()
        for length in (str(LARGEST_BODY + 1), "9" * 19):
            assert sender.post(b"", CONTENT_LENGTH=length, **{"wsgi.input": unreadable}).status == 413

    def test_a_chunked_body_over_a_mebibyte_is_too_large(self, sender: Sender) -> None:
        body = b'"' + b"x" * LARGEST_BODY + b'"'
        assert sender.post(body, CONTENT_LENGTH="", **{"wsgi.input_terminated": True}).status == 413

    @pytest.mark.parametrize("length", ["-1", "many", "1e3", "9" * 5000])
    def test_a_length_that_is_none_is_a_bad_request(self, sender: Sender, length: str) -> None:
        assert sender.post(b"{}", CONTENT_LENGTH=length).status == 400

    def test_a_body_shorter_than_announced_is_a_bad_request(self, sender: Sender) -> None:
        assert sender.post(b"{}", CONTENT_LENGTH="3").status == 400

    def test_everything_else_is_handed_on(self, sender: Sender) -> None:
        reply = sender.post(b"{}", path="/ingestion/")
        assert (reply.status, reply.content) == (299, b"/ingestion/")


class TestKeys:
    def test_a_rotated_key_is_refused_within_five_seconds_and_the_new_one_works_at_once(
        self, sender: Sender, made: tuple[Integration, str], manager: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert keys.BELIEVED_FOR < 5
        monkeypatch.setattr(keys, "BELIEVED_FOR", 0.1)
        assert sender.post(notification()).status == 202
        integration, old = made
        new = actions.rotate_key(integration, by=manager)
        assert Sender(sender.ingest, new).post(notification()).status == 202
        time.sleep(0.15)
        assert Sender(sender.ingest, old).post(notification()).status == 404

    def test_nothing_is_stored_for_an_integration_that_was_switched_off_even_while_its_key_is_remembered(
        self, sender: Sender, made: tuple[Integration, str]
    ) -> None:
        assert sender.post(notification()).status == 202
        made[0].is_active = False
        made[0].save()
        assert sender.post(notification()).status == 404
        assert InboxEntry.objects.count() == 1

    def test_a_table_of_guessed_keys_does_not_grow_without_bound(
        self, sender: Sender, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(keys, "LARGEST", 3)
        for guess in range(10):
            assert sender.post(notification(), path=f"/ingest/alertmanager/guess{guess}/").status == 404
        assert len(sender.ingest._keys._known) <= 3


class TestGroupCommit:
    def test_bodies_of_many_threads_are_each_stored_once_with_few_commits(
        self, sender: Sender, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        groups: list[int] = []
        insert = flusher._insert

        def counting(group: Any) -> Any:
            groups.append(len(group))
            return insert(group)

        monkeypatch.setattr(flusher, "_insert", counting)
        with ThreadPoolExecutor(16) as pool:
            statuses = list(pool.map(lambda number: sender.post({"alerts": [], "n": number}).status, range(400)))
        assert statuses == [202] * 400
        assert sorted(json.loads(entry.text)["n"] for entry in InboxEntry.objects.all()) == list(range(400))
        assert sum(groups) == 400
        assert len(groups) < 400
        assert Timer.objects.filter(kind=PROCESS_INBOX, state=State.PENDING).count() == 1

    def test_the_thread_is_started_by_the_first_body_and_again_after_it_was_closed(self, sender: Sender) -> None:
        assert _inbox_threads() == 0
        assert sender.post(notification()).status == 202
        assert _inbox_threads() == 1
        sender.ingest.close()
        assert _inbox_threads() == 0
        assert sender.post(notification()).status == 202

    def test_a_connection_that_died_is_replaced_and_the_body_stored(self, sender: Sender) -> None:
        assert sender.post(notification()).status == 202
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE application_name = 'ado_incidents inbox' AND datname = current_database()"
            )
            assert cursor.fetchone() == (1,)
        assert sender.post(notification()).status == 202
        assert InboxEntry.objects.count() == 2

    def test_while_the_database_is_away_the_sender_is_told_to_come_again(
        self, sender: Sender, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert sender.post(notification()).status == 202
        sender.ingest.close()
        monkeypatch.setitem(connection.settings_dict, "PORT", "1")
        reply = sender.post(notification())
        assert (reply.status, reply.headers["Retry-After"]) == (503, "5")
        assert reply.headers["Content-Type"] == "application/problem+json"

    def test_a_commit_that_takes_too_long_is_never_answered_as_accepted(
        self, sender: Sender, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert sender.post(notification()).status == 202
        monkeypatch.setattr(flusher, "PATIENCE", 0.2)
        with connection.cursor() as cursor:
            cursor.execute("BEGIN; LOCK TABLE alerts_inboxentry IN ACCESS EXCLUSIVE MODE")
            try:
                assert sender.post(notification()).status == 503
                assert sender.post(notification()).status == 503
            finally:
                cursor.execute("ROLLBACK")
        sender.ingest.close()
        # The first was being written when its sender was sent away; who waited behind it was taken out of the queue.
        assert InboxEntry.objects.count() == 2

    def test_a_process_that_was_forked_off_stores_by_a_thread_of_its_own(self, made: tuple[Integration, str]) -> None:
        own = Flusher()
        own.store(made[0].pk, b"1", {})
        child = os.fork()
        if child == 0:
            try:
                own.store(made[0].pk, b"2", {})
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        own.close()
        assert sorted(entry.text for entry in InboxEntry.objects.all()) == ["1", "2"]


def _inbox_threads() -> int:
    return sum(thread.name == "inbox" for thread in threading.enumerate())


class TestATokenInsteadOfAKey:
    def post(self, sender: Sender, number: int | str, secret: str, **environ: Any) -> int:
        known = {"HTTP_AUTHORIZATION": f"Bearer {secret}", "REMOTE_ADDR": "192.0.2.9", **environ}
        return sender.post(notification(prometheus_alert()), path=f"/ingest/alertmanager/{number}/", **known).status

    def test_whoever_responds_in_the_team_sends_alerts_by_it(
        self, sender: Sender, made: tuple[Integration, str]
    ) -> None:
        integration, _ = made
        robot = make_person("Robot", integration.team, TeamRole.RESPONDER)
        token, secret = create_token(robot, name="alerts", scope=Scope.INGEST)
        assert self.post(sender, integration.pk, secret) == 202
        assert InboxEntry.objects.get().integration == integration
        token.refresh_from_db()
        assert token.last_used_from == "192.0.2.9"

    @pytest.mark.parametrize("scope", [scope for scope in Scope if scope is not Scope.INGEST])
    def test_a_token_for_something_else_sends_none(
        self, sender: Sender, made: tuple[Integration, str], scope: Scope
    ) -> None:
        chief = make_person("Chief", None, TeamRole.ADMIN)
        robot = create_service_account(name="Robot", team=made[0].team, role=TeamRole.RESPONDER, by=chief)
        _, secret = issue_token(robot, name="other", scope=scope, by=chief, lives=timedelta(days=1))
        assert self.post(sender, made[0].pk, secret) == 404

    def test_nor_does_who_does_not_respond_in_the_team(self, sender: Sender, made: tuple[Integration, str]) -> None:
        integration, key = made
        for person in (
            make_person("Stan", integration.team, TeamRole.STAKEHOLDER),
            make_person("Otto", Team.objects.create(slug="other", name="Other"), TeamRole.RESPONDER),
        ):
            _, secret = create_token(person, name="alerts", scope=Scope.INGEST)
            assert self.post(sender, integration.pk, secret) == 404
            assert self.post(sender, key, secret) == 202, "a key counts whatever else is sent"
        assert self.post(sender, integration.pk, "adop_made_up") == 404
        assert self.post(sender, "999999", secret) == 404

    def test_a_revoked_one_is_refused_within_five_seconds(
        self, sender: Sender, made: tuple[Integration, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        robot = make_person("Robot", made[0].team, TeamRole.RESPONDER)
        token, secret = create_token(robot, name="alerts", scope=Scope.INGEST)
        assert self.post(sender, made[0].pk, secret) == 202
        revoke_token(token, by=robot)
        now = time.monotonic()
        monkeypatch.setattr(keys.time, "monotonic", lambda: now + 5)
        assert self.post(sender, made[0].pk, secret) == 404
