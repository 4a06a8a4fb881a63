"""Nothing that the engine gives up is given up in silence."""

from __future__ import annotations

import pytest
from django.core import mail

from apps.contacts import actions as contacts
from apps.contacts.models import MethodKind
from apps.engine import registry
from apps.engine.actions import schedule
from apps.engine.models import Lane, State, Timer
from apps.engine.registry import handler
from apps.engine.runner import run_due
from apps.notifications.actions import notify
from apps.notifications.models import Channel, Notification, NotificationKind, Urgency
from apps.notifications.transports import Unreachable
from apps.teams.models import TeamRole
from tests.factories.teams import make_person
from tests.notifications.conftest import add_method


@pytest.fixture
def ada(team):
    return make_person("Ada", None, TeamRole.ADMIN)


@pytest.fixture
def broken(monkeypatch):
    """A kind of timer that always fails."""
    monkeypatch.setattr(registry, "_handlers", dict(registry._handlers))

    @handler("breaks", lane=Lane.WORK, attempts=2)
    def breaks(timer: Timer) -> None:
        raise RuntimeError("no luck")


def fail_for_good(clock):
    schedule("breaks", key="a", subject="incident:42")
    for _ in range(3):
        run_due()
        clock.shift(minutes=5)
    run_due()


def test_administrators_are_told_what_was_given_up_and_where_to_run_it_again(ada, olga, broken, clock, settings):
    fail_for_good(clock)
    [message] = mail.outbox
    assert message.to == [ada.email]
    assert message.subject == "Given up after 2 attempts: breaks"
    assert "no luck" in message.body
    assert "It is about incident:42." in message.body
    timer = Timer.objects.get(kind="breaks", state=State.DEAD)
    assert f"{settings.SITE_URL}/admin/engine/timer/{timer.pk}/change/" in message.body


@pytest.mark.parametrize("payload", [{}, {"delivery": "7f0c"}, {"delivery": None}, ["7f0c"]])
def test_a_delivery_that_another_version_planned_in_its_own_way_is_told_too(ada, clock, payload):
    schedule("notifications.deliver", key="old", payload=payload)
    Timer.objects.update(attempts=11)
    run_due()
    assert Timer.objects.get(key="old").state == State.DEAD
    run_due()
    assert [message.subject for message in mail.outbox] == ["Given up after 12 attempts: notifications.deliver"]


def test_what_cannot_be_told_to_administrators_is_not_told_over_and_over(ada, broken, clock, settings):
    settings.EMAIL_BACKEND = "apps.notifications.channels.smtp.Backend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    fail_for_good(clock)
    for _ in range(80):
        clock.shift(minutes=5)
        run_due()
    assert Timer.objects.filter(state=State.DEAD, kind="notifications.deliver:email").count() == 2
    told = Notification.objects.filter(kind=NotificationKind.OTHER).order_by("pk")
    assert [each.subject for each in told] == [
        "Given up after 2 attempts: breaks",
        "smtp fails: nothing goes out by email",
    ]


def give_up_at(clock, recorder):
    recorder.fails = Unreachable("Nobody answers.")
    for _ in range(80):
        run_due()
        clock.shift(minutes=5)
        if Timer.objects.filter(state=State.DEAD).exists():
            return


def test_a_code_that_nobody_takes_wakes_no_administrator(carried, ada, olga, clock):
    method = add_method(olga, MethodKind.WEBHOOK, "https://away.example/", verified=False)
    verification = contacts.request_code(method, by=olga)
    give_up_at(clock, carried[Channel.WEBHOOK])
    assert Timer.objects.filter(state=State.DEAD, kind="notifications.code:webhook").exists()
    assert not Notification.objects.filter(person=ada).exists()
    verification.refresh_from_db()
    assert "Nobody answers." in verification.failure


@pytest.mark.parametrize("urgency", [Urgency.LOW, Urgency.HIGH])
def test_what_could_wait_wakes_no_administrator_when_it_is_given_up(carried, ada, olga, clock, urgency):
    olga.contact_methods.all().delete()
    add_method(olga, MethodKind.WEBHOOK, "https://away.example/")
    notify(olga, incident=None, kind=NotificationKind.NOTICE, step="x", subject="x", text="x", urgency=urgency)
    give_up_at(clock, carried[Channel.WEBHOOK])
    assert Notification.objects.get(person=ada, subject__startswith="Given up").urgency == urgency
