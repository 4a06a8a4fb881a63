"""A token that is limited to teams: everywhere it reaches what its person may do and it is limited to, and no more."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.incidents import queries as incidents
from apps.incidents.actions import involve
from apps.rosters import actions as rosters
from apps.rosters.queries.exceptions import visible_swaps
from apps.teams import access, actions
from apps.teams.access import Permission
from apps.teams.models import Scope, TeamRole, User
from tests.api.clients import client_with
from tests.factories.incidents import declare, make_procedures
from tests.factories.rosters import put_on_call
from tests.factories.teams import make_person, make_team

pytestmark = pytest.mark.django_db


@pytest.fixture
def teams(clock):
    make_procedures()
    return make_team("platform"), make_team("security")


def limited(person: User, *teams) -> User:
    """The person as a request carries them that came with a token which is limited to the teams."""
    found = User.objects.get(pk=person.pk)
    access.limit(found, [team.pk for team in teams])
    return found


@pytest.mark.parametrize("role", [TeamRole.ADMIN, TeamRole.AUDITOR])
def test_nobody_holds_a_role_of_the_organisation_by_it(teams, role):
    platform, security = teams
    anna = limited(make_person("Anna", None, role), platform)
    assert not access.is_administrator(anna)
    assert not access.is_auditor(anna)
    assert access.team_ids(anna, Permission.VIEW) == {platform.pk}
    found = declare(platform)
    declare(security)
    assert list(incidents.visible_to(anna)) == [found]


def test_a_superuser_is_limited_like_everybody(teams):
    platform, security = teams
    root = limited(User.objects.create_superuser("root@example.com"), platform)
    assert access.team_ids(root, Permission.MANAGE) == {platform.pk}
    assert not access.may(root, Permission.VIEW, declare(security))


def test_it_gives_nothing_that_its_person_does_not_have(teams):
    platform, security = teams
    anna = limited(make_person("Anna", platform, TeamRole.STAKEHOLDER), platform, security)
    assert access.team_ids(anna, Permission.VIEW) == {platform.pk}
    assert access.team_ids(anna, Permission.RESPOND) == set()


def test_who_is_involved_elsewhere_is_not_by_it(teams):
    platform, security = teams
    anna = make_person("Anna", platform, TeamRole.RESPONDER)
    elsewhere = declare(security)
    involve(elsewhere, anna, reason="asked")
    assert elsewhere in incidents.visible_to(anna)
    assert access.may(anna, Permission.RESPOND, elsewhere)
    assert elsewhere not in incidents.visible_to(limited(anna, platform))
    assert not access.may(limited(anna, platform), Permission.RESPOND, elsewhere)
    assert elsewhere in incidents.visible_to(limited(anna, security))


def test_it_opens_no_private_incident_of_another_team(teams):
    platform, security = teams
    anna = make_person("Anna", platform, TeamRole.COMMANDER)
    actions.add_member(anna, security, TeamRole.COMMANDER)
    secret = declare(security, private=True)
    assert access.may(anna, Permission.VIEW, secret)
    assert not access.may(limited(anna, platform), Permission.VIEW, secret)
    assert secret not in incidents.visible_to(limited(anna, platform))


def test_it_shows_no_swap_in_a_roster_of_another_team(teams, clock):
    platform, security = teams
    anna, ben = (make_person(name, security, TeamRole.RESPONDER) for name in ("Anna", "Ben"))
    roster = put_on_call(security, ben)
    start = clock.now + timedelta(days=2)
    swap = rosters.ask_for_swap(roster, by=ben, start=start, end=start + timedelta(hours=3), asked_of=anna, reason="")
    assert swap in visible_swaps(anna)
    assert swap not in visible_swaps(limited(anna, platform))


def test_one_whose_teams_are_gone_reaches_nothing(teams):
    platform, _ = teams
    anna = limited(make_person("Anna", platform, TeamRole.MANAGER))
    assert access.team_ids(anna, Permission.VIEW) == set()
    assert not incidents.visible_to(anna).exists()


def test_over_http_other_teams_are_not_there(teams):
    platform, security = teams
    root = User.objects.create_superuser("root@example.com")
    here, there = declare(platform), declare(security)
    _, secret = actions.create_token(root, name="ci", scope=Scope.MANAGE, team_ids=[platform.pk])
    client = client_with(secret)
    assert [each["id"] for each in client.get("/api/v1/incidents/").json()["results"]] == [str(here)]
    assert client.post(f"/api/v1/incidents/{here}/acknowledge/").status_code == 200
    assert client.post(f"/api/v1/incidents/{there}/acknowledge/").status_code == 404
    assert client.post("/api/v1/teams/", {"slug": "new", "name": "New"}).status_code == 403
    there.refresh_from_db()
    assert there.acknowledged_at is None


@pytest.mark.parametrize(
    "address",
    [
        "me/", "me/contact-methods/", "me/notification-rules/", "me/preferences/", "me/pages/", "pages/",
        "calendar-feeds/", "absences/",
    ],
)  # fmt: skip
def test_what_is_a_persons_own_takes_a_token_without_limits(teams, address):
    platform, _ = teams
    anna = make_person("Anna", platform, TeamRole.RESPONDER)
    answers = [
        client_with(actions.create_token(anna, name="ci", team_ids=team_ids)[1]).get(f"/api/v1/{address}").status_code
        for team_ids in (None, [platform.pk])
    ]
    assert answers == [200, 403]


def test_with_a_limit_nothing_is_read_that_is_of_no_team(teams):
    platform, security = teams
    anna = make_person("Anna", platform, TeamRole.MANAGER)
    actions.add_member(anna, security, TeamRole.MANAGER)
    assert access.belongs_here(User.objects.get(pk=anna.pk))
    assert not access.belongs_here(limited(anna, platform))
