"""Giving access to a private incident from its page, and over the API."""

from __future__ import annotations

import pytest

from apps.incidents import actions
from apps.incidents.models import Incident
from apps.teams.models import User
from tests.api.clients import client_of
from tests.factories.incidents import declare
from tests.factories.teams import make_person


@pytest.fixture
def secret(house) -> Incident:
    return declare(house.platform, house.cora, title="A token was published", private=True)


@pytest.fixture
def hanna(house) -> User:
    return make_person("Hanna")


def test_a_commander_gives_access_and_takes_it_back_on_the_page(secret, cora, hanna, signed_in):
    page = secret.get_absolute_url()
    cora.post(f"{page}access/", {"person": hanna.pk, "reason": "She knows the case"})
    grant = secret.access_grants.get()
    assert "She knows the case" in signed_in(hanna).get(page).content.decode()
    assert f"access/{grant.pk}/take-back/" in cora.get(page).content.decode()
    cora.post(f"{page}access/{grant.pk}/take-back/")
    assert signed_in(hanna).get(page).status_code == 404
    assert "Taken back" in cora.get(f"{page}parts/access/").content.decode()


def test_who_sees_it_reads_who_was_given_access_and_decides_nothing(secret, house, hanna, signed_in):
    actions.give_access(secret.pk, person=hanna, reason="She knows the case", by=house.cora)
    page = signed_in(hanna).get(secret.get_absolute_url()).content.decode()
    assert "She knows the case" in page
    assert 'action="/incidents/' in page
    assert "take-back/" not in page
    assert "Give somebody access" not in page


def test_an_incident_that_is_not_private_has_no_such_part(cora, incident):
    page = cora.get(incident.get_absolute_url()).content.decode()
    assert "part-access" not in page
    assert "Not private" in cora.get(f"{incident.get_absolute_url()}parts/access/").content.decode()


def test_without_a_reason_nothing_is_given(secret, cora, hanna):
    answer = cora.post(f"{secret.get_absolute_url()}access/", {"person": hanna.pk, "reason": ""}, follow=True)
    assert "Why: This field is required." in answer.content.decode()
    assert not secret.access_grants.exists()


def test_the_api_gives_lists_and_takes_back(secret, house, hanna):
    cora, at = client_of(house.cora), f"/api/v1/incidents/{secret}/access/"
    answer = cora.post(at, {"user": hanna.email, "reason": "She knows the case"})
    assert (answer.status_code, answer.json()["id"]) == (200, str(secret))
    [listed] = client_of(hanna).get(at).json()
    assert (listed["user"]["email"], listed["reason"]) == (hanna.email, "She knows the case")
    assert (listed["given_by"]["email"], listed["taken_back_at"]) == (house.cora.email, None)
    assert client_of(hanna).delete(f"{at}{listed['id']}/").status_code == 403
    assert cora.delete(f"{at}{listed['id']}/").status_code == 204
    assert cora.delete(f"{at}{listed['id']}/").status_code == 409
    assert client_of(hanna).get(at).status_code == 404
    assert cora.get(at).json()[0]["taken_back_by"]["email"] == house.cora.email


def test_a_grant_of_another_incident_is_not_there(secret, house, hanna):
    other = declare(house.platform, house.cora, private=True)
    grant = actions.give_access(other.pk, person=hanna, reason="Another case", by=house.cora)
    cora = client_of(house.cora)
    assert cora.delete(f"/api/v1/incidents/{secret}/access/{grant.pk}/").status_code == 404


def test_the_api_refuses_without_reason_without_privacy_and_for_nobody(secret, incident, house, hanna):
    cora = client_of(house.cora)
    asked = {"user": hanna.email, "reason": "She knows the case"}
    assert cora.post(f"/api/v1/incidents/{secret}/access/", {"user": hanna.email}).status_code == 400
    assert cora.post(f"/api/v1/incidents/{secret}/access/", {**asked, "user": "nobody@example.com"}).status_code == 400
    assert cora.post(f"/api/v1/incidents/{incident}/access/", asked).status_code == 409
