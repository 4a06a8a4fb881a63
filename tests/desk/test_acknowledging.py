"""The signed link in a page: its receiver answers by it, and nobody else, for a while."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client

from apps.engine.runner import run_due
from apps.escalation import actions as escalation
from apps.incidents import actions
from apps.incidents.models import Status
from apps.notifications import links
from apps.notifications.models import Notification
from apps.teams.models import TeamRole
from tests.factories.incidents import declare


@pytest.fixture
def link(incident, house, settings):
    """The link of the page that Rita got."""
    run_due()
    page = house.rita.notifications.get(incident=incident, kind="page")
    return links.acknowledge_url(page).removeprefix(settings.SITE_URL)


def buttons(page):
    """What the page lets its receiver answer, in order."""
    return re.findall(r'name="answer"\s+value="(\w+)">', page)


def is_untouched(incident):
    """Whether nobody answered, and nobody was woken by a link."""
    incident.refresh_from_db()
    answers = incident.timeline.filter(kind__in=("acknowledged", "page_declined", "escalated"))
    return incident.acknowledged_at is None and not answers.exists()


def confirm(page):
    """What the page that names who is woken sends when it is confirmed."""
    return dict(re.findall(r'type="hidden" name="(answer|level|confirmed)" value="([^"]*)"', page))


def test_opening_the_link_shows_one_large_button_above_the_others_and_changes_nothing(incident, link):
    answer = Client().get(link)
    assert answer.status_code == 200
    page = answer.content.decode()
    assert buttons(page) == ["acknowledge", "decline", "escalate"]
    assert page.count("primary") == 1
    incident.refresh_from_db()
    assert incident.acknowledged_at is None


def test_who_is_locked_out_or_lacks_a_factor_acknowledges_by_the_link_all_the_same(incident, house, link, settings):
    settings.FACTOR_REQUIRED_ROLES = [role.value for role in TeamRole]
    anywhere = Client()
    for _ in range(settings.AXES_FAILURE_LIMIT + 1):
        locked = anywhere.post("/login/", {"login": house.rita.email, "password": "wrong"})
    assert locked.status_code == 429
    signed_in = Client()
    signed_in.force_login(house.rita, backend="apps.teams.backends.PeopleBackend")
    assert signed_in.get("/")["Location"] == "/profile/sign-in/"
    for client in (anywhere, signed_in):
        assert client.get(link).status_code == 200
    assert "You acknowledged this page" in signed_in.post(link).content.decode()
    assert anywhere.post(link).status_code == 200
    incident.refresh_from_db()
    assert incident.acknowledged_by == house.rita


def test_pressing_the_button_acknowledges_as_whoever_was_paged(incident, house, link):
    page = Client().post(link).content.decode()
    incident.refresh_from_db()
    assert (incident.status, incident.acknowledged_by) == (Status.ACKNOWLEDGED, house.rita)
    assert "You acknowledged this page" in page
    assert buttons(page) == ["escalate"]
    assert incident.timeline.get(kind="acknowledged").via == "email"


def test_the_link_signs_nobody_in(link):
    stranger = Client()
    stranger.post(link)
    assert stranger.get("/").status_code == 302


def test_a_link_that_was_tampered_with_is_not_there(incident, link):
    for wish in ("acknowledge", "decline", "escalate"):
        assert Client().post(f"{link[:-4]}abc/", {"answer": wish}).status_code == 404
    assert is_untouched(incident)


def test_a_link_that_is_too_old_says_so(incident, link, settings):
    settings.ACKNOWLEDGE_LINK_LIFETIME = timedelta(seconds=-1)
    for wish in ("acknowledge", "decline", "escalate"):
        answer = Client().post(link, {"answer": wish})
        assert answer.status_code == 410
        assert "expired" in answer.content.decode()
    assert is_untouched(incident)


def test_the_link_is_of_one_page_and_not_of_another_that_gets_its_number(incident, house, link):
    """A backup that is restored, a demo that is reset: numbers are given anew."""
    page = house.rita.notifications.get(incident=incident, kind="page")
    Notification.objects.filter(pk=page.pk).update(created_at=page.created_at + timedelta(seconds=1))
    assert Client().get(link).status_code == 404
    assert Client().post(link).status_code == 404
    incident.refresh_from_db()
    assert incident.acknowledged_at is None


def test_whoever_is_asked_no_more_reads_nothing_by_the_link(house, settings):
    private = declare(house.platform, house.cora, private=True)
    (asked,) = actions.ask_responders(private.pk, people=[house.ella], by=house.cora)
    page = house.ella.notifications.get(incident=private, kind="role_page")
    link = links.acknowledge_url(page).removeprefix(settings.SITE_URL)
    assert private.title in Client().get(link).content.decode()
    actions.withdraw_request(asked.pk, by=house.cora)
    wishes = [{"answer": wish} for wish in ("acknowledge", "decline", "escalate")]
    for answer in (Client().get(link), *(Client().post(link, wish) for wish in wishes)):
        text = answer.content.decode()
        assert "You are no longer asked." in text
        assert private.title not in text
        assert "<button" not in text
    assert is_untouched(private)


def test_whoever_cannot_passes_it_on_and_the_next_level_is_woken_at_once(incident, house, link):
    page = Client().post(link, {"answer": "decline"}).content.decode()
    assert "You passed this page on" in page
    declined = incident.timeline.get(kind="page_declined")
    assert (declined.actor, declined.via) == (house.rita, "email")
    assert house.cora.notifications.filter(incident=incident, kind="page").exists()
    assert buttons(Client().get(link).content.decode()) == ["acknowledge", "escalate"]


def test_passing_on_twice_says_so_and_changes_nothing(incident, link):
    Client().post(link, {"answer": "decline"})
    again = Client().post(link, {"answer": "decline"})
    assert again.status_code == 409
    assert "You answered the page" in again.content.decode()
    assert incident.timeline.filter(kind="page_declined").count() == 1


def test_whoever_passed_it_on_takes_it_on_after_all(incident, house, link):
    Client().post(link, {"answer": "decline"})
    page = Client().post(link).content.decode()
    assert "You acknowledged this page" in page
    incident.refresh_from_db()
    assert incident.acknowledged_by == house.rita


def test_whoever_acknowledged_cannot_pass_it_on_by_an_old_page(incident, link):
    Client().post(link)
    assert Client().post(link, {"answer": "decline"}).status_code == 409
    assert not incident.timeline.filter(kind="page_declined").exists()


def test_what_somebody_else_took_on_can_be_passed_on(incident, house, link):
    actions.acknowledge(incident.pk, by=house.cora)
    assert "Cora is on it" in Client().get(link).content.decode()
    assert Client().post(link, {"answer": "decline"}).status_code == 200
    assert incident.timeline.filter(kind="page_declined", actor=house.rita).count() == 1


def test_escalating_names_who_is_woken_before_anybody_is(incident, house, link):
    page = Client().post(link, {"answer": "escalate"}).content.decode()
    assert "Wake level 2 now?" in page
    assert "Cora" in page
    assert is_untouched(incident)
    assert not house.cora.notifications.filter(incident=incident).exists()


def test_escalating_is_done_once_it_is_confirmed_and_once_only(incident, house, link):
    sent = confirm(Client().post(link, {"answer": "escalate"}).content.decode())
    page = Client().post(link, sent).content.decode()
    assert "Escalated" in page
    assert buttons(page) == ["acknowledge", "decline", "escalate"]
    raised = incident.timeline.get(kind="escalated")
    assert (raised.actor, raised.via, raised.data["level"]) == (house.rita, "email", 2)
    assert house.cora.notifications.filter(incident=incident, kind="page").count() == 1
    again = Client().post(link, sent)
    assert again.status_code == 409
    assert "Level 2 was already paged" in again.content.decode()
    assert not house.ella.notifications.filter(incident=incident, kind="page").exists()


def test_others_than_were_confirmed_are_shown_first(incident, house, link):
    sent = confirm(Client().post(link, {"answer": "escalate"}).content.decode())
    page = Client().post(link, {**sent, "confirmed": str(house.ella.pk)}).content.decode()
    assert "Meanwhile somebody else would be woken" in page
    assert is_untouched(incident)


def test_where_no_level_is_left_there_is_nothing_to_escalate(incident, house, link):
    for level in (2, 3):
        escalation.escalate(incident.pk, by=house.cora, level=level, reason="All of them")
    assert "escalate" not in buttons(Client().get(link).content.decode())
    answer = Client().post(link, {"answer": "escalate"})
    assert answer.status_code == 409
    assert "already paged" in answer.content.decode()


@pytest.mark.parametrize("wish", ["acknowledge", "decline", "escalate"])
def test_what_is_over_meanwhile_is_said_to_be(incident, house, link, wish):
    actions.cancel(incident.pk, reason="mistake", by=house.cora)
    answer = Client().post(link, {"answer": wish})
    assert answer.status_code == 409
    assert "cancelled" in answer.content.decode()
    assert buttons(answer.content.decode()) == []


@pytest.mark.parametrize("sent", [{"answer": "resolve"}, {"answer": ""}])
def test_an_answer_that_there_is_not_changes_nothing(incident, link, sent):
    assert Client().post(link, sent).status_code == 400
    assert is_untouched(incident)


@pytest.mark.parametrize("level", ["9", "0", "9" * 5000, "two", "-1"])
def test_a_level_that_there_is_not_wakes_nobody(incident, house, link, level):
    answer = Client().post(link, {"answer": "escalate", "level": level, "confirmed": "x"})
    assert answer.status_code in (200, 409)
    assert is_untouched(incident)


def test_opening_the_link_costs_few_queries(link, django_assert_max_num_queries):
    with django_assert_max_num_queries(20):
        Client().get(link)


def test_who_handed_it_on_or_was_passed_over_reads_to_whom_and_may_take_it_back(incident, house, link):
    escalation.reassign(incident.pk, people=[house.cora], reason="Hers", by=house.rita)
    page = Client().get(link).content.decode()
    assert "It was handed to Cora: you need not answer." in page
    assert buttons(page) == ["acknowledge", "escalate"]
    assert "Take it back" in page
    assert "primary" not in page
    refused = Client().post(link, {"answer": "decline"})
    assert refused.status_code == 409
    assert "was handed to others" in refused.content.decode()


def test_a_summary_of_two_pages_about_one_incident_is_passed_on_without_an_error(incident, house, settings):
    run_due()
    first = house.rita.notifications.get(incident=incident, kind="page")
    second = Notification.objects.create(
        person=house.rita,
        incident=incident,
        kind="role_page",
        step="role_page:1",
        urgency="high",
        subject="x",
        text="y",
    )
    address = links.url_of(links.token([first, second])).removeprefix(settings.SITE_URL)
    answer = Client().post(address, {"answer": "decline"})
    assert answer.status_code == 200
    assert 'role="alert"' not in answer.content.decode()
