"""Identity providers make, change and deactivate people by SCIM 2.0; the record keeps everybody."""

from __future__ import annotations

import json
import threading
from urllib.parse import urlencode

import pytest
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.contacts.models import ContactMethod
from apps.core.audited import Act
from apps.privacy import actions as privacy
from apps.teams import actions as teams
from apps.teams.models import Scope, TeamRole, User
from tests.factories.identity import make_group
from tests.factories.teams import make_person, make_team
from tests.identity.provisioning import USER, Provider

pytestmark = pytest.mark.django_db


def test_who_is_made_can_be_paged_by_mail_and_has_no_password(provider):
    made = provider.made("Anna@Example.com", displayName="Anna", timezone="Europe/Berlin", externalId="e-1")
    person = User.objects.get(pk=made["id"])
    assert (person.email, person.name, person.time_zone, person.is_active) == (
        "anna@example.com", "Anna", "Europe/Berlin", True,
    )  # fmt: skip
    assert not person.has_usable_password()
    assert ContactMethod.objects.filter(person=person, value="anna@example.com").exists()
    assert made.headers["Location"] == made["meta"]["location"]
    assert provider.get(f"/Users/{made['id']}") == made
    assert made["emails"] == [{"value": "anna@example.com", "type": "work", "primary": True}]
    assert (made["externalId"], made["name"]) == ("e-1", {"formatted": "Anna"})


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ({"displayName": "Anna B", "name": {"formatted": "Anna Berg"}}, "Anna B"),
        ({"name": {"formatted": "Anna Berg", "givenName": "A"}}, "Anna Berg"),
        ({"name": {"givenName": "Anna", "familyName": "Berg"}}, "Anna Berg"),
        ({"name": {"familyName": "Berg"}}, "Berg"),
        ({}, ""),
    ],
)
def test_a_name_is_the_one_that_is_shown_or_put_together(provider, told, name):
    assert User.objects.get(pk=provider.made("anna@example.com", **told)["id"]).name == name


