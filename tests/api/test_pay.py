"""``GET /api/v1/coverage/pay/`` and ``/coverage/pay.csv``: hours for on-call pay."""

from __future__ import annotations

import pytest

from apps.teams.models import Scope, Team, TeamRole
from tests.api.clients import client_of
from tests.factories.rosters import put_on_call
from tests.factories.teams import make_person

PAY, FILE = "/api/v1/coverage/pay/", "/api/v1/coverage/pay.csv"
DAYS = {"from": "2026-03-03", "to": "2026-03-16"}
HOUR = 3600


@pytest.fixture
def roster(house, clock):
    return put_on_call(house.platform, house.rita)


@pytest.fixture
def mona(house):
    return make_person("Mona", house.platform, TeamRole.MANAGER)


def test_hours_are_told_by_person_and_kind(house, roster, mona):
    house.rita.holidays_of = "DE-BE"  # 8 March is a holiday in Berlin, in 2026 on a Sunday
    house.rita.save()
    told = client_of(mona, scope=Scope.READ).get(PAY, DAYS).json()
    [line] = told.pop("people")
    assert told == {"from": "2026-03-03", "to": "2026-03-16"}
    seconds = line.pop("seconds")
    assert seconds.pop("total") == 14 * 24 * HOUR == sum(seconds.values())
    assert (seconds["holiday"], seconds["weekend"]) == (24 * HOUR, 3 * 24 * HOUR)
    assert line == {
        "person": {"id": house.rita.pk, "email": "rita@example.com", "name": "Rita"},
        "time_zone": "UTC",
        "holidays_of": "DE-BE",
        "nights": 14,
    }


def test_the_file_is_that_of_the_page(house, roster, mona, client):
    client.force_login(mona)
    page = client.get("/coverage/pay.csv", DAYS)
    answer = client_of(mona).get(FILE, DAYS, headers={"Accept": "text/csv"})
    assert (answer.status_code, answer.content) == (200, page.content)
    for header in ("Content-Type", "Content-Disposition"):
        assert answer[header] == page[header]


@pytest.mark.parametrize("address", [PAY, FILE])
def test_hours_are_those_of_the_teams_that_one_manages(house, roster, mona, address):
    put_on_call(house.ai, house.ella)
    for query, told in (({}, "rita"), ({"team": "platform"}, "rita"), ({"team": ""}, "rita")):
        said = client_of(mona).get(address, {**DAYS, **query}).content.decode()
        assert told in said
        assert "ella@example.com" not in said
    unknown, hidden = (client_of(mona).get(address, {**DAYS, "team": team}) for team in ("nothing", "ai"))
    assert [(each.status_code, list(each.json()["errors"])) for each in (unknown, hidden)] == [(400, ["team"])] * 2
    assert hidden.json()["errors"]["team"][0].replace("=ai ", "=nothing ") == unknown.json()["errors"]["team"][0]
    adam = client_of(make_person("Adam", None, TeamRole.ADMIN))
    assert "ella@example.com" in adam.get(address, DAYS).content.decode()
    Team.objects.filter(slug="ai").update(is_active=False)
    assert "ella@example.com" not in adam.get(address, DAYS).content.decode()


@pytest.mark.parametrize("address", [PAY, FILE])
def test_who_manages_no_team_is_told_no_hours(house, roster, client, address):
    auditor = make_person("Audrey", None, TeamRole.AUDITOR)
    for person in (house.rita, auditor):
        assert client_of(person, scope=Scope.MANAGE).get(address, DAYS).status_code == 403
    assert client.get(address, DAYS).status_code == 401


@pytest.mark.parametrize("address", [PAY, FILE])
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"from": "2026-03-17"}, "to"),
        ({"from": "2020-03-16"}, "to"),
        ({"from": "yesterday"}, "from"),
        ({"from": ""}, "from"),
        ({"to": ""}, "to"),
        ({"from": "0001-01-01"}, "from"),
        ({"to": "9999-12-31"}, "to"),
    ],
    ids=str,
)
def test_days_that_cannot_be_paid_are_told_beside_their_field(house, roster, mona, address, change, field):
    answer = client_of(mona).get(address, {**DAYS, **change})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
