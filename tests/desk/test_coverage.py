"""The page about coverage: the map, what is missing, who bears what, and hours for pay."""

from __future__ import annotations

import csv
import re
from datetime import date, timedelta
from io import StringIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.rosters import actions as rosters
from apps.rosters.models import Roster
from apps.teams.models import TeamRole
from tests.desk.covering import make_roster, plant_gap
from tests.factories.teams import make_person, make_team

DAY = timedelta(days=1)


@pytest.fixture
def roster(house, clock):
    """Rita, then Cora, a day each, handed over at nine in Berlin; the platform team's own."""
    return make_roster(clock, house.platform, "platform", house.rita, house.cora)


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_where_all_is_covered_the_page_says_so(roster, rita):
    page = rita.get("/coverage/").content.decode()
    assert page.count('class="map-day covered"') == 1 + 91
    assert "somebody is on call whenever somebody should be" in page
    assert 'href="/coverage/"' in rita.get("/oncall/").content.decode()


def test_a_day_with_a_gap_says_for_how_long_and_leads_to_it(roster, house, rita, clock):
    plant_gap(clock, house.rita, house.cora)
    page = rita.get("/coverage/").content.decode()
    assert f'href="#gap-{roster.pk}-1"' in page
    assert f'id="gap-{roster.pk}-1"' in page
    assert "Platform on call, Thu 5 Mar: nobody for 5 h" in words(page)
    assert "5 Mar 10:00 UTC to 5 Mar 15:00 UTC" in words(page)


def test_a_day_with_too_few_people_is_another_than_one_with_nobody(roster, house, rita, clock):
    roster.layers.update(at_once=2)
    rosters.materialise(roster, now=clock.now)
    plant_gap(clock, house.cora)
    page = rita.get("/coverage/").content.decode()
    assert f'href="#short-{roster.pk}-1"' in page
    assert f'id="short-{roster.pk}-1"' in page
    assert "Platform on call, Thu 5 Mar: fewer people than wanted for 5 h" in words(page)
    assert "1 of 2 for 5 h" in words(page)
    assert "None: somebody is on call whenever somebody should be." in words(page)


def test_days_are_those_of_the_viewer(roster, house, rita, clock):
    house.rita.time_zone = "Pacific/Auckland"
    house.rita.save()
    plant_gap(clock, house.rita, house.cora, hours=24)
    page = words(rita.get("/coverage/").content.decode())
    assert "Thu 5 Mar: nobody for 1 h" in page
    assert "Fri 6 Mar: nobody for 23 h" in page


def test_a_roster_without_anybody_is_one_gap_on_every_day(house, rita, clock):
    found = make_roster(clock, house.platform, "empty")
    page = rita.get("/coverage/?days=14").content.decode()
    assert page.count(f'href="#gap-{found.pk}-1"') == 15
    assert "nobody is planned after it" in page


def test_single_points_of_failure_and_who_cannot_be_paged_are_named(roster, house, rita):
    house.cora.contact_methods.all().delete()
    page = words(rita.get("/coverage/").content.decode())
    assert "Only Rita can be paged." in page
    assert re.search(r"Cora cannot be paged , and is on call for \d+ d", page) or "Cora cannot be paged, and" in page
    assert "Without a verified contact method 1" in page


def test_loads_are_sorted_by_what_one_chooses(roster, house, rita, clock):
    rosters.add_override(roster, person=house.cora, start=clock.now, end=clock.now + 60 * DAY, by=house.cora)

    def first(address):
        page = rita.get(address).content.decode()
        table = page[page.index('class="table loads"') :]
        return min(("Rita", "Cora"), key=table.index)

    rosters.add_override(roster, person=house.rita, start=clock.now, end=clock.now + 80 * DAY, by=house.rita)
    assert first("/coverage/") == "Cora"
    assert first("/coverage/?sort=hours") == "Rita"
    assert first("/coverage/?sort=nonsense") == "Cora"
    page = rita.get("/coverage/?sort=hours&days=30").content.decode()
    assert '<th scope="col" aria-sort="descending">Hours</th>' in page
    assert 'href="?sort=nights&amp;days=30#load"' in page


def test_one_sees_the_rosters_of_ones_own_teams_only(roster, house, clock, rita, signed_in):
    make_roster(clock, house.ai, "ai", house.ella)
    page = rita.get("/coverage/").content.decode()
    assert "Platform on call" in page
    assert "Ai on call" not in page
    assert rita.get("/coverage/?team=ai").status_code == 404
    admin = signed_in(make_person("Adam", None, TeamRole.ADMIN))
    both = admin.get("/coverage/").content.decode()
    assert "Ai on call" in both
    assert "Platform on call" in both
    assert "Platform on call" not in admin.get("/coverage/?team=ai").content.decode()