def test_the_same_person_twice_is_refused_as_not_unique(provider):
    provider.made("anna@example.com", externalId="e-1")
    again = provider.post("/Users", {"schemas": [USER], "userName": "ANNA@example.com"})
    assert (again.status, again["scimType"], again["status"]) == (409, "uniqueness", "409")
    other = provider.post("/Users", {"schemas": [USER], "userName": "ben@example.com", "externalId": "e-1"})
    assert (other.status, other["scimType"]) == (409, "uniqueness")
    assert not User.objects.filter(email="ben@example.com").exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_make_the_same_person_at_once_one_is_refused(provider, root):
    teams.create_token(root, name="other")
    answers: list[int] = []
    together = threading.Barrier(2)

    def make(each: Provider) -> None:
        together.wait()
        answers.append(each.post("/Users", {"schemas": [USER], "userName": "anna@example.com"}).status)
        connections.close_all()

    threads = [threading.Thread(target=make, args=[each]) for each in (provider, Provider(root))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [201, 409]
    assert User.objects.filter(email="anna@example.com").count() == 1


@pytest.mark.django_db(transaction=True)
def test_who_waits_too_long_for_another_write_is_asked_to_come_again(provider, others_change_roles):
    made = {"schemas": [USER], "userName": "anna@example.com"}
    with others_change_roles():
        answer = provider.post("/Users", made)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert "Somebody else" in answer["detail"]
    assert provider.post("/Users", made).status == 201


@pytest.mark.parametrize(
    "told",
    [{"userName": "anna"}, {"userName": ""}, {}, {"userName": "a@example.com", "timezone": "Mars/Base"},
     {"userName": "a@example.com", "displayName": "x" * 121}, {"userName": "a@example.com", "active": "perhaps"}],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_a_reason_and_leaves_nothing(provider, told):
    answer = provider.post("/Users", {"schemas": [USER], **told})
    assert (answer.status, answer["scimType"]) == (400, "invalidValue")
    assert answer["detail"]
    assert User.objects.count() == 1


def test_a_person_is_replaced_as_a_whole_but_stays_active_and_in_their_zone(provider):
    made = provider.made("anna@example.com", displayName="Anna", timezone="Europe/Berlin", externalId="e-1")
    put = provider.put(f"/Users/{made['id']}", {"schemas": [USER], "userName": "anna@new.example.com"})
    assert put.status == 200
    person = User.objects.get(pk=made["id"])
    assert (person.email, person.name, person.time_zone, person.is_active) == (
        "anna@new.example.com", "", "Europe/Berlin", True,
    )  # fmt: skip
    assert "externalId" not in put
    assert User.history.filter(id=person.pk).count() == 2


def test_replacing_with_the_same_changes_nothing_and_writes_no_history(provider):
    told = {"schemas": [USER], "userName": "anna@example.com", "displayName": "Anna", "active": True}
    made = provider.post("/Users", told)
    assert provider.put(f"/Users/{made['id']}", told) == made
    assert User.history.filter(id=made["id"]).count() == 1


def test_an_address_that_is_somebody_elses_is_refused(provider):
    provider.made("ben@example.com")
    made = provider.made("anna@example.com")
    answer = provider.put(f"/Users/{made['id']}", {"schemas": [USER], "userName": "Ben@example.com"})
    assert (answer.status, answer["scimType"]) == (409, "uniqueness")


def test_who_is_deactivated_is_out_at_once_with_session_and_token(provider):
    made = provider.made("anna@example.com")
    person = User.objects.get(pk=made["id"])
    teams.add_member(person, make_team("platform"), TeamRole.RESPONDER)
    browser = Client()
    browser.force_login(person, backend="apps.teams.backends.PeopleBackend")
    token, secret = teams.create_token(person, name="laptop")
    headers = {"Authorization": f"Bearer {secret}"}
    assert browser.get("/profile/").status_code == 200
    assert provider.patch(f"/Users/{made['id']}", {"op": "replace", "value": {"active": False}})["active"] is False
    assert browser.get("/profile/").status_code == 302
    assert Client().get("/api/v1/me/", headers=headers).status_code == 401
    token.refresh_from_db()
    assert token.revoked_at is not None
    assert person.memberships.exists(), "for whoever comes back"


def test_who_is_let_in_again_finds_neither_session_nor_token(provider):
    made = provider.made("anna@example.com")
    person = User.objects.get(pk=made["id"])
    browser = Client()
    browser.force_login(person, backend="apps.teams.backends.PeopleBackend")
    _, secret = teams.create_token(person, name="laptop")
    for active in (False, True):
        provider.patch(f"/Users/{made['id']}", {"op": "replace", "path": "active", "value": active})
    assert browser.get("/profile/").status_code == 302
    assert Client().get("/api/v1/me/", headers={"Authorization": f"Bearer {secret}"}).status_code == 401


def test_who_is_deleted_is_deactivated_and_no_more_there_and_may_come_back(provider):
    made = provider.made("anna@example.com", displayName="Anna", externalId="e-1")
    group = provider.made_group("crew", made)
    assert provider.delete(f"/Users/{made['id']}") == 204
    person = User.objects.get(pk=made["id"])
    assert (person.is_active, person.name) == (False, "Anna")
    assert provider.get(f"/Users/{made['id']}").status == 404
    assert provider.delete(f"/Users/{made['id']}") == 404
    assert provider.get('/Users?filter=userName eq "anna@example.com"')["totalResults"] == 0
    assert "members" not in provider.get(f"/Groups/{group['id']}")
    back = provider.made("anna@example.com", displayName="Anna B", externalId="e-1")
    assert back["id"] == made["id"]
    person.refresh_from_db()
    assert (person.is_active, person.name) == (True, "Anna B")


def test_the_last_administrator_is_not_deactivated(provider, root):
    last = provider.made("anna@example.com")
    admins = make_group("admins", (None, TeamRole.ADMIN))
    provider.patch(f"/Groups/{admins.pk}", {"op": "add", "path": "members", "value": [{"value": last["id"]}]})
    account = teams.create_service_account(name="Entra", team=None, role=TeamRole.ADMIN, by=root)
    User.objects.filter(pk=root.pk).update(is_active=False)
    provider = Provider(account)
    answer = provider.patch(f"/Users/{last['id']}", {"op": "replace", "path": "active", "value": False})
    assert answer.status == 409
    assert "last administrator" in answer["detail"]
    assert provider.delete(f"/Users/{last['id']}") == 409
    assert User.objects.get(pk=last["id"]).is_active


def test_people_that_were_made_by_hand_are_there_too(provider):
    anna = make_person("Anna")
    found = provider.get('/Users?filter=userName eq "ANNA@example.com"')
    assert [each["id"] for each in found["Resources"]] == [str(anna.pk)]
    provider.patch(f"/Users/{anna.pk}", {"op": "add", "path": "externalId", "value": "e-9"})
    assert provider.get('/Users?filter=externalId eq "e-9"')["totalResults"] == 1


def test_service_accounts_are_no_people(provider, root):
    account = teams.create_service_account(name="Deploys", team=make_team("platform"), role=TeamRole.RESPONDER, by=root)
    assert [each["userName"] for each in provider.get("/Users")["Resources"]] == [root.email]
    assert provider.get(f"/Users/{account.pk}").status == 404
    assert provider.delete(f"/Users/{account.pk}") == 404
    answer = provider.post("/Users", {"schemas": [USER], "userName": account.email})
    assert (answer.status, answer["scimType"]) == (409, "uniqueness")


FILTERS = {
    'userName eq "anna@example.com"': ["anna"],
    'userName eq "Anna@Example.com" and active eq true': ["anna"],
    'externalId eq "e-anna"': ["anna"],
    'externalId eq "E-ANNA"': [],
    'externalId pr and userName ne "anna@example.com"': ["ben"],
    "active eq false": ["ben"],
    'active eq "False"': ["ben"],
    "not (active eq true)": ["ben"],
    'displayName co "nn" or displayName sw "b"': ["anna", "ben"],
    'emails[type eq "work" and value eq "ben@example.com"]': ["ben"],
    'emails.value ew "@example.com" and not (userName sw "root")': ["anna", "ben"],
    'emails[type eq "home"]': [],
    'groups.display eq "crew"': ["anna"],
    'meta.created gt "2020-01-01T00:00:00Z" and userName sw "a"': ["anna"],
    'id eq "abc"': [],
    'urn:ietf:params:scim:schemas:core:2.0:User:userName eq "ben@example.com"': ["ben"],
    'name.formatted eq "anna"': ["anna"],
}


@pytest.mark.parametrize("asked", FILTERS)
def test_people_are_found_by_filters(provider, asked):
    anna = provider.made("anna@example.com", displayName="Anna", externalId="e-anna")
    provider.made("ben@example.com", displayName="Ben", externalId="e-ben", active=False)
    provider.made_group("crew", anna)
    found = provider.send("get", "/Users", QUERY_STRING="sortBy=userName&" + _query(filter=asked))
    body = json.loads(found.content)
    assert found.status_code == 200, body
    assert [each["userName"].split("@")[0] for each in body.get("Resources", [])] == FILTERS[asked]


@pytest.mark.parametrize("asked", ["userName", "userName eq", 'nickName eq "x"', "(" * 100 + "active eq true"])
def test_a_filter_that_cannot_be_read_is_refused(provider, asked):
    answer = provider.send("get", "/Users", QUERY_STRING=_query(filter=asked))
    assert (answer.status_code, json.loads(answer.content)["scimType"]) == (400, "invalidFilter")


def test_lists_come_in_pages_and_in_order_with_few_queries(provider):
    for number in range(12):
        provider.made(f"p{number:02}@example.com", displayName=f"P{11 - number:02}")
    page = provider.get("/Users?startIndex=2&count=3&sortBy=userName")
    assert (page["totalResults"], page["startIndex"], page["itemsPerPage"]) == (13, 2, 3)
    assert [each["userName"] for each in page["Resources"]] == [f"p0{number}@example.com" for number in (1, 2, 3)]
    last = provider.get("/Users?count=1&sortBy=displayName&sortOrder=descending")
    assert last["Resources"][0]["displayName"] == "Root"
    assert provider.get("/Users?count=0")["totalResults"] == 13
    assert provider.get("/Users?startIndex=99")["itemsPerPage"] == 0
    with CaptureQueriesContext(connection) as asked:
        assert len(provider.get("/Users?count=100")["Resources"]) == 13
    assert len(asked) <= 6, [each["sql"] for each in asked]


def test_only_the_attributes_that_are_asked_for_are_shown(provider):
    made = provider.made("anna@example.com", displayName="Anna")
    assert set(provider.get(f"/Users/{made['id']}?attributes=userName")) == {"schemas", "id", "userName"}
    assert "displayName" not in provider.get(f"/Users/{made['id']}?excludedAttributes=displayName")


def test_a_version_that_is_no_longer_there_is_not_written_over(provider):
    made = provider.made("anna@example.com")
    here = f"/Users/{made['id']}"
    version = made["meta"]["version"]
    rename = {"op": "replace", "path": "displayName", "value": "Anna"}
    assert provider.send("get", here, HTTP_IF_NONE_MATCH=version).status_code == 304
    assert provider.patch(here, rename, HTTP_IF_MATCH=version).status == 200
    stale = provider.patch(here, rename | {"value": "Other"}, HTTP_IF_MATCH=version)
    assert stale.status == 412
    assert provider.delete(here, HTTP_IF_MATCH=version) == 412
    assert provider.get(here)["displayName"] == "Anna"
    assert provider.put(here, {"schemas": [USER], "userName": "anna@example.com"}, HTTP_IF_MATCH="*").status == 200


def test_every_change_of_a_person_is_told_to_the_audit_stream(provider, root, told):
    made = provider.made("anna@example.com", displayName="Anna")
    provider.patch(f"/Users/{made['id']}", {"op": "replace", "path": "active", "value": False})
    assert [(each.act, each.by, each.text) for each in told if each.act is Act.PROVISIONED] == [
        (Act.PROVISIONED, root, "Made by the identity provider"),
        (Act.PROVISIONED, root, "Changed, and is deactivated by the identity provider"),
    ]
    assert User.history.filter(id=made["id"]).latest().history_user == root


@pytest.mark.parametrize("scope", [scope for scope in Scope if scope is not Scope.PROVISION])
def test_a_token_of_another_scope_provisions_nobody(root, scope):
    assert Provider(root, scope=scope).get("/Users").status == 403


@pytest.mark.parametrize("role", list(TeamRole))
def test_a_token_of_whoever_is_no_administrator_provisions_nobody(role):
    person = make_person("Mara", make_team("platform"), role)
    answer = Provider(person).get("/Users")
    assert (answer.status, answer["schemas"]) == (403, ["urn:ietf:params:scim:api:messages:2.0:Error"])


def test_neither_nobody_nor_a_session_nor_an_old_token_provisions_anybody(root):
    browser = Client()
    for _ in range(2):
        answer = browser.get("/scim/v2/Users")
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="scim"')
        browser.force_login(root, backend="apps.teams.backends.PeopleBackend")
    provider = Provider(root)
    root.tokens.update(revoked_at="2026-01-01T00:00:00Z")
    assert provider.get("/Users").status == 401


@pytest.mark.parametrize("body", ["", "{", "[]", '"x"', "null", '{"userName": "a\\u0000@example.com"}'])
def test_what_is_no_message_is_refused(provider, body):
    answer = provider.client.generic("POST", "/scim/v2/Users", body, "application/scim+json")
    assert answer.status_code == 400
    assert json.loads(answer.content)["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]


@pytest.mark.parametrize("path", ["/Nothing", "/Users/abc", "/Users/99999999999999999999", "/Schemas/x", "/Users/1/2"])
def test_what_is_not_there_is_said_in_the_form_of_scim(provider, path):
    answer = provider.get(path)
    assert (answer.status, answer["status"]) == (404, "404")


def test_a_group_that_a_person_is_in_is_shown_and_not_written(provider):
    group = make_group("crew")
    made = provider.made("anna@example.com", groups=[{"value": str(group.pk)}])
    assert "groups" not in made
    patched = provider.patch(f"/Users/{made['id']}", {"op": "add", "path": "groups", "value": [{"value": group.pk}]})
    assert (patched.status, patched["scimType"]) == (400, "mutability")


def _query(**asked: str) -> str:
    return urlencode(asked)


def test_who_was_erased_is_nobody_to_the_provider_and_never_comes_back(provider, root):
    known_as = provider.made("anna@example.com", displayName="Anna Berg", externalId="e-1")["id"]
    provider.delete(f"/Users/{known_as}")
    privacy.erase(int(known_as), by=root, reason="They left")
    person = User.objects.get(pk=known_as)
    told = {"schemas": [USER], "userName": "anna@example.com", "displayName": "Anna Berg", "active": True}
    assert provider.get(f"/Users/{known_as}").status == 404
    assert provider.put(f"/Users/{known_as}", told).status == 404
    assert known_as not in {each["id"] for each in provider.get("/Users")["Resources"]}
    assert provider.post("/Users", told)["id"] != known_as
    person.refresh_from_db()
    assert (person.is_active, person.email) == (False, f"person-{known_as}@erased.invalid")
