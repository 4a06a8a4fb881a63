"""What the page of a roster draws before saving, and asks before a gap is made."""

from __future__ import annotations

import pytest
from django.urls import reverse

from apps.rosters.models import Roster
from apps.teams.models import Team
from tests.rosters.admin_forms import (
    ADD_ROSTER,
    change_page,
    entered,
    form_of,
    preview_of,
    saying_yes,
    signed_in,
)
from tests.rosters.building import shown

pytestmark = pytest.mark.django_db


def test_the_preview_draws_what_the_form_would_make_and_saves_nothing(roster, clock, manager, people):
    client = signed_in(manager)
    before, records = shown(roster), Roster.history.count()
    drawn = preview_of(client, roster, entered(roster, add_people="mona@example.com"))
    assert drawn.status_code == 200
    assert drawn.content.decode().count('class="roster-week"') == 6
    assert "mona: Thu 5 Mar 09:00 to Fri 6 Mar 09:00" in drawn.content.decode()
    roster.refresh_from_db()
    assert (shown(roster), Roster.history.count()) == (before, records)
    assert roster.layers.get().members.count() == 3


def test_the_preview_of_a_new_roster_says_what_is_missing_or_draws_it(clock, team, manager, people):
    client = signed_in(manager)
    missing = preview_of(client, None, form_of(team, people) | {"name": "", "layers-0-covers": "now and then"})
    assert "Name: This field is required." in missing.content.decode()
    assert "Only at these times: “now and then” is not clear" in missing.content.decode()
    drawn = preview_of(client, None, form_of(team, people))
    assert "anna: Mon 2 Mar 11:00 to Tue 3 Mar 09:00" in drawn.content.decode()
    assert not Roster.objects.exists()


def test_only_who_may_edit_a_roster_sees_its_preview(roster, clock, manager, responder):
    strange = Roster.objects.create(slug="strange", name="Strange", team=Team.objects.create(slug="ai", name="AI"))
    assert preview_of(signed_in(responder), roster, entered(roster)).status_code == 404
    assert b"roster-week" not in preview_of(signed_in(manager), strange, entered(roster)).content
    assert signed_in(manager).get(reverse("admin:rosters_roster_preview", args=[roster.pk])).status_code == 405


def test_a_change_that_makes_a_gap_is_saved_only_once_somebody_says_yes(roster, clock, manager):
    client = signed_in(manager)
    before = shown(roster)
    form = entered(roster, covers="Mon-Fri 09:00-18:00")
    asked = client.post(change_page(roster), form)
    assert asked.status_code == 200
    assert "Nobody would be on call for Platform from Mon 02 Mar 17:00 to Tue 03 Mar 08:00." in asked.content.decode()
    assert "successfully" not in asked.content.decode()
    assert (shown(roster), roster.layers.get().restrictions.count()) == (before, 0)
    assert client.post(change_page(roster), form | {"accept_gaps": "on"}).status_code == 200
    assert client.post(change_page(roster), saying_yes(asked, form)).status_code == 302
    assert shown(roster, 1) == [("anna", "03-02 10:00", "03-02 17:00", "layer")]
    assert client.post(change_page(roster), entered(roster, covers="Mon-Fri 09:00-18:00")).status_code == 302


def test_a_new_primary_roster_with_a_gap_asks_and_another_does_not(clock, team, manager, people):
    client = signed_in(manager)
    form = form_of(team, people) | {"layers-0-covers": "Mon-Fri 09:00-18:00"}
    assert client.post(ADD_ROSTER, form | {"is_primary": "on"}).status_code == 200
    assert not Roster.objects.exists()
    assert client.post(ADD_ROSTER, form).status_code == 302