def test_a_stakeholder_may_look_and_a_stranger_may_not(roster, house, client, signed_in):
    assert signed_in(house.stella).get("/coverage/").status_code == 200
    assert client.get("/coverage/").status_code == 302
    assert client.get("/coverage/pay.csv").status_code == 302


def test_a_service_with_nobody_to_page_stands_at_the_top(house, rita):
    for person in (house.rita, house.cora, house.ella):
        person.contact_methods.all().delete()
    page = words(rita.get("/coverage/").content.decode())
    assert "Nobody to page right now" in page
    assert "Public API, team Platform: no level of P0 of every team leads to anybody." in page


@pytest.mark.parametrize("days", ["0", "500", "-3", "abc", ""])
def test_days_that_cannot_be_shown_are_ninety(roster, rita, days):
    assert "The next 90 days" in rita.get("/coverage/", {"days": days}).content.decode()


def test_many_rosters_come_in_pages_and_cost_no_more_queries(house, rita, clock):
    rita.get("/coverage/")
    with CaptureQueriesContext(connection) as few:
        rita.get("/coverage/")
    for number in range(45):
        Roster.objects.create(slug=f"r{number:02}", name=f"R{number:02}", team=house.platform)
    with CaptureQueriesContext(connection) as many:
        page = rita.get("/coverage/").content.decode()
    assert ("R39" in page, "R40" in page) == (True, False)
    assert "More rosters" in page
    assert "R44" in rita.get("/coverage/?page=2").content.decode()
    assert len(many) <= len(few) + 9


@pytest.fixture
def mona(house, signed_in):
    return signed_in(make_person("Mona", house.platform, TeamRole.MANAGER))


def test_hours_for_pay_are_for_managers(roster, rita, mona):
    asked = {"from": "2026-03-03", "to": "2026-03-16"}
    assert "pay.csv" not in rita.get("/coverage/").content.decode()
    assert "cora@example.com" not in rita.get("/coverage/pay.csv", asked).content.decode()
    assert "pay.csv" in mona.get("/coverage/").content.decode()


def test_hours_for_pay_are_a_table_by_person(roster, mona, house, clock):
    house.rita.holidays_of = "DE-BE"  # 8 March is a holiday in Berlin, in 2026 on a Sunday
    house.rita.save()
    answer = mona.get("/coverage/pay.csv", {"from": "2026-03-03", "to": "2026-03-16"})
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert 'filename="on-call-hours-2026-03-03-to-2026-03-16.csv"' in answer["Content-Disposition"]
    rows = {row["name"]: row for row in csv.DictReader(StringIO(answer.content.decode()))}
    assert list(rows) == ["Cora", "Rita"]
    assert sum(float(row["total_hours"]) for row in rows.values()) == 14 * 24
    row = rows["Rita"]
    assert float(row["holiday_hours"]) > 0
    parts = ("ordinary_hours", "night_hours", "weekend_hours", "holiday_hours")
    assert sum(float(row[part]) for part in parts) == float(row["total_hours"])
    assert (row["email"], row["from"], row["to"]) == ("rita@example.com", "2026-03-03", "2026-03-16")


def test_hours_for_pay_are_those_of_ones_own_teams(roster, house, clock, mona):
    make_roster(clock, make_team("other"), "other", make_person("Olaf"))
    asked = {"from": "2026-03-03", "to": "2026-03-16"}
    assert "olaf" not in mona.get("/coverage/pay.csv", asked).content.decode()
    assert mona.get("/coverage/pay.csv", {**asked, "team": "other"}).status_code == 404


def test_a_name_is_no_formula(roster, house, mona):
    house.rita.name = "=HYPERLINK(1)"
    house.rita.save()
    asked = {"from": "2026-03-03", "to": "2026-03-16"}
    assert "'=HYPERLINK(1)" in mona.get("/coverage/pay.csv", asked).content.decode()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"from": "2026-03-16", "to": "2026-03-03"}, "The last day is not before the first."),
        ({"from": "2020-03-16", "to": "2026-03-03"}, "At most 366 days at once."),
        ({"from": "yesterday", "to": "2026-03-03"}, "Enter a valid date."),
        ({}, "This field is required."),
        ({"from": "0001-01-01", "to": "0001-01-02"}, "Expected days from 2000-01-01 to 2100-01-01."),
        ({"from": "9999-12-30", "to": "9999-12-31"}, "Expected days from 2000-01-01 to 2100-01-01."),
    ],
)
def test_days_that_cannot_be_paid_are_said(roster, mona, asked, said):
    page = mona.get("/coverage/pay.csv", asked, follow=True).content.decode()
    assert said in page


def test_the_last_month_is_offered(roster, mona):
    page = mona.get("/coverage/").content.decode()
    assert f'value="{date(2026, 2, 1)}"' in page
    assert f'value="{date(2026, 2, 28)}"' in page
