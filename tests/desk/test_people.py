"""On call, rosters, contacts and one's own profile."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from apps.catalog.models import Service
from apps.contacts.models import ContactMethod, EmergencyContact
from apps.rosters import actions as rosters
from apps.rosters.models import HandoverNote, Layer, LayerMember, Roster
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


def test_on_call_names_the_services_and_how_to_reach_whoever_answers_for_them(roster, house, rita):
    page = rita.get("/oncall/").content.decode()
    assert "Public API" in page
    assert 'href="mailto:rita@example.com"' in page


def test_a_team_with_services_and_no_primary_roster_is_said_to_have_none(house, rita, cora):
    page = cora.get("/oncall/").content.decode()
    assert page.index("Public API") < page.index("No primary roster")


@pytest.fixture
def many(roster, house):
    """Rosters before and after the primary one of the platform team by their names, and one of another team."""
    for name in ("Aardvarks", "Zebras"):
        Roster.objects.create(slug=name.lower(), name=name, team=house.platform)
    Roster.objects.create(slug="models", name="Models", team=house.ai, is_primary=True)
    return roster


def rosters_on(page: str) -> list[str]:
    return re.findall(r'href="/rosters/([a-z-]+)/"', page)


def test_the_primary_roster_of_a_team_comes_first_and_is_marked(many, rita):
    page = rita.get("/oncall/").content.decode()
    assert rosters_on(page) == ["platform", "aardvarks", "zebras"]
    assert page.count('<span class="badge info">Primary</span>') == 1
    assert page.index("Primary</span>") < page.index("Aardvarks")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"q": "zebra"}, ["zebras"]),
        ({"q": "PLATFORM on"}, ["platform"]),
        ({"q": "public"}, ["platform"]),  # a service
        ({"q": "cora@"}, ["platform"]),  # who is next
        ({"q": "rita zebras"}, []),
        ({"q": "nul\0l"}, []),
        ({"team": "platform", "q": "a"}, ["platform", "aardvarks", "zebras"]),
        ({"team": "ai"}, []),  # which Rita does not see
        ({"team": "nothing"}, []),
    ],
    ids=str,
)
def test_who_is_on_call_is_found_by_team_roster_service_and_name(many, rita, query, expected):
    answer = rita.get("/oncall/", query)
    assert rosters_on(answer.content.decode()) == expected
    assert ("No roster fits" in answer.content.decode()) is (expected == [])


def test_on_call_costs_the_same_for_many_services(roster, house, rita, django_assert_max_num_queries):
    rita.get("/oncall/")
    for number in range(10):
        Service.objects.create(slug=f"s{number}", name=f"S{number}", team=house.platform)
    with django_assert_max_num_queries(15):
        rita.get("/oncall/")


def test_a_public_holiday_of_whoever_is_on_call_is_shown_beside_them(roster, house, clock, rita):
    house.rita.holidays_of, house.rita.time_zone = "DE-BE", "Europe/Berlin"
    house.rita.save()
    clock.shift(days=4)
    assert "Public holiday" not in rita.get("/oncall/").content.decode()
    clock.shift(days=1)
    page = rita.get("/rosters/platform/", {"view": "list"}).content.decode()
    assert "Public holiday: International Women&#x27;s Day, 8 Mar" not in page  # Cora has that week, and no country
    house.cora.holidays_of = "DE-BE"
    house.cora.save()
    page = rita.get("/rosters/platform/", {"view": "list"}).content.decode()
    assert "8 Mar" in page.partition("Public holiday: ")[2][:60]


def test_a_note_is_left_for_whoever_comes_next(roster, house, rita, cora, signed_in):
    rita.post("/rosters/platform/handover/", {"text": "The queue is slow <since Monday>."})
    page = cora.get("/rosters/platform/").content.decode()
    assert "The queue is slow &lt;since Monday&gt;." in page
    rita.post("/rosters/platform/handover/", {"text": "  "})
    assert HandoverNote.objects.count() == 1
    stella = signed_in(house.stella)
    assert "/handover/" not in stella.get("/rosters/platform/").content.decode()
    stella.post("/rosters/platform/handover/", {"text": "Hello"})
    assert HandoverNote.objects.get().author == house.rita


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
        ("2001-01-01T00:00", "2026-03-03T17:00", "lasts at most 93 days"),
        ("2026-03-02T12:00", "2099-12-30T00:00", "lasts at most 93 days"),
        ("2099-12-30T00:00", "2099-12-31T00:00", "Shifts are planned 120 days ahead"),
        ("0001-01-01T00:00", "2026-03-03T17:00", "Expected a day from 2000-01-01 on"),
        ("2026-03-02T12:00", "9999-12-30T00:00", "Expected a day up to 2100-01-01"),
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
