from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse

from apps.engine import actions
from apps.engine.models import State, Timer

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator(client):
    person = get_user_model().objects.create_superuser("admin@example.com", "correct horse battery")
    client.force_login(person)
    return person


@pytest.fixture
def dead_timer(clock, seen):
    actions.schedule("note", key="a")
    Timer.objects.update(state=State.DEAD, attempts=12, finished_at=clock.now, last_error="refused")
    return Timer.objects.get()


def test_timers_are_listed_with_what_they_died_of(client, administrator, dead_timer):
    page = client.get(reverse("admin:engine_timer_changelist"))
    assert page.status_code == 200
    assert "refused" in page.content.decode()


def test_a_dead_timer_is_run_again_from_the_list(client, administrator, dead_timer):
    client.post(reverse("admin:engine_timer_changelist"), {"action": "run_again", "_selected_action": [dead_timer.pk]})
    dead_timer.refresh_from_db()
    assert (dead_timer.state, dead_timer.attempts) == (State.PENDING, 0)


def test_a_timer_cannot_be_added_changed_or_deleted_by_hand(client, administrator, dead_timer):
    assert client.get(reverse("admin:engine_timer_add")).status_code == 403
    for verb in ("change", "delete"):
        client.post(reverse(f"admin:engine_timer_{verb}", args=[dead_timer.pk]), {"key": "b", "post": "yes"})
    dead_timer.refresh_from_db()
    assert (dead_timer.key, dead_timer.state) == ("a", State.DEAD)
