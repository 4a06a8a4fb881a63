"""What the pages of rosters say of time that nobody holds, and of several seats."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.test import Client

from apps.rosters import actions as rosters
from apps.rosters.models import Layer, LayerMember, Override, Restriction, Roster
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


@pytest.fixture
def pair(house, clock):
    """Rita and Cora together, then the other way round, a day each; Mona manages them."""
    found = make_roster(clock, house.platform, "pair", house.rita, house.cora)
    found.layers.update(at_once=2)
    rosters.materialise(found, now=clock.now)
    return found


@pytest.fixture
def mona(house):
    return make_person("Mona", house.platform, TeamRole.MANAGER)


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def rows(page: str) -> list[str]:
    return [words(row) for row in page.partition("<tbody>")[2].partition("</tbody>")[0].split("<tr>")[1:]]


def test_where_several_are_on_call_each_seat_is_called_by_its_number(pair, office, rita):
    first, second, third = sorted(rows(rita.get("/oncall/").content.decode()), key=lambda row: "Pair" not in row)
    assert "seat 1" in first
    assert "seat 2" in second
    assert "seat" not in third  # of the office, where there is one
    listed = rows(rita.get("/rosters/pair/", {"view": "list"}).content.decode())
    assert [re.findall(r" (Rita|Cora) .*? (\d) ", row)[0] for row in listed[:2]] == [("Rita", "1"), ("Cora", "2")]
    assert "Seat" not in rita.get("/rosters/office/", {"view": "list"}).content.decode()


def test_a_first_seat_that_is_empty_stands_on_the_page_beside_the_second(pair, house, clock, rita):
    rosters.add_absence(house.rita, start=clock.now, end=clock.now + timedelta(hours=3), by=house.rita)
    first, second = rows(rita.get("/oncall/").content.decode())
    assert "seat 1" in first
    assert "Nobody" in first
    assert "seat 2" in second
    assert "Cora" in second
    drawn = rita.get("/rosters/pair/", {"zone": "roster"}).content.decode()
    assert drawn.count('class="bar nobody"') == 1
    assert "Nobody: Mon 2 Mar 11:00 to Mon 2 Mar 14:00" in drawn


def test_an_empty_second_seat_is_drawn_though_nobody_ever_holds_it(pair, house, clock, rita):
    LayerMember.objects.filter(person=house.cora).delete()
    rosters.materialise(pair, now=clock.now)
    drawn = rita.get("/rosters/pair/").content.decode()
    assert "On call, seat 2" in drawn
    assert 'class="bar nobody"' in drawn


def test_whoever_stands_in_says_in_which_seat(pair, house, clock, mona, signed_in):
    kim = make_person("Kim", house.platform, TeamRole.RESPONDER)
    client = signed_in(kim)
    page = client.get("/rosters/pair/").content.decode()
    assert re.findall(r"(\d, now \w+)", page) == ["1, now Rita", "2, now Cora"]
    times = {"person": kim.pk, "start": "2026-03-02T12:00", "end": "2026-03-02T14:00"}
    assert client.post("/rosters/pair/", times | {"seat": 1}).status_code == 302
    assert client.post("/rosters/pair/", times | {"seat": 2}).status_code == 422
    assert [each.seat for each in pair.overrides.all()] == [1]
    assert "Kim seat 2" in words(client.get("/rosters/pair/").content.decode())


def test_where_there_is_one_seat_none_is_asked_for(office, rita):
    assert 'name="seat"' not in rita.get("/rosters/office/").content.decode()


def test_an_override_is_taken_back_by_whoever_may_and_offered_to_nobody_else(pair, house, clock, rita, mona, signed_in):
    kim = make_person("Kim", house.platform, TeamRole.RESPONDER)
    rosters.add_override(pair, person=kim, start=clock.now, end=clock.now + timedelta(hours=4), by=kim)
    managers, kims = signed_in(mona), signed_in(kim)
    for client, offered in ((rita, False), (kims, True), (managers, True)):
        assert ("Take back" in client.get("/rosters/pair/").content.decode()) == offered
    pair.overrides.all().delete()
    rosters.materialise(pair, now=clock.now)
    swap = rosters.ask_for_swap(pair, by=house.rita, asked_of=kim, start=clock.now, end=clock.now + timedelta(hours=1))
    rosters.accept_swap(swap, by=kim)
    for client in (kims, managers):
        page = client.get("/rosters/pair/").content.decode()
        assert "Kim" in page
        assert "Take back" not in page


def test_an_override_in_a_seat_that_a_calendar_has_no_longer_is_marked(office, house, clock, rita, mona):
    Override.objects.create(
        roster=office, person=mona, seat=1, during=(clock.now, clock.now + timedelta(hours=4)), created_at=clock.now
    )
    assert "seat 2, wanted no more" in rita.get("/rosters/office/").content.decode()


@pytest.fixture
def days(house, clock):
    """Rita and Cora for a day each, handed over at 09:00 in Berlin; planned until 30 June at 10:00 (UTC)."""
    return make_roster(clock, house.platform, "days", house.rita, house.cora)


@pytest.mark.parametrize(("view", "weeks"), [("weeks", 2), ("month", 6)])
def test_beyond_the_horizon_nothing_is_planned_yet_and_nobody_is_missing(days, rita, view, weeks):
    page = rita.get("/rosters/days/", {"view": view, "from": "2026-08-03"}).content.decode()
    assert page.count("Not planned yet: ") == 2 * weeks  # the layer, and who is on call
    assert "Nobody: " not in page
    assert "Rita: " not in page
    assert "Nobody takes turns yet" not in page


def test_up_to_the_horizon_shifts_are_drawn_and_after_it_nothing_is_planned_yet(days, rita):
    page = rita.get("/rosters/days/", {"from": "2026-06-29", "zone": "utc"}).content.decode()
    assert page.count("Not planned yet: Tue 30 Jun 10:00 to Mon 6 Jul 00:00") == 2
    assert page.count("to Tue 30 Jun 10:00") == 2
    assert "Nobody: " not in page


def test_what_the_horizon_has_not_been_filled_to_yet_is_not_planned_yet(days, clock, rita):
    clock.shift(hours=20)
    page = rita.get("/rosters/days/", {"from": "2026-06-29", "zone": "utc"}).content.decode()
    assert "Not planned yet: Tue 30 Jun 10:00 to Mon 6 Jul 00:00" in page
    assert "Nobody: " not in page


def test_a_list_says_from_when_on_nothing_is_planned_yet(days, rita):
    near = rita.get("/rosters/days/", {"view": "list"}).content.decode()
    assert "Not planned yet" not in near
    ends = rita.get("/rosters/days/", {"view": "list", "from": "2026-06-20", "zone": "utc"}).content.decode()
    assert "Not planned yet from Tue 30 Jun, 10:00 on." in ends
    beyond = rita.get("/rosters/days/", {"view": "list", "from": "2026-09-01"}).content.decode()
    assert "Not planned yet" in beyond
    assert "Nobody is on call" not in beyond


def test_of_a_roster_that_is_retired_nothing_more_is_planned(days, house, rita, mona):
    rosters.retire(days, by=mona)
    assert "Not planned yet" not in rita.get("/rosters/days/", {"from": "2026-07-06"}).content.decode()


def test_a_layer_that_ends_before_is_not_among_what_is_to_be_planned(days, rita, mona):
    rosters.change_from(days.layers.get(), date(2026, 3, 19), by=mona)
    for day in ("2026-06-29", "2026-07-06"):
        page = rita.get("/rosters/days/", {"from": day}).content.decode()
        assert page.count("Not planned yet: ") == 4  # of two weeks: the layer that lasts, and who is on call


def test_the_layers_of_a_split_are_told_apart(days, rita, mona):
    days.layers.update(rotation="weeks", handoff_weekday=3, name="Weeks")
    rosters.change_from(days.layers.get(), date(2026, 3, 19), by=mona)
    page = words(rita.get("/rosters/days/").content.decode())
    assert "Weeks every week on Thursday at 09:00, from Sun 1 Mar 2026 until Thu 19 Mar 2026" in page
    assert "Weeks every week on Thursday at 09:00, from Thu 19 Mar 2026 " in page


def test_a_calendar_is_offered_to_whoever_may_have_it(days, house, clock, rita, mona, signed_in):
    assert "Link to this roster" in rita.get("/rosters/days/").content.decode()
    start = clock.now + timedelta(hours=1)
    rosters.add_override(days, person=house.ella, start=start, end=start + timedelta(hours=1), by=mona)
    ella = signed_in(house.ella)
    page = ella.get("/rosters/days/")
    assert page.status_code == 200
    assert "Link to this roster" not in page.content.decode()
    assert ella.post("/calendars/", {"kind": "roster", "roster": "days"}).status_code == 404
