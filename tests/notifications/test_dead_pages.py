"""A fault of ours at one address leads to the next; of what the engine gave up administrators hear."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from django.core import mail

from apps.core.errors import RuleViolation
from apps.engine import actions as engine
from apps.engine.models import Lane, State, Timer
from apps.engine.runner import run_due
from apps.incidents.models import EventKind
from apps.notifications import actions, composing
from apps.notifications.models import Delivery, DeliveryState, NotificationKind
from apps.notifications.transports import Message
from apps.teams.models import TeamRole
from tests.factories.incidents import declare
from tests.factories.teams import make_person

BOTH = {"olga@example.com", "olga@home.example"}


@pytest.fixture
def poisoned(monkeypatch):
    """Addresses for which the page meets a fault of ours at every attempt."""
    addresses: set[str] = set()
    compose = composing.compose

    def fail(deliveries: Sequence[Delivery]) -> Message:
        if deliveries[0].address in addresses and deliveries[0].notification.subject == "Wake up":
            raise RuntimeError("a fault of ours")
        return compose(deliveries)

    monkeypatch.setattr(composing, "compose", fail)
    return addresses


@pytest.fixture
def page(olga, team, clock):
    """What makes the page and works until nothing is left to try."""
    incident = declare(team, olga)
    run_due()
    mail.outbox.clear()

    def page():
        actions.notify(
            olga, incident=incident, kind=NotificationKind.PAGE, step="test", subject="Wake up", text="It is down."
        )
        for _ in range(30):
            run_due(lane=Lane.PAGES)
            clock.shift(minutes=5)
        run_due()
        return incident

    return page


def test_a_dead_page_is_told_to_the_administrators(page, poisoned):
    ada = make_person("Ada", None, TeamRole.ADMIN)
    poisoned |= BOTH
    page()
    for dead in Timer.objects.filter(state=State.DEAD):
        assert (dead.attempts, dead.last_error) == (12, "RuntimeError: a fault of ours")
        assert Delivery.objects.get(pk=dead.payload["delivery"]).state == DeliveryState.FAILED
    told = [message.to for message in mail.outbox if "Given up after 12 attempts" in message.subject]
    assert told == [[ada.email], [ada.email]]


def test_a_fault_of_ours_at_one_address_leads_to_the_next_with_the_second_attempt(olga, team, poisoned, clock):
    poisoned.add("olga@example.com")
    actions.notify(
        olga, incident=declare(team, olga), kind=NotificationKind.PAGE, step="test", subject="Wake up", text=""
    )
    run_due()
    clock.shift(seconds=4)
    run_due()
    assert [message.to for message in mail.outbox if message.subject == "Wake up"] == [["olga@home.example"]]


def test_with_no_address_left_the_timeline_says_that_nobody_was_reached(page, poisoned):
    poisoned |= BOTH
    incident = page()
    [event] = incident.timeline.filter(kind=EventKind.NOTIFICATION_FAILED, text__contains="Olga could not be reached")
    assert "a fault of ours" in event.text


@pytest.fixture
def dead(page, poisoned) -> Timer:
    """The page to the first address was given up, as to the second; then the cause was mended."""
    poisoned |= BOTH
    page()
    poisoned.clear()
    mail.outbox.clear()
    return Timer.objects.filter(state=State.DEAD).earliest("pk")


def delivery_of(timer: Timer) -> Delivery:
    return Delivery.objects.select_related("notification", "method").get(pk=timer.payload["delivery"])


def test_a_dead_page_that_is_run_again_is_sent(dead):
    engine.run_again(dead.pk)
    run_due()
    assert [message.to for message in mail.outbox] == [["olga@example.com"]]
    assert delivery_of(dead).state == DeliveryState.SENT


def answer(dead):
    actions.stop(type(delivery_of(dead).notification).objects.filter(pk=delivery_of(dead).notification_id))


def arrive(dead):
    Delivery.objects.filter(pk=dead.payload["delivery"]).update(state=DeliveryState.DELIVERED)


def disable(dead):
    method = delivery_of(dead).method
    method.disabled_at = dead.finished_at
    method.save()


def remove(dead):
    Delivery.objects.filter(pk=dead.payload["delivery"]).update(method=None)


@pytest.mark.parametrize(
    ("meanwhile", "why"),
    [(answer, "no longer wanted"), (arrive, "nothing to send"), (disable, "in use"), (remove, "in use")],
)
def test_what_would_not_be_sent_is_not_run_again_and_says_why(dead, meanwhile, why):
    meanwhile(dead)
    with pytest.raises(RuleViolation, match=why):
        engine.run_again(dead.pk)
    dead.refresh_from_db()
    assert dead.state == State.DEAD
