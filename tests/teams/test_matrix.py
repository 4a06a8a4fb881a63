"""The table of who may do what: the page shows it, and what is decided agrees with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import call_command

from apps.incidents import queries
from apps.teams import access, actions
from apps.teams.access import MATRIX, Holder, Permission, Reach, Right
from apps.teams.access.page import page
from apps.teams.models import TeamRole
from tests.factories.incidents import declare, make_procedures
from tests.factories.teams import make_person, make_team

PAGE = Path(__file__).parents[2] / "docs" / "access.md"
EVERYWHERE = (TeamRole.ADMIN, TeamRole.AUDITOR)


def test_the_page_shows_the_table():
    assert PAGE.read_text() == page(), "Make it anew: python manage.py access_matrix > docs/access.md"


def test_the_command_prints_the_page(capsys):
    call_command("access_matrix")
    assert capsys.readouterr().out == page()


@pytest.fixture
def house(db, clock):
    make_procedures()
    return make_team("platform"), make_team("ai")


@pytest.mark.parametrize("role", TeamRole)
@pytest.mark.parametrize("permission", Permission)
def test_what_stands_in_the_table_is_what_is_decided(house, role, permission):
    own, other = house
    person = make_person("Pat", None if role in EVERYWHERE else own, role)
    reach = MATRIX[permission].get(Holder(role))
    below = make_team("web")
    actions.change_team(below, parent=own, by=make_person("Ada", None, TeamRole.ADMIN))
    teams = {
        Reach.TEAM: {own.pk},
        Reach.BELOW: {own.pk, below.pk},
        Reach.ALL: {own.pk, other.pk, below.pk},
        None: set(),
    }
    assert access.team_ids(person, permission) == teams[reach]


@pytest.mark.parametrize("role", [*TeamRole, None])
def test_what_needs_no_team_is_decided_by_the_table_too(house, role):
    own, _ = house
    person = make_person("Pat", None if role in EVERYWHERE else own, role)
    holder = Holder(role) if role else Holder.REPORTER
    assert access.belongs_here(person) is (holder in MATRIX[Right.DIRECTORY])
    assert access.is_administrator(person) is (holder in MATRIX[Right.ADMINISTRATE])
    assert (access.is_administrator(person) or access.is_auditor(person)) is (holder in MATRIX[Right.OVERSEE])


@pytest.mark.parametrize("role", [*TeamRole, None])
@pytest.mark.parametrize("private", [False, True])
def test_who_may_see_is_answered_alike_for_one_and_for_many(house, role, private):
    own, other = house
    theirs, beside = declare(own, private=private), declare(other, private=private)
    people = [make_person("Pat", None if role in EVERYWHERE else own, role)] if role else [make_person("Pat")]
    people += [make_person("Lou", own, TeamRole.COMMANDER), make_person("Eve", other, TeamRole.MANAGER)]
    for incident in (theirs, beside):
        seeing = {person.pk for person in people if access.may(person, Permission.VIEW, incident)}
        assert queries.who_may_see(incident, people) == seeing
        assert {each.pk for each in people if queries.visible_to(each).filter(pk=incident.pk).exists()} == seeing


def test_a_reporter_sees_the_incident_that_they_declared_and_no_other(house):
    own, _ = house
    reporter = make_person("Rex")
    declare(own, title="Somebody else's")
    reported = declare(own, title="Theirs")
    reported.involvements.create(person=reporter, reason="declared it", since=reported.declared_at)
    assert list(queries.visible_to(reporter)) == [reported]
