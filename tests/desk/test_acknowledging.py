"""The signed link in a page: one right, one button, for a while."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from apps.engine.runner import run_due
from apps.incidents import actions
from apps.incidents.models import Status
from apps.notifications import links
from apps.notifications.models import Notification
from tests.factories.incidents import declare


@pytest.fixture
def link(incident, house, settings):
    """The link of the page that Rita got."""
    run_due()
    page = house.rita.notifications.get(incident=incident, kind="page")
    return links.acknowledge_url(page).removeprefix(settings.SITE_URL)


def test_opening_the_link_shows_one_button_and_changes_nothing(incident, link):
    answer = Client().get(link)
    assert answer.status_code == 200
    assert answer.content.decode().count("<button") == 1
    incident.refresh_from_db()
    assert incident.acknowledged_at is None


def test_pressing_the_button_acknowledges_as_whoever_was_paged(incident, house, link):
    page = Client().post(link).content.decode()
    incident.refresh_from_db()
    assert (incident.status, incident.acknowledged_by) == (Status.ACKNOWLEDGED, house.rita)
    assert "You acknowledged this page" in page
    assert "<button" not in page
    assert incident.timeline.get(kind="acknowledged").via == "email"


def test_the_link_signs_nobody_in(link):
    stranger = Client()
    stranger.post(link)
    assert stranger.get("/").status_code == 302


def test_a_link_that_was_tampered_with_is_not_there(incident, link):
    answer = Client().post(f"{link[:-4]}abc/")
    assert answer.status_code == 404
    incident.refresh_from_db()
    assert incident.acknowledged_at is None


def test_a_link_that_is_too_old_says_so(incident, link, settings):
    settings.ACKNOWLEDGE_LINK_LIFETIME = timedelta(seconds=-1)
    answer = Client().post(link)
    assert answer.status_code == 410
    assert "expired" in answer.content.decode()
    incident.refresh_from_db()
    assert incident.acknowledged_at is None


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
    for answer in (Client().get(link), Client().post(link)):
        text = answer.content.decode()
        assert "You are no longer asked." in text
        assert private.title not in text
        assert "<button" not in text
    private.refresh_from_db()
    assert private.acknowledged_at is None
