"""Maintenance in the admin: the same actions, the same rights."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from apps.catalog import actions
from apps.catalog.models import MaintenanceWindow, Service
from apps.teams.models import TeamRole
from tests.factories.teams import make_person, make_team

pytestmark = pytest.mark.django_db

LIST = reverse("admin:catalog_maintenancewindow_changelist")
ADD = reverse("admin:catalog_maintenancewindow_add")


@pytest.fixture
def api(clock) -> Service:
    return Service.objects.create(slug="api", name="API", team=make_team())


@pytest.fixture
def agents(clock) -> Service:
    return Service.objects.create(slug="agents", name="Agents of others", team=make_team("ai"))


@pytest.fixture
def manager(api):
    return make_person("Mona", api.team, TeamRole.MANAGER)


def signed_in(person) -> Client:
    person.is_staff = True
    person.save()
    client = Client()
    client.force_login(person, backend="apps.teams.backends.PeopleBackend")
    return client


def change_page(window) -> str:
    return reverse("admin:catalog_maintenancewindow_change", args=[window.pk])


def form(service=None, **known: object) -> dict[str, object]:
    times = {
        "starts_at_0": "2026-03-02", "starts_at_1": "13:00:00", "ends_at_0": "2026-03-02", "ends_at_1": "15:00:00"
    }  # fmt: skip
    return {"message": "Moving", **({"services": [service.pk]} if service else {}), **times, **known}


def test_a_manager_plans_moves_and_ends_what_is_theirs(api, manager, clock):
    client = signed_in(manager)
    assert client.post(ADD, form(api)).status_code == 302
    window = MaintenanceWindow.objects.get()
    assert (list(window.services.all()), window.created_by, window.message) == ([api], manager, "Moving")
    moved = client.post(change_page(window), form(api, ends_at_1="16:00:00"))
    assert moved.status_code == 302
    before = window.ends_at
    window.refresh_from_db()
    assert window.ends_at == before + timedelta(hours=1)
    client.post(LIST, {"action": "end_now", "_selected_action": [window.pk]})
    window.refresh_from_db()
    assert (window.ended_early_by, window.state) == (manager, "past")
    assert client.post(change_page(window), form(api)).status_code == 403


def test_what_a_window_cannot_be_is_said_at_its_field(api, manager):
    client = signed_in(manager)
    for wrong in (form(), form(api, ends_at_1="12:00:00"), form(api, ends_at_0="2026-03-20")):
        assert client.post(ADD, wrong).status_code == 200
    assert not MaintenanceWindow.objects.exists()


def test_a_manager_does_not_reach_the_services_of_others_or_all(api, agents, manager):
    client = signed_in(manager)
    assert client.post(ADD, form(agents)).status_code == 200
    assert client.post(ADD, form(all_services="on")).status_code == 200
    assert not MaintenanceWindow.objects.exists()
    theirs = actions.plan_maintenance(by=None, services=[agents], message="Not yours")
    both = actions.plan_maintenance(by=None, services=[agents, api], message="Of both")
    everything = actions.plan_maintenance(by=None, message="Of all")
    listed = client.get(LIST).content.decode()
    assert "Not yours" not in listed
    assert "Of both" in listed
    for window in (both, everything):
        assert client.post(change_page(window), form(api)).status_code == 403
        client.post(LIST, {"action": "end_now", "_selected_action": [window.pk]})
    client.post(LIST, {"action": "end_now", "_selected_action": [theirs.pk]})
    assert not MaintenanceWindow.objects.filter(ended_early_at__isnull=False).exists()


def test_an_administrator_plans_for_all_and_an_auditor_looks(api, clock):
    admin = signed_in(make_person("Ada", None, TeamRole.ADMIN))
    assert admin.post(ADD, form(all_services="on")).status_code == 302
    window = MaintenanceWindow.objects.get()
    assert window.all_services
    auditor = signed_in(make_person("Otto", None, TeamRole.AUDITOR))
    assert auditor.get(change_page(window)).status_code == 200
    assert auditor.post(change_page(window), form(api)).status_code == 403
    assert auditor.post(ADD, form(api)).status_code == 403


def test_nothing_is_deleted(api, manager):
    window = actions.plan_maintenance(by=manager, services=[api])
    deletion = reverse("admin:catalog_maintenancewindow_delete", args=[window.pk])
    assert signed_in(manager).post(deletion, {"post": "yes"}).status_code == 403


def test_the_history_is_shown(api, manager):
    window = actions.plan_maintenance(by=manager, services=[api], message="Moving")
    history = reverse("admin:catalog_maintenancewindow_history", args=[window.pk])
    assert "Mona" in signed_in(manager).get(history).content.decode()
