from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from apps.catalog import actions, queries
from apps.catalog.models import Dependency, Service, ServiceLink
from apps.core.errors import NotAllowed
from apps.teams.actions import add_member
from apps.teams.models import Team, TeamRole, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    return Team.objects.create(slug="platform", name="Platform")


@pytest.fixture
def other() -> Team:
    return Team.objects.create(slug="ai", name="AI")


@pytest.fixture
def manager(team) -> User:
    return member("mona@example.com", team, TeamRole.MANAGER)


@pytest.fixture
def service(team) -> Service:
    return Service.objects.create(slug="cli", name="CLI", team=team, area="cli_access")


def member(email, team, role) -> User:
    person = User.objects.create_user(email, name=email.partition("@")[0])
    add_member(person, team, role)
    return person


def client_of(person) -> APIClient:
    client = APIClient()
    client.force_authenticate(person)
    return client


def test_services_in_use_are_found_by_team_and_by_slug(service, team, other):
    gone = Service.objects.create(slug="gone", name="Gone", team=team, is_active=False)
    assert list(queries.services_of([team])) == [service]
    assert list(queries.services_of([other])) == []
    assert queries.by_slug("cli") == service
    assert queries.by_slug(gone.slug) is None


def test_services_with_links_and_dependencies_cost_the_same_however_many(team, django_assert_num_queries):
    database = Service.objects.create(slug="database", name="Database", team=team)
    for number in range(5):
        service = Service.objects.create(slug=f"s{number}", name=f"S{number}", team=team)
        ServiceLink.objects.create(service=service, title="Logs", url="https://logs.example.com/")
        Dependency.objects.create(service=service, depends_on=database)
    with django_assert_num_queries(4):
        shown = {
            service.slug: (
                service.team.slug,
                [link.title for link in service.links.all()],
                [dependency.depends_on.slug for dependency in service.dependencies.all()],
            )
            for service in queries.services_of([team])
        }
    assert shown == {
        "database": ("platform", [], []),
        **{f"s{number}": ("platform", ["Logs"], ["database"]) for number in range(5)},
    }


def test_a_service_does_not_depend_on_itself(service):
    with pytest.raises(IntegrityError, match="dependency_not_on_itself"):
        Dependency.objects.create(service=service, depends_on=service)


@pytest.mark.parametrize("address", ["javascript:alert(1)", "ftp://example.com/", "runbook"])
def test_a_link_leads_to_the_web(service, address):
    with pytest.raises(ValidationError):
        ServiceLink(service=service, title="Logs", url=address).full_clean()


def test_a_manager_adds_and_changes_services_of_their_team(team, manager):
    service = actions.create_service(by=manager, team=team, fields={"slug": "api", "name": "API"})
    changed = actions.update_service(service, by=manager, fields={"name": "HTTP API"})
    assert changed.name == "HTTP API"
    assert [row.history_user for row in changed.history.all()] == [manager, manager]


def test_a_service_does_not_change_hands_without_both_teams_managers(service, other, manager):
    for by in (manager, member("sam@example.com", other, TeamRole.MANAGER)):
        with pytest.raises(NotAllowed):
            actions.update_service(service, by=by, fields={"team": other})
    service.refresh_from_db()
    assert service.team.slug == "platform"


def test_a_team_with_services_is_not_deleted(service, team):
    with pytest.raises(IntegrityError):
        team.delete()


def test_the_api_shows_services_of_ones_teams(service, team, other, manager):
    Service.objects.create(slug="agents", name="Agents", team=other)
    client = client_of(manager)
    assert client.get("/api/v1/services/").json()["results"] == [
        {
            "slug": "cli",
            "name": "CLI",
            "team": "platform",
            "description": "",
            "area": "cli_access",
            "is_active": True,
            "links": [],
            "depends_on": [],
        }
    ]
    assert client.get("/api/v1/services/agents/").status_code == 404


def test_the_api_adds_and_changes_services(team, other, manager):
    client = client_of(manager)
    added = client.post("/api/v1/services/", {"slug": "api", "name": "API", "team": "platform"})
    assert (added.status_code, added.json()["slug"]) == (201, "api")
    changed = client.patch("/api/v1/services/api/", {"name": "HTTP API", "slug": "other"})
    assert (changed.status_code, changed.json()["name"], changed.json()["slug"]) == (200, "HTTP API", "api")
    assert client.post("/api/v1/services/", {"slug": "api", "name": "Again", "team": "platform"}).status_code == 400
    assert client.post("/api/v1/services/", {"slug": "x", "name": "X", "team": "nobody"}).status_code == 400
    assert client.post("/api/v1/services/", {"slug": "x", "name": "X", "team": "ai"}).status_code == 400


def test_a_responder_changes_no_service(service, team):
    client = client_of(member("rita@example.com", team, TeamRole.RESPONDER))
    assert client.patch("/api/v1/services/cli/", {"name": "Mine"}).status_code == 403


def test_a_manager_keeps_the_services_of_their_own_teams_in_the_admin(service, other, manager):
    strange = Service.objects.create(slug="agents", name="Agents of others", team=other)
    manager.is_staff = True
    manager.save()
    client = Client()
    client.force_login(manager, backend="apps.teams.backends.PeopleBackend")
    listed = client.get(reverse("admin:catalog_service_changelist")).content.decode()
    assert reverse("admin:catalog_service_change", args=[service.pk]) in listed
    assert "Agents of others" not in listed
    page = client.get(reverse("admin:catalog_service_change", args=[service.pk])).content.decode()
    assert "Agents of others" not in page
    assert strange.team == other
