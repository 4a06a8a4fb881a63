"""Django's own permissions: administrators hold them all, auditors those to look, nobody else any."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.models import Permission as ModelPermission

from apps.teams.backends import OrganisationBackend
from apps.teams.models import Team, TeamRole, User
from tests.factories.teams import make_person, make_team

pytestmark = pytest.mark.django_db


@pytest.fixture
def team(clock) -> Team:
    return make_team()


def names() -> set[str]:
    """Every permission on a model, as Django names it."""
    return {
        f"{app}.{codename}"
        for app, codename in ModelPermission.objects.values_list("content_type__app_label", "codename")
    }


def held(person: User) -> set[str]:
    """What of it ``person`` holds, asked as the admin asks."""
    return {name for name in names() if person.has_perm(name)}


def left(person: User) -> User:
    person.is_active = False
    person.save()
    return person


def test_an_administrator_holds_every_permission(team):
    ada = make_person("Ada", None, TeamRole.ADMIN)
    assert held(ada) == names() != set()
    assert ada.has_module_perms("engine")


def test_an_auditor_holds_those_to_look_and_none_that_writes(team):
    aurel = make_person("Aurel", None, TeamRole.AUDITOR)
    looking = {name for name in names() if name.partition(".")[2].startswith("view_")}
    assert held(aurel) == looking
    assert {"engine.view_timer", "incidents.view_incident"} <= looking
    for verb in ("add", "change", "delete"):
        assert not aurel.has_perm(f"engine.{verb}_timer")
    assert not any(aurel.has_perm(f"teams.{verb}_team") for verb in ("respond", "command", "manage"))
    assert aurel.has_module_perms("engine")


@pytest.mark.parametrize("role", TeamRole)
def test_a_role_of_a_team_holds_none(team, role):
    person = make_person("Pat", team, role)
    assert held(person) == set()
    assert not person.has_module_perms("engine")


@pytest.mark.parametrize("role", [TeamRole.ADMIN, TeamRole.AUDITOR])
def test_who_left_holds_none(team, role):
    make_person("Ada", None, TeamRole.ADMIN)  # an administrator stays
    person = left(make_person("Lou", None, role))
    assert held(person) == set()
    assert not OrganisationBackend().has_perm(person, "engine.view_timer")
    assert not OrganisationBackend().has_module_perms(person, "engine")


@pytest.mark.parametrize("role", [TeamRole.ADMIN, TeamRole.AUDITOR])
def test_of_a_single_object_it_says_nothing(team, role):
    """Whose an object is decides ``teams.access``."""
    person = make_person("Pat", None, role)
    assert not OrganisationBackend().has_perm(person, "teams.view_team", team)


def test_who_is_not_signed_in_holds_none(db):
    nobody = AnonymousUser()
    assert not OrganisationBackend().has_perm(nobody, "engine.view_timer")
    assert not OrganisationBackend().has_module_perms(nobody, "engine")
