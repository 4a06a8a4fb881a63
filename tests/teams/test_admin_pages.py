"""Every page of the admin opens for whoever may open it, and for nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib import admin
from django.urls import reverse

from apps.catalog.models import Service
from apps.contacts.queries import reachable_methods
from apps.escalation.models import Policy
from apps.incidents.models import Incident, ResponseRole, Severity
from apps.rosters.models import Roster
from apps.teams.models import Team, TeamRole, User
from tests.factories.escalation import make_chain
from tests.factories.incidents import declare, make_procedures
from tests.factories.rosters import put_on_call
from tests.factories.teams import make_person, make_team

pytestmark = pytest.mark.django_db

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
OURS = [model for model in MODELS if model.__module__.startswith("apps.")]


@pytest.fixture
def team():
    make_procedures()
    return make_team()


@pytest.fixture
def administrator(team, client):
    person = make_person("Ada", None, TeamRole.ADMIN)
    person.is_staff = True
    person.save()
    client.force_login(person)
    return person


@pytest.fixture
def incident(team):
    engineer = make_person("Rafi", team, TeamRole.RESPONDER)
    put_on_call(team, engineer)
    return declare(team, engineer)


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_an_administrator_opens_the_list_and_whatever_it_holds(administrator, incident, client, model):
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    assert client.get(reverse(f"{name}_changelist")).status_code == 200
    row = model._default_manager.first()
    if (
        row is not None
        and admin.site._registry[model]
        .get_queryset(type("Request", (), {"user": administrator, "GET": {}}))
        .filter(pk=row.pk)
        .exists()
    ):
        assert client.get(reverse(f"{name}_change", args=[row.pk])).status_code == 200
        assert client.get(reverse(f"{name}_history", args=[row.pk])).status_code == 200


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_a_responder_who_was_let_into_the_admin_finds_it_empty(team, client, model):
    person = make_person("Rafi", team, TeamRole.RESPONDER)
    person.is_staff = True
    person.save()
    client.force_login(person)
    page = client.get(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"))
    assert page.status_code == 403


def test_the_history_of_a_private_incident_stays_hidden_from_administrators(administrator, incident, client):
    incident.private = True
    incident.save()
    page = client.get(reverse("admin:incidents_incident_history", args=[incident.pk]))
    assert page.status_code in (302, 403, 404)
    assert Incident.objects.filter(pk=incident.pk).exists()
    assert incident.title not in page.content.decode()


def test_a_person_who_is_added_can_be_paged_at_once(administrator, client):
    form = {
        "email": "new@example.com",
        "name": "Nora New",
        "time_zone": "UTC",
        "usable_password": "false",
        "memberships-TOTAL_FORMS": 0,
        "memberships-INITIAL_FORMS": 0,
    }
    page = client.post(
        reverse("admin:teams_user_add"), form | {"password1": "a long pass phrase", "password2": "a long pass phrase"}
    )
    assert page.status_code == 302, page.context["adminform"].form.errors
    added = User.objects.get(email="new@example.com")
    assert [method.value for method in reachable_methods(added)] == ["new@example.com"]


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_an_auditor_finds_no_action_in_the_admin(team, client, model, rf):
    auditor = make_person("Aurel", None, TeamRole.AUDITOR)
    auditor.is_staff = True
    auditor.save()
    request = rf.get("/")
    request.user = auditor
    assert list(admin.site._registry[model].get_actions(request)) == []


def test_what_the_record_refers_to_is_not_deleted(administrator, incident, client):
    Service.objects.create(slug="api", name="API", team=incident.team)
    make_chain("P0", [administrator, administrator, administrator])
    for model in (Service, Severity, ResponseRole, Policy, User, Team):
        row = model.objects.first()
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        assert client.post(reverse(f"{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
        selected = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
        client.post(reverse(f"{name}_changelist"), selected)
        assert model.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_what_no_row_can_be_called_is_chosen_for_nothing(administrator, incident, client, rf, model):
    request = rf.get("/")
    request.user = administrator
    page = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    before = model._default_manager.count()
    for action in admin.site._registry[model].get_actions(request):
        for key in ("None", "9" * 30, "", "1.5", "\x00"):
            chosen = {"action": action, "_selected_action": key, "post": "yes"}
            assert client.post(page, chosen).status_code == 302, (action, key)
            assert client.post(page, chosen | {"index": "0"}).status_code == 302, (action, key)
    assert model._default_manager.count() == before


@pytest.mark.parametrize("key", ["None", "9" * 30, "1.5"])
def test_what_no_row_can_be_called_has_no_history(administrator, incident, client, key):
    roster = Roster.objects.get()
    version = roster.history.get().history_id
    for args in ([key, version], [roster.pk, key]):
        page = reverse("admin:rosters_roster_simple_history", args=args)
        assert [client.get(page).status_code, client.post(page).status_code] == [404, 404]
    assert client.get(reverse("admin:rosters_roster_history", args=[key])).status_code == 404


def test_the_history_of_a_roster_tells_what_became_of_its_layers_and_their_people(administrator, incident, client):
    roster = Roster.objects.get()
    layer = roster.layers.get()
    layer.length = 2
    layer.save()
    member = layer.members.get()
    member.delete()
    page = client.get(reverse("admin:rosters_roster_history", args=[roster.pk])).content.decode()
    assert "Length of a turn: <del>1</del> → 2" in page
    assert "deleted" in page
    assert member.person.name in page


def test_the_history_of_a_policy_tells_what_became_of_its_levels_and_targets(
    administrator, incident, client, django_assert_max_num_queries
):
    policy = make_chain("P0", [administrator, administrator, administrator])
    level = policy.levels.get(number=2)
    level.after = timedelta(minutes=5)
    level.save()
    url = reverse("admin:escalation_policy_history", args=[policy.pk])
    assert "After: <del>15 min</del> → 5 min" in client.get(url).content.decode()
    with django_assert_max_num_queries(40):
        client.get(url)
