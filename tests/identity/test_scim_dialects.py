"""What Microsoft Entra and Okta send, as their public documentation shows it.

Entra: "Tutorial: Develop and plan provisioning for a SCIM endpoint" and "Known issues and resolutions with SCIM 2.0
protocol compliance". Okta: "SCIM 2.0 protocol reference" (Users, Groups).
"""

from __future__ import annotations

import pytest

from apps.teams.models import TeamRole, User
from tests.factories.identity import make_group
from tests.factories.teams import make_team
from tests.identity.provisioning import GROUP, USER

pytestmark = pytest.mark.django_db

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def test_entra_looks_for_somebody_makes_changes_and_switches_them_off(provider):
    assert provider.get('/Users?filter=userName eq "anna@example.com"')["totalResults"] == 0
    made = provider.post("/Users", {
        "schemas": [USER, ENTERPRISE],
        "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
        "userName": "anna@example.com",
        "active": True,
        "addresses": None,
        "displayName": "Anna Berg",
        "emails": [{"type": "work", "value": "anna@example.com", "primary": True}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": "Anna Berg", "familyName": "Berg", "givenName": "Anna"},
        "phoneNumbers": [{"type": "work", "value": "+49 30 1"}],
        "preferredLanguage": None,
        "title": None,
        ENTERPRISE: {"department": "Platform", "manager": {"value": "7"}},
    })  # fmt: skip
    assert made.status == 201, made
    here = f"/Users/{made['id']}"
    changed = provider.patch(
        here,
        {"op": "Replace", "path": "displayName", "value": "Anna Bergmann"},
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "anna@example.com"},
        {"op": "Add", "path": "name.familyName", "value": "Bergmann"},
        {"op": "Add", "path": f"{ENTERPRISE}:department", "value": "SRE"},
        {"op": "Add", "path": 'phoneNumbers[type eq "mobile"].value', "value": "+49 170 1"},
    )
    assert (changed.status, changed["displayName"]) == (200, "Anna Bergmann"), changed
    off = provider.patch(here, {"op": "Replace", "path": "active", "value": "False"})
    assert (off.status, off["active"]) == (200, False)
    assert not User.objects.get(pk=made["id"]).is_active
    on = provider.patch(here, {"op": "Replace", "value": {"active": "True"}})
    assert on["active"] is True


def test_entra_sends_many_attributes_at_once_by_their_paths(provider):
    made = provider.made("anna@example.com")
    changed = provider.patch(
        f"/Users/{made['id']}",
        {"op": "replace", "value": {"displayName": "Anna", "name.formatted": "Anna", "active": "True",
                                    'emails[type eq "work"].value': "anna@example.com"}},
    )  # fmt: skip
    assert (changed.status, changed["displayName"]) == (200, "Anna"), changed


def test_entra_puts_people_into_groups_and_takes_them_out(provider):
    make_group("crew", (make_team("platform"), TeamRole.RESPONDER))
    anna, ben = provider.made("anna@example.com"), provider.made("ben@example.com")
    found = provider.get('/Groups?excludedAttributes=members&filter=displayName eq "crew"')
    here = f"/Groups/{found['Resources'][0]['id']}"
    provider.patch(here, {"op": "Add", "path": "members", "value": [{"value": anna["id"]}, {"value": ben["id"]}]})
    provider.patch(here, {"op": "Remove", "path": "members", "value": [{"value": anna["id"]}]})
    assert [each.email for each in User.objects.filter(memberships__role=TeamRole.RESPONDER)] == ["ben@example.com"]


def test_okta_makes_replaces_and_switches_somebody_off(provider):
    found = provider.get('/Users?filter=userName eq "ben@example.com"&startIndex=1&count=100')
    assert (found["totalResults"], found["startIndex"]) == (0, 1)
    told = {
        "schemas": [USER],
        "userName": "ben@example.com",
        "name": {"givenName": "Ben", "familyName": "Cole"},
        "emails": [{"primary": True, "value": "ben@example.com", "type": "work"}],
        "displayName": "Ben Cole",
        "locale": "en-US",
        "externalId": "00ujl29u0le5T6Aj10h7",
        "groups": [],
        "password": "1mz050nq",
        "active": True,
    }
    made = provider.post("/Users", told)
    assert made.status == 201, made
    here = f"/Users/{made['id']}"
    put = provider.put(here, {**told, "id": made["id"], "displayName": "Ben C", "meta": {"resourceType": "User"}})
    assert (put.status, put["displayName"]) == (200, "Ben C"), put
    assert not User.objects.get(pk=made["id"]).check_password("1mz050nq")
    off = provider.patch(here, {"op": "replace", "value": {"active": False}})
    assert (off.status, off["active"]) == (200, False)


def test_okta_pushes_a_group(provider):
    anna, ben = provider.made("anna@example.com"), provider.made("ben@example.com")
    group = provider.post("/Groups", {"schemas": [GROUP], "displayName": "Test SCIMv2", "members": []})
    assert group.status == 201, group
    here = f"/Groups/{group['id']}"
    provider.patch(here, {"op": "replace", "value": {"id": group["id"], "displayName": "Test SCIMv2 renamed"}})
    provider.patch(here, {"op": "add", "path": "members", "value": [{"value": anna["id"], "display": "a@example.com"}]})
    provider.patch(
        here,
        {"op": "remove", "path": f'members[value eq "{anna["id"]}"]'},
        {"op": "add", "path": "members", "value": [{"value": ben["id"], "display": "ben@example.com"}]},
    )
    now = provider.get(here)
    assert (now["displayName"], [each["value"] for each in now["members"]]) == ("Test SCIMv2 renamed", [ben["id"]])
    assert provider.delete(here) == 204
