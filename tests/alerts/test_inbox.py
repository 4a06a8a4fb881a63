"""The inbox is worked off in order, one entry a transaction; nothing in it is lost, and nothing blocks the next."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection

from apps.alerts import inbox
from apps.alerts.actions import receiving
from apps.alerts.handlers import (
    PROCESS_INBOX,
    inbox_is_worked_off,
    process_inbox,
    try_inbox_again,
)
from apps.alerts.inbox import Outcome
from apps.alerts.models import InboxEntry, Integration
from apps.core import clock as house_clock
from apps.engine.models import State, Timer
from apps.incidents.models import Incident
from tests.alerts.building import at, notification, prometheus_alert, put_procedures_in_force
from tests.engine.sweeping import sweep

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock", "application")]


def put(integration: Integration, body: Any) -> InboxEntry:
    return InboxEntry.objects.create(integration=integration, body=json.dumps(body).encode(), received_at=at("10:00"))


def handle_all() -> None:
    while inbox.handle_next(inbox.waiting()) is Outcome.HANDLED:
        pass


@pytest.fixture
def timer() -> Timer:
    return Timer(kind=PROCESS_INBOX, key=PROCESS_INBOX)


@pytest.mark.usefixtures("procedures")
class TestHandling:
    def test_entries_are_handled_in_the_order_they_came(self, integration: Integration, timer: Timer) -> None:
        put(integration, notification(prometheus_alert(fingerprint="a", annotations={"summary": "First"})))
        put(integration, notification(prometheus_alert(fingerprint="b", annotations={"summary": "Second"})))
        process_inbox(timer)
        assert list(Incident.objects.order_by("pk").values_list("title", flat=True)) == ["First", "Second"]
        assert not inbox.waiting().exists()

    def test_an_entry_is_handled_once(self, integration: Integration, timer: Timer) -> None:
        put(integration, notification(prometheus_alert()))
        process_inbox(timer)
        process_inbox(timer)
        assert Incident.objects.count() == 1

    def test_what_cannot_be_understood_says_why_and_blocks_nothing(self, integration: Integration) -> None:
        odd = put(integration, {"hello": "world"})
        put(integration, notification(prometheus_alert()))
        handle_all()
        odd.refresh_from_db()
        assert odd.problem == "This is not an Alertmanager notification: it has no list 'alerts'."
        assert odd.handled_at is not None
        assert Incident.objects.count() == 1

    def test_the_readable_alerts_of_a_body_become_incidents_beside_broken_ones(self, integration: Integration) -> None:
        entry = put(integration, notification(None, prometheus_alert()))
        handle_all()
        entry.refresh_from_db()
        assert entry.problem == "alerts[0]: an alert is an object."
        assert Incident.objects.count() == 1

    def test_characters_that_the_database_cannot_store_do_not_keep_it_from_paging(
        self, integration: Integration
    ) -> None:
        put(integration, notification(prometheus_alert(labels={"a\x00": "\ud800", "n": "1e999"}, fingerprint="\x00")))
        handle_all()
        assert Incident.objects.count() == 1

    def test_while_another_process_has_its_turn_one_looks_again_soon(
        self, integration: Integration, timer: Timer, clock: Any
    ) -> None:
        entry = put(integration, notification(prometheus_alert()))
        with somebody_else_has_their_turn():
            process_inbox(timer)
        entry.refresh_from_db()
        assert entry.handled_at is None
        planned = Timer.objects.get(kind=PROCESS_INBOX, state=State.PENDING)
        assert 0 < (planned.due_at - clock.now).total_seconds() <= 1

    def test_a_sender_of_many_alerts_holds_up_no_other(
        self, integration: Integration, other_integration: Integration, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        many = put(integration, notification(*(prometheus_alert(fingerprint=str(number)) for number in range(35))))
        few = put(other_integration, notification(prometheus_alert(fingerprint="urgent")))
        order: list[tuple[int, int]] = []
        handle_next = inbox.handle_next

        def noted(entries: Any) -> Outcome:
            outcome = handle_next(entries)
            order.append((InboxEntry.objects.get(pk=many.pk).taken_in, InboxEntry.objects.get(pk=few.pk).taken_in))
            return outcome

        monkeypatch.setattr(inbox, "handle_next", noted)
        process_inbox(Timer())
        assert order == [(10, 0), (10, 1), (20, 1), (30, 1), (35, 1)]
        assert Incident.objects.count() == 36
        assert not inbox.waiting().exists()

    def test_the_probe_complains_of_an_alert_that_nobody_looks_at(self, integration: Integration) -> None:
        entry = put(integration, notification(prometheus_alert()))
        assert inbox_is_worked_off() == ""
        InboxEntry.objects.filter(pk=entry.pk).update(received_at=house_clock.now() - timedelta(seconds=75))
        assert inbox_is_worked_off() == "An alert has waited for 75 s to be looked at."
        handle_all()
        assert inbox_is_worked_off() == ""


class TestFaults:
    @pytest.fixture
    def bug(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        """Whatever has the fingerprint ``bad`` meets a fault of ours."""
        take_in = receiving._take_in

        def fail_for_bad(known: Any, delivery: Any) -> None:
            take_in(known, delivery)
            if delivery.alert.fingerprint == "bad":
                raise KeyError("a bug")

        with monkeypatch.context() as while_it_lasts:
            while_it_lasts.setattr(receiving, "_take_in", fail_for_bad)
            yield while_it_lasts

    def test_a_fault_of_ours_is_noted_and_blocks_nothing(
        self, integration: Integration, procedures: None, bug: pytest.MonkeyPatch
    ) -> None:
        alerts = (prometheus_alert(fingerprint=name) for name in ("first", "bad", "last"))
        broken = put(integration, notification(*alerts))
        put(integration, notification(prometheus_alert(fingerprint="good")))
        handle_all()
        broken.refresh_from_db()
        assert (broken.handled_at, broken.failures, broken.problem) == (None, 1, "KeyError: 'a bug'")
        assert (broken.taken_in, broken.failed) == (3, [1])
        assert Incident.objects.count() == 3

        bug.undo()
        try_inbox_again(Timer())
        broken.refresh_from_db()
        assert (broken.failed, broken.problem) == ([], "")
        assert broken.handled_at is not None
        assert Incident.objects.count() == 4

    def test_a_long_body_that_could_not_be_read_at_first_is_worked_off_in_one_go_once_it_can(
        self, integration: Integration, procedures: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        entry = put(integration, notification(*(prometheus_alert(fingerprint=str(number)) for number in range(25))))
        with monkeypatch.context() as broken:
            broken.setattr(inbox, "FORMATS", {})
            process_inbox(Timer())
        entry.refresh_from_db()
        assert (entry.failures, entry.taken_in) == (1, 0)
        try_inbox_again(Timer())
        process_inbox(Timer())
        entry.refresh_from_db()
        assert (entry.failures, entry.taken_in) == (0, 25)
        assert entry.handled_at is not None

    def test_what_failed_is_tried_again_until_it_succeeds(self, integration: Integration, timer: Timer) -> None:
        entry = put(integration, notification(prometheus_alert()))
        process_inbox(timer)
        entry.refresh_from_db()
        assert "procedures apply" in entry.problem
        try_inbox_again(timer)
        entry.refresh_from_db()
        assert entry.failures == 2
        put_procedures_in_force()
        try_inbox_again(timer)
        entry.refresh_from_db()
        assert entry.handled_at is not None
        assert entry.problem == ""
        assert Incident.objects.count() == 1


def test_old_bodies_are_forgotten_and_what_was_not_handled_is_kept(
    integration: Integration, clock: Any, timer: Timer
) -> None:
    put(integration, {"odd": "handled"})
    handle_all()
    unhandled = put(integration, {"odd": "waits"})
    clock.shift(days=31)
    sweep("alert_bodies")
    assert list(InboxEntry.objects.all()) == [unhandled]


@contextmanager
def somebody_else_has_their_turn() -> Iterator[None]:
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [inbox.TURN])
        yield
