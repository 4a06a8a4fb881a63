"""Who was signed out learns it, and is not left with a page that looks alive or a deed that was not done."""

from __future__ import annotations

import pytest

from apps.incidents.models import Status

ON_THE_PAGE = {"HTTP_REFERER": "http://testserver/incidents/INC-1/?of=a"}


@pytest.fixture
def nobody(client):
    return client


def test_what_was_done_leads_back_to_where_it_was_done_and_says_that_it_was_not(nobody, incident):
    answer = nobody.post(f"{incident.get_absolute_url()}acknowledge/", **ON_THE_PAGE)
    assert (answer.status_code, answer["Location"]) == (302, "/login/?next=/incidents/INC-1/%3Fof%3Da")
    page = nobody.get(answer["Location"])
    assert "You were signed out, so nothing was done" in page.content.decode()
    incident.refresh_from_db()
    assert incident.status == Status.DECLARED


@pytest.mark.parametrize("referer", ["", "https://elsewhere.example/incidents/", "javascript:alert(1)", "//x.example/"])
def test_it_leads_nowhere_but_into_this_house(nobody, incident, referer):
    answer = nobody.post(f"{incident.get_absolute_url()}acknowledge/", HTTP_REFERER=referer)
    assert answer["Location"] == "/login/?next=/"


def test_a_part_that_refreshes_itself_is_refused_and_not_replaced_by_the_sign_in_page(nobody, incident):
    for part in ("parts/escalation/", "pulse/?since=1"):
        answer = nobody.get(f"{incident.get_absolute_url()}{part}", HTTP_HX_REQUEST="true")
        assert (answer.status_code, answer.content) == (401, b"")


def test_a_page_is_asked_for_again_after_the_sign_in(nobody, incident):
    answer = nobody.get(incident.get_absolute_url())
    assert answer["Location"] == f"/login/?next={incident.get_absolute_url()}"


def test_who_is_signed_in_is_sent_on_as_ever(rita, incident):
    answer = rita.post(f"{incident.get_absolute_url()}acknowledge/", **ON_THE_PAGE)
    assert answer["Location"] == incident.get_absolute_url()


def test_who_signs_out_is_not_told_that_nothing_was_done(rita):
    answer = rita.post("/logout/", HTTP_REFERER="http://testserver/incidents/INC-1/")
    assert answer["Location"] == "/login/"
    assert "nothing was done" not in rita.get(answer["Location"]).content.decode()
