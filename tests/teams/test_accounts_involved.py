"""A service account that declared a private incident opens it to nobody: its manager makes its tokens."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.incidents import actions as incidents
from apps.incidents import queries
from apps.incidents.models import Severity, Via
from apps.teams import access, actions
from apps.teams.access import Permission
from apps.teams.models import Scope, TeamRole, User
from tests.api.clients import client_with
from tests.factories.incidents import declare, make_procedures
from tests.factories.teams import make_person, make_team


@pytest.fixture
def team(db, clock):
    make_procedures()
    return make_team()


@pytest.fixture
def manager(team):
    return make_person("Mona", team, TeamRole.MANAGER)


@pytest.fixture
def robot(team, manager):
    return actions.create_service_account(name="Robot", team=team, role=TeamRole.RESPONDER, by=manager)


@pytest.fixture
def private(team, robot):
    return declare(team, robot, private=True)


@pytest.fixture
def by_manager(robot, manager):
    """What a token reads that a manager made for the account."""
    _, secret = actions.issue_token(robot, by=manager, name="peek", scope=Scope.MANAGE, lives=timedelta(days=1))
    return client_with(secret)


def test_a_token_of_the_account_reads_no_private_incident(private, by_manager):
    assert by_manager.get(f"/api/v1/incidents/{private.reference}/").status_code == 404
    assert by_manager.get(f"/api/v1/incidents/{private.reference}/timeline/").status_code == 404
    assert by_manager.post(f"/api/v1/incidents/{private.reference}/acknowledge/").status_code == 404
    assert by_manager.get("/api/v1/incidents/").json()["results"] == []


def test_it_is_answered_what_it_declared_and_no_more(team, by_manager):
    told = {"title": "Leak", "severity": "P1", "team": team.slug, "private": True}
    declared = by_manager.post("/api/v1/incidents/", told)
    assert declared.status_code == 201
    assert by_manager.get(f"/api/v1/incidents/{declared.json()['id']}/").status_code == 404


def test_every_way_of_asking_says_the_same(private, robot):
    asked = User.objects.get(pk=robot.pk)
    assert not access.may(asked, Permission.VIEW, private)
    assert not access.may(asked, Permission.RESPOND, private)
    assert not queries.visible_to(asked).exists()
    assert queries.who_may_see(private, [asked]) == set()


def test_by_its_role_it_reads_what_is_shared_as_ever(team, robot, by_manager):
    shared = incidents.declare(title="Slow", severity=Severity.objects.get(code="P0"), team=team, by=robot, via=Via.API)
    assert by_manager.get(f"/api/v1/incidents/{shared.reference}/").status_code == 200


def test_people_go_on_to_see_what_they_are_involved_in(team):
    outsider = make_person("Otto", team, TeamRole.RESPONDER)
    private = declare(team, outsider, private=True)
    assert access.may(outsider, Permission.RESPOND, private)
    assert list(queries.visible_to(outsider)) == [private]
