"""On call, rosters, contacts and one's own profile."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.contacts.models import ContactMethod, EmergencyContact
from apps.rosters import actions as rosters
from apps.rosters.models import Layer, LayerMember, Roster
from apps.teams.models import TeamRole
from tests.factories.teams import make_person


@pytest.fixture
def roster(house, clock):
    """The platform team's roster in Berlin time: Rita, then Cora, a week each."""
    found = Roster.objects.create(
        slug="platform", name="Platform on call", team=house.platform, time_zone="Europe/Berlin", is_primary=True
    )
    layer = Layer.objects.create(roster=found, name="Weekly", starts_on=clock.now.date() - timedelta(days=3))
    for position, person in enumerate((house.rita, house.cora), start=1):
        LayerMember.objects.create(layer=layer, person=person, position=position)
    rosters.materialise(found, now=clock.now)
    return found


def test_the_first_page_says_that_i_am_on_call(roster, rita, cora):
    assert "On call now</span>" in rita.get("/").content.decode()
    assert "On call now</span>" not in cora.get("/").content.decode()


def test_on_call_names_who_is_paged_now_and_who_comes_next(roster, rita):
    page = rita.get("/oncall/").content.decode()
    assert page.index("Rita") < page.index("Cora")


def test_a_responder_stands_in_for_a_while_in_the_local_time_of_the_roster(roster, house, cora):
    fields = {"person": house.cora.pk, "start": "2026-03-03T09:00", "end": "2026-03-03T17:00", "reason": "Dentist"}
    page = cora.post("/rosters/platform/", fields, follow=True).content.decode()
    override = roster.overrides.get()
    assert (override.start.hour, override.end.hour) == (8, 16)
    assert "Dentist" in page


def test_a_responder_cannot_put_somebody_else_on_call(roster, house, cora):
    fields = {"person": house.rita.pk, "start": "2026-03-03T09:00", "end": "2026-03-03T17:00"}
    assert cora.post("/rosters/platform/", fields).status_code == 422
    assert not roster.overrides.exists()


def test_a_manager_can(roster, house, signed_in):
    manager = make_person("Mona", house.platform, TeamRole.MANAGER)
    fields = {"person": house.cora.pk, "start": "2026-03-03T09:00", "end": "2026-03-03T17:00"}
    signed_in(manager).post("/rosters/platform/", fields)
    assert roster.overrides.get().person == house.cora


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("0001-01-01T00:00", "2026-03-03T17:00", "lasts at most 93 days"),
        ("2026-03-02T12:00", "9999-12-30T00:00", "lasts at most 93 days"),
        ("9999-12-30T00:00", "9999-12-31T00:00", "Shifts are planned 120 days ahead"),
    ],
)
def test_a_slip_in_the_year_is_refused_and_said(roster, house, cora, start, end, said):
    answer = cora.post("/rosters/platform/", {"person": house.cora.pk, "start": start, "end": end})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not roster.overrides.exists()


def test_an_override_can_be_taken_back(roster, house, cora, clock):
    override = rosters.add_override(
        roster, person=house.cora, start=clock.now, end=clock.now + timedelta(hours=4), by=house.cora
    )
    cora.post(f"/rosters/platform/overrides/{override.pk}/remove/")
    assert not roster.overrides.exists()


def test_the_roster_of_a_team_one_may_not_see_is_not_there(roster, house, signed_in):
    assert signed_in(house.ella).get("/rosters/platform/").status_code == 404


def test_a_contact_is_found_by_any_part_of_its_name_or_number(house, rita):
    EmergencyContact.objects.create(group="escalation", key="cto", name="Alex Rodriguez", phone="+1-206-266-4064")
    EmergencyContact.objects.create(group="emergency", key="oncall", name="On-call", phone="+1-555-ONCALL")
    page = rita.get("/contacts/", {"q": "4064"}).content.decode()
    assert "Alex Rodriguez" in page
    assert "+1-555-ONCALL" not in page


def test_a_number_that_cannot_be_dialled_is_kept_as_written_and_marked(house, rita):
    EmergencyContact.objects.create(group="emergency", key="oncall", name="On-call", phone="+1-555-ONCALL")
    page = rita.get("/contacts/").content.decode()
    assert "+1-555-ONCALL" in page
    assert "cannot be dialled" in page
    assert "tel:+1-555-ONCALL" not in page


def test_the_profile_changes_the_zone_in_which_times_are_shown(house, incident, rita):
    assert "10:15 UTC" in rita.get(incident.get_absolute_url()).content.decode()
    rita.post("/profile/", {"name": "Rita", "time_zone": "Asia/Kolkata"})
    assert "15:45 IST" in rita.get(incident.get_absolute_url()).content.decode()


def test_the_profile_shows_which_of_my_addresses_can_be_paged(house, rita):
    ContactMethod.objects.create(person=house.rita, kind="voice", value="+1-555-ONCALL")
    page = rita.get("/profile/").content.decode()
    assert "Verified" in page
    assert "Cannot be dialled" in page
