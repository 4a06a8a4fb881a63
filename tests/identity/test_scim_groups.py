"""Identity providers keep groups by SCIM 2.0, and who is in one holds what it gives."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.identity.groups.models import ProviderGroup
from apps.teams import access
from apps.teams.models import TeamRole, User
from tests.factories.identity import make_group
from tests.factories.teams import make_team
from tests.identity.provisioning import GROUP

pytestmark = pytest.mark.django_db


def members_of(answer) -> list[str]:
    return [each["value"] for each in answer.get("members", [])]


@pytest.fixture
def crew(provider):
    """A group that gives a role; administrators named it before the provider knew of it."""
    group = make_group("crew", (make_team("platform"), TeamRole.RESPONDER))
    return f"/Groups/{group.pk}"


@pytest.fixture
def anna(provider):
    return provider.made("anna@example.com", displayName="Anna")


@pytest.fixture
def ben(provider):
    return provider.made("ben@example.com", displayName="Ben")


def responders() -> set[str]:
    return set(User.objects.filter(memberships__role=TeamRole.RESPONDER).values_list("name", flat=True))


def test_members_hold_what_the_group_gives_as_long_as_they_are_in_it(provider, crew, anna, ben):
    add = {"op": "add", "path": "members", "value": [{"value": anna["id"]}, {"value": ben["id"]}]}
    assert members_of(provider.patch(crew, add)) == [anna["id"], ben["id"]]
    assert responders() == {"Anna", "Ben"}
    provider.patch(crew, {"op": "remove", "path": f'members[value eq "{ben["id"]}"]'})
    assert responders() == {"Anna"}
    provider.put(crew, {"schemas": [GROUP], "displayName": "crew", "members": [{"value": ben["id"]}]})
    assert responders() == {"Ben"}
    provider.patch(crew, {"op": "remove", "path": "members"})
    assert responders() == set()


def test_a_group_shows_its_members_and_a_member_its_groups(provider, anna):
    group = provider.made_group("labs", anna, externalId="g-1")
    assert group["members"] == [
        {"value": anna["id"], "$ref": anna["meta"]["location"]},
    ]
    assert provider.get(f"/Users/{anna['id']}")["groups"] == [
        {"value": group["id"], "$ref": group["meta"]["location"], "display": "labs", "type": "direct"},
    ]


def test_a_group_that_is_there_is_not_made_again(provider, crew):
    answer = provider.post("/Groups", {"schemas": [GROUP], "displayName": "CREW"})
    assert (answer.status, answer["scimType"]) == (409, "uniqueness")


def test_a_group_is_found_by_name_and_number_without_its_members(provider, anna):
    provider.made_group("labs", anna, externalId="g-1")
    for asked in ('displayName eq "Labs"', 'externalId eq "g-1"', f'members eq "{anna["id"]}"'):
        found = provider.get(f"/Groups?excludedAttributes=members&filter={asked}")
        assert [each["displayName"] for each in found["Resources"]] == ["labs"]
        assert "members" not in found["Resources"][0]
    assert provider.get('/Groups?filter=externalId eq "G-1"')["totalResults"] == 0


def test_a_group_that_goes_takes_what_it_gave(provider, crew, anna):
    provider.patch(crew, {"op": "add", "path": "members", "value": [{"value": anna["id"]}]})
    assert provider.delete(crew) == 204
    assert provider.get(crew).status == 404
    assert responders() == set()


@pytest.mark.parametrize("member", ["999999", "x", ""])
def test_who_is_nobody_is_no_member(provider, member):
    answer = provider.post("/Groups", {"schemas": [GROUP], "displayName": "labs", "members": [{"value": member}]})
    assert (answer.status, answer["scimType"]) == (400, "invalidValue")
    assert not ProviderGroup.objects.exists()


@pytest.mark.parametrize("name", ["", " ", "x" * 256])
def test_a_group_has_a_name(provider, name):
    assert provider.post("/Groups", {"schemas": [GROUP], "displayName": name}).status == 400


def test_a_group_that_is_renamed_keeps_what_it_gives(provider, crew, anna):
    provider.patch(crew, {"op": "add", "path": "members", "value": [{"value": anna["id"]}]})
    provider.patch(crew, {"op": "replace", "value": {"displayName": "platform crew", "externalId": "g-2"}})
    assert responders() == {"Anna"}
    group = ProviderGroup.objects.get()
    assert (group.name, group.external_id) == ("platform crew", "g-2")


def test_an_administrator_by_a_group_who_leaves_it_is_none_any_more(provider, anna):
    make_group("admins", (None, TeamRole.ADMIN))
    admins = f"/Groups/{ProviderGroup.objects.get().pk}"
    provider.patch(admins, {"op": "add", "path": "members", "value": [{"value": anna["id"]}]})
    assert access.is_administrator(User.objects.get(pk=anna["id"]))
    provider.patch(admins, {"op": "remove", "path": "members"})
    assert not access.is_administrator(User.objects.get(pk=anna["id"]))


def test_a_large_group_is_changed_at_the_cost_of_what_changes(provider, anna):
    people = [User(email=f"p{number}@example.com", name=f"P{number}") for number in range(300)]
    User.objects.bulk_create(people)
    group = provider.made_group("all", *({"id": str(person.pk)} for person in people))
    add = {"op": "add", "path": "members", "value": [{"value": anna["id"]}]}
    with CaptureQueriesContext(connection) as asked:
        assert len(members_of(provider.patch(f"/Groups/{group['id']}", add))) == 301
    assert len(asked) < 40
