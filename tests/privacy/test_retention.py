"""What is of no more use goes by itself, in small bites, and the record stays."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from axes.models import AccessLog
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core import retention
from apps.engine import actions as engine
from apps.engine.runner import run_due
from apps.notifications.actions import notify, page_by_hand
from apps.notifications.models import (
    Channel,
    Delivery,
    DeliveryState,
    DirectPage,
    Notification,
    NotificationKind,
    Until,
    Urgency,
)
from apps.teams.models import TeamRole, User
from tests.engine.sweeping import sweep
from tests.factories.incidents import declare, make_procedures
from tests.factories.teams import make_person, make_team
from tests.factories.transports import served

pytestmark = pytest.mark.django_db


@pytest.fixture
def rita(clock: Any) -> User:
    return make_person("Rita")


def told(person: User, at: Any, *, stopped: bool) -> Notification:
    notification = Notification.objects.create(
        person=person, kind=NotificationKind.NOTICE, step=f"{at} {stopped}", urgency=Urgency.LOW, subject="Look",
        text="At this", created_at=at, stopped_at=at if stopped else None,
    )  # fmt: skip
    Delivery.objects.create(
        notification=notification, channel=Channel.EMAIL, address="rita@example.com", position=1, planned_at=at,
        last_error="550 rita@example.com is full",
    )  # fmt: skip
    return notification


def signed_in(at: Any) -> None:
    made = AccessLog.objects.create(username="rita@example.com")
    AccessLog.objects.filter(pk=made.pk).update(attempt_time=at)


def test_messages_lose_their_words_and_addresses_and_stay(rita: User, clock: Any, settings: Any) -> None:
    settings.KEEP_MESSAGES = timedelta(days=30)
    old, open_ = told(rita, clock.now, stopped=True), told(rita, clock.now, stopped=False)
    clock.shift(days=20)
    young = told(rita, clock.now, stopped=True)
    clock.shift(days=11)
    assert (sweep("message_texts"), sweep("message_addresses")) == (1, 1)
    assert (sweep("message_texts"), sweep("message_addresses")) == (0, 0)
    texts = {each.pk: each.text for each in Notification.objects.all()}
    assert texts == {old.pk: "", open_.pk: "At this", young.pk: "At this"}
    assert set(old.deliveries.values_list("address", "last_error")) == {("", "")}


@pytest.mark.parametrize("sent", [True, False])
def test_a_notice_loses_them_once_it_was_sent(rita: User, clock: Any, settings: Any, sent: bool) -> None:
    """Nobody ever stops a notice: it asks for no answer."""
    settings.KEEP_MESSAGES = timedelta(days=30)
    with served(Channel.EMAIL):
        notice = notify(
            rita, incident=None, kind=NotificationKind.NOTICE, step="1", subject="Rita", text="From 192.0.2.1"
        )
        if sent:
            run_due()
    clock.shift(days=31)
    assert (sweep("message_texts"), sweep("message_addresses") > 0) == (int(sent), sent)
    notice.refresh_from_db()
    assert (notice.text == "", notice.stopped_at) == (sent, None)


def test_a_page_by_hand_loses_them_together_with_what_it_sent(rita: User, clock: Any, settings: Any) -> None:
    """Though nobody answered: nobody waits for that any more. Not while it is on its way."""
    settings.KEEP_MESSAGES = timedelta(days=30)
    root = User.objects.create_superuser("root@example.com", "secret", name="Root")
    with served(Channel.EMAIL):
        page = page_by_hand([rita], to="Rita", text="Call me", by=root)
        waits = page_by_hand([rita], to="Rita", text="And me", by=root)
        run_due()
    Delivery.objects.filter(notification__direct=waits).update(state=DeliveryState.SENDING)
    clock.shift(days=31)
    assert (sweep("message_texts"), sweep("direct_pages")) == (1, 1)
    assert list(DirectPage.objects.filter(text="").values_list("pk", "to")) == [(page.pk, "")]


def test_a_page_of_an_open_incident_keeps_them(clock: Any, settings: Any) -> None:
    settings.KEEP_MESSAGES = timedelta(days=30)
    make_procedures()
    team = make_team()
    rita = make_person("Rita", team, TeamRole.RESPONDER)
    told = {"kind": NotificationKind.PAGE, "step": "1", "subject": "Look", "text": "At this"}
    with served(Channel.EMAIL):
        notify(rita, incident=declare(team, rita), until=Until.ACKNOWLEDGED, **told)
        run_due()
    clock.shift(days=31)
    sweep("message_texts")
    assert Notification.objects.get(step="1").text == "At this"


def test_what_stays_is_read_once_in_a_sweep(
    rita: User, clock: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.KEEP_MESSAGES = timedelta(days=30)
    monkeypatch.setattr(retention, "BATCH", 2)
    for number in range(5):
        told(rita, clock.now - timedelta(days=31 + number), stopped=True)
    with CaptureQueriesContext(connection) as asked:
        assert sweep("message_addresses") == 5
    looked = [each["sql"] for each in asked if "SKIP LOCKED" in each["sql"]]
    assert ['"notifications_delivery"."id" >' in each for each in looked] == [False, True, True]


def test_without_a_limit_everything_is_kept(rita: User, clock: Any) -> None:
    told(rita, clock.now, stopped=True)
    clock.shift(days=5000)
    assert sweep("message_texts") == 0


def test_it_goes_in_batches_and_stops_when_its_time_is_over(
    rita: User, clock: Any, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    for _ in range(5):
        signed_in(clock.now)
    clock.shift(days=91)
    (kept,) = (each for each in retention.kinds() if each.kind == "sign_ins")
    assert retention.sweep(kept, until=time.monotonic() - 1) == 0
    assert retention.count(kept) == 5
    with django_assert_max_num_queries(14):
        assert sweep("sign_ins") == 5


def test_the_engine_sweeps_every_kind_once_a_day(rita: User, clock: Any) -> None:
    signed_in(clock.now)
    Session.objects.create(session_key="k", session_data="", expire_date=clock.now)
    clock.shift(days=91)
    engine.schedule("engine.sweep", key="recurring:engine.sweep")
    run_due()
    assert (AccessLog.objects.exists(), Session.objects.exists()) == (False, False)


def test_nothing_that_is_written_once_is_ever_swept(clock: Any, settings: Any) -> None:
    settings.KEEP_MESSAGES = timedelta(days=1)
    models = {kept.kind: kept.old().model for kept in retention.kinds()}
    assert len(models) > 10
    assert [kind for kind, model in models.items() if getattr(model, "append_only", False)] == []
    assert set(models.values()) <= set(apps.get_models())


def test_the_command_counts_before_it_sweeps(rita: User, clock: Any) -> None:
    signed_in(clock.now)
    clock.shift(days=91)
    assert rows_of("sign_ins", "--dry-run") == rows_of("sign_ins") == 1
    assert rows_of("sign_ins", "--dry-run") == 0


def test_every_kind_stands_in_the_documentation() -> None:
    page = (Path(__file__).parents[2] / "docs" / "privacy.md").read_text("utf-8")
    assert [kept.what for kept in retention.kinds() if f"| {kept.what} |" not in page] == []


def rows_of(kind: str, *options: str) -> int:
    out = StringIO()
    call_command("retention", "--json", *options, stdout=out)
    return int(next(each["rows"] for each in json.loads(out.getvalue()) if each["kind"] == kind))
