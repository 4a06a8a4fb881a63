"""Shadows on the page of a roster and under my shifts."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client

from apps.rosters import actions as rosters
from apps.rosters.models import Layer, LayerMember, Roster, Shadow
from apps.teams.models import TeamRole
from tests.factories.rosters import calendar_layer
from tests.factories.teams import make_person


@pytest.fixture
def roster(house, clock):
    """Rita is on call for the platform team, Berlin time."""
    found = Roster.objects.create(
        slug="platform", name="Platform on call", team=house.platform, time_zone="Europe/Berlin", is_primary=True
    )
    layer = Layer.objects.create(roster=found, name="Weekly", starts_on=clock.now.date())
    LayerMember.objects.create(layer=layer, person=house.rita)
    rosters.materialise(found, now=clock.now)
    return found


def entered(person, **changes):
    return {"person": person.pk, "start": "2026-03-03T09:00", "end": "2026-03-05T09:00", "of": "", **changes}


def test_one_becomes_a_shadow_on_the_page_in_the_zone_of_the_roster(roster, house, cora):
    answer = cora.post("/rosters/platform/shadows/", entered(house.cora, is_woken="on"), follow=True)
    shadow = Shadow.objects.get()
    assert (shadow.person, shadow.of, shadow.is_woken) == (house.cora, None, True)
    assert f"{shadow.start:%m-%d %H:%M}" == "03-03 08:00"
    page = answer.content.decode()
    assert "Sees the pages of whoever is on call, and they ring" in page
    mine = cora.get("/shifts/").content.decode()
    assert "You are a shadow" in mine
    assert "Platform on call" in mine
    cora.post(f"/shadows/{shadow.pk}/remove/")
    assert not Shadow.objects.exists()
    assert "You are a shadow" not in cora.get("/shifts/").content.decode()


def test_a_responder_cannot_enter_somebody_else_nor_take_theirs_back(roster, house, cora, rita):
    refused = rita.post("/rosters/platform/shadows/", entered(house.cora))
    assert refused.status_code == 422
    assert "Select a valid choice" in refused.content.decode()
    cora.post("/rosters/platform/shadows/", entered(house.cora))
    assert f"/shadows/{Shadow.objects.get().pk}/remove/" not in rita.get("/rosters/platform/").content.decode()
    rita.post(f"/shadows/{Shadow.objects.get().pk}/remove/")
    assert Shadow.objects.exists()


@pytest.mark.parametrize("page", ["/rosters/platform/", "/shifts/"])
def test_the_form_that_takes_it_back_is_one_that_can_be_sent(roster, house, cora, page):
    cora.post("/rosters/platform/shadows/", entered(house.cora))
    shadow = Shadow.objects.get()
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(house.cora, backend="apps.teams.backends.PeopleBackend")
    shown = strict.get(page).content.decode()
    form = shown[shown.index(f"/shadows/{shadow.pk}/remove/") :]
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form[: form.index("</form>")])
    assert token is not None
    strict.post(f"/shadows/{shadow.pk}/remove/", {"csrfmiddlewaretoken": token[1]})
    assert not Shadow.objects.exists()


def test_whoever_only_reads_takes_back_what_a_manager_entered_for_them(roster, house, signed_in):
    manager = make_person("Mona", house.platform, TeamRole.MANAGER)
    signed_in(manager).post("/rosters/platform/shadows/", entered(house.stella))
    shadow = Shadow.objects.get()
    signed_in(house.stella).post(f"/shadows/{shadow.pk}/remove/")
    assert not Shadow.objects.exists()


def test_a_mistake_is_said_and_nothing_entered(roster, house, cora):
    page = cora.post("/rosters/platform/shadows/", entered(house.cora, end="2026-03-02T09:00"))
    assert "It ends after it starts." in page.content.decode()
    nonsense = cora.post("/rosters/platform/shadows/", entered(house.cora, end="soon"))
    assert (page.status_code, nonsense.status_code) == (422, 422)
    assert "Enter a valid date/time." in nonsense.content.decode()
    assert not Shadow.objects.exists()


def test_who_only_reads_has_no_form(roster, house, signed_in):
    stella = signed_in(house.stella)
    assert "Let somebody learn" not in stella.get("/rosters/platform/").content.decode()
    stella.post("/rosters/platform/shadows/", entered(house.stella))
    assert not Shadow.objects.exists()


def test_the_form_offers_a_manager_the_team_and_everybody_else_themselves(roster, house, rita, signed_in):
    assert "Cora" not in rita.get("/rosters/platform/shadows/").content.decode()
    manager = signed_in(make_person("Mona", house.platform, TeamRole.MANAGER))
    form = manager.get("/rosters/platform/shadows/").content.decode()
    assert "Cora" in form
    assert "Ella" not in form


def test_whoever_has_turns_by_a_calendar_can_be_watched(roster, house, rita, clock):
    calendar_layer(roster, (house.cora, clock.now, clock.now + timedelta(days=1)))
    assert f'<option value="{house.cora.pk}">' in rita.get("/rosters/platform/shadows/").content.decode()
