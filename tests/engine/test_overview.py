"""The engine's page in the admin: auditors look, administrators act."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from apps.core import clock as house_clock
from apps.engine import actions, checks, identity, queries
from apps.engine.models import Breaker, State, Timer
from apps.teams.models import TeamRole
from tests.factories.teams import make_person, make_team

pytestmark = pytest.mark.django_db
PAGE = "/admin/engine/"


@pytest.fixture
def sign_in(client):
    def sign_in(name, role, team=None):
        person = make_person(name, team, role)
        person.is_staff = True
        person.save()
        client.force_login(person)
        return client

    return sign_in


@pytest.fixture
def administrator(sign_in):
    return sign_in("Ada", TeamRole.ADMIN)


@pytest.fixture
def auditor(sign_in):
    return sign_in("Aurel", TeamRole.AUDITOR)


@pytest.fixture
def dead(clock, seen):
    for key in ("a", "b", "c"):
        actions.schedule("note", key=key, subject=f"incident:{key}")
    Timer.objects.update(state=State.DEAD, attempts=12, finished_at=clock.now, last_error="550 no such mailbox")
    return list(Timer.objects.order_by("pk"))


@pytest.fixture
def broken():
    return Breaker.objects.create(
        provider="gateway", failures=5, openings=1, open_until=house_clock.now() + timedelta(seconds=30),
        last_error="503 from the gateway",
    )  # fmt: skip


def states():
    return dict(Timer.objects.values_list("key", "state"))


def test_it_tells_how_lanes_workers_providers_and_proof_stand(administrator, dead, broken, clock, monkeypatch):
    identity.me.release()
    monkeypatch.setitem(checks._checks, "proof", lambda: "It was last proved 400 s ago.")
    actions.schedule("note", key="due", due_at=clock.now - timedelta(seconds=42))
    page = administrator.get(PAGE).content.decode()
    for text in (
        "No worker is running.", "42.0", "3 given up", "550 no such mailbox", "incident:a",
        "gateway", "Left alone until", "503 from the gateway", "It was last proved 400 s ago.",
    ):  # fmt: skip
        assert text in page


def test_what_changes_is_fetched_by_itself(administrator, dead, broken):
    page = administrator.get(PAGE).content.decode()
    assert f'hx-get="{PAGE}?part=now"' in page
    part = administrator.get(PAGE, {"part": "now"}).content.decode()
    assert part.lstrip().startswith('<div id="engine-now"')
    assert "550 no such mailbox" not in part


def test_the_chosen_ones_are_run_again_and_the_others_stay(administrator, dead):
    answer = administrator.post(PAGE, {"timer": [dead[0].pk, dead[2].pk]}, follow=True)
    assert states() == {"a": State.PENDING, "b": State.DEAD, "c": State.PENDING}
    assert "note a is due again." in answer.content.decode()


def test_one_that_is_planned_anew_already_is_said_and_keeps_no_other_back(administrator, dead, seen):
    actions.schedule("note", key="a")
    answer = administrator.post(PAGE, {"timer": [dead[0].pk, dead[1].pk]}, follow=True)
    assert "note a is already planned anew." in answer.content.decode()
    assert Timer.objects.get(pk=dead[1].pk).state == State.PENDING


def test_to_choose_none_is_answered(administrator, dead):
    answer = administrator.post(PAGE, {"timer": ["x"]}, follow=True)
    assert "Choose the timers to run again first." in answer.content.decode()
    assert set(states().values()) == {State.DEAD}


def test_a_dead_timer_is_run_again_from_its_own_page(administrator, dead):
    url = reverse("admin:engine_timer_change", args=[dead[0].pk])
    page = administrator.get(url).content.decode()
    assert "550 no such mailbox" in page
    assert f'<input type="hidden" name="timer" value="{dead[0].pk}">' in page
    administrator.post(PAGE, {"timer": dead[0].pk})
    assert "Run again" not in administrator.get(url).content.decode()


def test_an_administrator_lets_a_provider_be_called_again(administrator, broken):
    assert "gateway is called again." in administrator.post(PAGE, {"close": "gateway"}, follow=True).content.decode()
    assert [circuit.state for circuit in queries.circuits()] == ["closed"]
    assert "called already" in administrator.post(PAGE, {"close": "gateway"}, follow=True).content.decode()


def test_an_auditor_reads_and_cannot_act(auditor, dead, broken):
    page = auditor.get(PAGE).content.decode()
    assert "550 no such mailbox" in page
    assert "Left alone until" in page
    assert "Run " not in page
    assert "Close now" not in page
    assert auditor.post(PAGE, {"timer": dead[0].pk}).status_code == 403
    assert auditor.post(PAGE, {"close": "gateway"}).status_code == 403
    assert "Run again" not in auditor.get(reverse("admin:engine_timer_change", args=[dead[0].pk])).content.decode()
    assert set(states().values()) == {State.DEAD}
    assert queries.circuits()[0].state == "open"


def test_a_manager_of_a_team_does_not_see_it(sign_in):
    assert sign_in("Max", TeamRole.MANAGER, make_team()).get(PAGE).status_code == 403


def test_a_stranger_is_asked_to_sign_in(client):
    assert client.get(PAGE).status_code == 302


def test_it_costs_as_many_queries_with_a_hundred_dead_and_a_dozen_providers(
    administrator, dead, broken, django_assert_max_num_queries, clock
):
    Timer.objects.bulk_create(
        Timer(kind="note", lane="work", key=f"x{number}", due_at=clock.now, state=State.DEAD, finished_at=clock.now)
        for number in range(100)
    )
    Breaker.objects.bulk_create(Breaker(provider=f"p{number}") for number in range(12))
    with django_assert_max_num_queries(20):
        assert administrator.get(PAGE).status_code == 200


def test_circuits_are_listed_in_the_admin(administrator, broken):
    assert "503 from the gateway" in administrator.get(reverse("admin:engine_breaker_changelist")).content.decode()
    assert administrator.get(reverse("admin:engine_breaker_add")).status_code == 403


def test_a_circuit_is_half_open_once_its_time_is_over(broken, clock):
    clock.set(broken.open_until)
    [circuit] = queries.circuits()
    assert (circuit.state, circuit.failures, circuit.until) == ("half open", 5, broken.open_until)


def test_what_a_timer_carries_is_shown_to_administrators_only(sign_in, seen):
    actions.schedule("note", key="carries", payload={"secret": "xyzzy"})
    address = reverse("admin:engine_timer_change", args=[Timer.objects.get(key="carries").pk])
    assert "xyzzy" in sign_in("Ada", TeamRole.ADMIN).get(address).content.decode()
    page = sign_in("Aurel", TeamRole.AUDITOR).get(address)
    assert page.status_code == 200
    assert "xyzzy" not in page.content.decode()
