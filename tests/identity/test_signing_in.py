"""Signing in by password: by address, in any case, with a limit that holds back nobody else."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.identity.conftest import PASSWORD

#: As many wrong passwords as are borne (AXES_FAILURE_LIMIT).
LIMIT = 10


def is_signed_in(client: Client) -> bool:
    return client.get("/profile/").status_code == 200


@pytest.mark.parametrize("typed", ["rita@example.com", "Rita@Example.COM", " rita@example.com "])
def test_an_address_signs_in_in_any_case(client, rita, type_in, typed):
    answer = type_in(typed)
    assert (answer.status_code, answer["Location"], is_signed_in(client)) == (302, "/", True)


def test_a_wrong_password_is_told_without_saying_whether_there_is_such_an_account(client, rita, type_in):
    wrong, unknown = (type_in(email, "wrong").content.decode() for email in ("rita@example.com", "nobody@example.com"))
    words = "The email address and/or password you specified are not correct."
    assert words in wrong
    assert words in unknown
    assert not is_signed_in(client)


def test_the_page_that_was_wanted_is_gone_to_afterwards(client, rita, type_in):
    assert 'name="next" value="/oncall/"' in client.get("/login/?next=/oncall/").content.decode()
    assert type_in(rita.email, to="/login/?next=/oncall/", next="/oncall/")["Location"] == "/oncall/"


@pytest.mark.parametrize("elsewhere", ["https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)"])
def test_it_leads_to_no_other_house(rita, type_in, elsewhere):
    assert type_in(rita.email, next=elsewhere)["Location"] == "/"


def test_who_is_switched_off_gets_no_further(client, rita, type_in):
    rita.is_active = False
    rita.save()
    type_in(rita.email)
    assert not is_signed_in(client)


def test_nobody_makes_themselves_an_account(db, client):
    assert client.get("/signup/").status_code == 404
    page = client.get("/login/").content.decode()
    assert "Sign up" not in page


def test_too_many_wrong_passwords_lock_the_account_for_that_address_alone(client, rita, type_in):
    for _ in range(LIMIT):
        refused = type_in("RITA@example.com", "wrong")  # written otherwise it is the same account
    assert refused.status_code == 429
    assert "Too many attempts" in refused.content.decode()
    assert type_in(rita.email).status_code == 429
    elsewhere = Client(REMOTE_ADDR="192.0.2.7")
    assert elsewhere.post("/login/", {"login": rita.email, "password": PASSWORD}).status_code == 302


def test_the_admin_has_no_second_door(client, rita):
    answer = client.get("/admin/", follow=True)
    assert [step for step, _ in answer.redirect_chain] == ["/admin/login/?next=/admin/", "/login/?next=%2Fadmin%2F"]
    rita.is_staff = True
    rita.save()
    assert client.post("/admin/login/", {"username": rita.email, "password": PASSWORD}).status_code == 405
    assert not is_signed_in(client)
