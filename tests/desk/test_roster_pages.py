"""What the pages of rosters say of time that nobody holds: missing, not needed, or nobody else."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.rosters import actions as rosters
from apps.rosters.models import Layer, LayerMember, Restriction, Roster
from apps.teams.models import TeamRole
from tests.desk.covering import make_roster, plant_gap
from tests.factories.teams import make_person


@pytest.fixture
def office(house, clock):
    """Rita and Cora on working days from nine to six, in Berlin; not the team's primary roster."""
    found = make_roster(clock, house.platform, "office", house.rita, house.cora, is_primary=False)
    Restriction.objects.create(layer=found.layers.get(), weekdays=[0, 1, 2, 3, 4])
    rosters.materialise(found, now=clock.now)
    return found


@pytest.mark.parametrize("view", ["weeks", "month"])
def test_what_every_layer_leaves_out_is_not_needed_and_not_missing(office, rita, view):
    page = rita.get("/rosters/office/", {"view": view, "zone": "roster"}).content.decode()
    assert "Not needed: Fri 6 Mar 18:00 to Mon 9 Mar 00:00" in page
    assert "Not needed: uncovered on purpose" in page
    assert 'class="bar nobody"' not in page


def test_what_is_missing_is_told_from_what_is_not_needed(office, house, clock, rita):
    plant_gap(clock, house.rita, house.cora, hours=10)
    page = rita.get("/rosters/office/", {"zone": "roster"}).content.decode()
    assert page.count('class="bar nobody"') == 1
    assert "Nobody: Thu 5 Mar 11:00 to Thu 5 Mar 18:00" in page
    assert "Not needed: Thu 5 Mar 18:00 to Fri 6 Mar 09:00" in page


def test_of_a_primary_roster_all_time_is_needed(office, rita):
    Roster.objects.update(is_primary=True)
    page = rita.get("/rosters/office/", {"zone": "roster"}).content.decode()
    assert "Nobody: Fri 6 Mar 18:00 to Mon 9 Mar 00:00" in page
    assert "Not needed" not in page


def test_nobody_is_missing_in_a_roster_that_is_retired(office, house, rita):
    rosters.retire(office, by=make_person("Mona", house.platform, TeamRole.MANAGER))
    page = rita.get("/rosters/office/").content.decode()
    assert 'class="bar nobody"' not in page


def test_a_layer_without_people_says_so(office, rita):
    Layer.objects.create(roster=office, name="Nights", starts_on="2026-03-01")
    assert "Nobody takes turns in it." in rita.get("/rosters/office/").content.decode()


def test_where_one_person_has_every_turn_nobody_else_is_next(house, clock, rita):
    make_roster(clock, house.platform, "solo", house.rita)
    assert "Nobody else is planned" in rita.get("/oncall/").content.decode()
    place = LayerMember.objects.get()
    LayerMember.objects.create(layer=place.layer, person=house.cora, position=2)
    rosters.materialise(Roster.objects.get(), now=clock.now)
    assert "Nobody else is planned" not in rita.get("/oncall/").content.decode()


def test_where_nobody_is_on_call_nobody_is_planned(house, clock, rita):
    make_roster(clock, house.platform, "empty")
    page = rita.get("/oncall/").content.decode()
    assert "Nobody is planned" in page
    assert "Nobody else" not in page


def test_the_rosters_are_those_on_call(house, rita):
    assert rita.get("/rosters/")["Location"] == "/oncall/"
    assert Client().get("/rosters/", follow=True).redirect_chain[-1][0].startswith("/login/")


def test_the_page_of_a_roster_costs_the_same_for_many_layers(office, house, clock, rita, django_assert_max_num_queries):
    rita.get("/rosters/office/")
    for number in range(6):
        layer = Layer.objects.create(roster=office, name=f"L{number}", starts_on="2026-03-01", position=number + 2)
        Restriction.objects.create(layer=layer, weekdays=[number])
    with django_assert_max_num_queries(36):
        rita.get("/rosters/office/")
