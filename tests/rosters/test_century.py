"""A slip in the year is refused beside its field: nobody could look at what it makes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from apps.core.errors import Invalid
from apps.rosters import actions
from apps.rosters.models import Absence, CalendarTurn, Override, Shadow, Shift, Swap
from apps.teams.models import Scope
from tests.api.clients import client_of

pytestmark = pytest.mark.django_db

#: As far ahead as there are days, and where somewhere it is another year already.
ENDS = ["9999-12-31T23:59:59Z", "9999-12-31T20:00:00-05:00", "9999-12-31T23:59:59+14:00", "2100-01-01T00:00:01Z"]
FAR = DateTimeTZRange(datetime(2099, 12, 31, tzinfo=UTC), datetime(2100, 1, 2, tzinfo=UTC))


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("path", ["absences", "shadows", "swaps", "rosters/platform/overrides"])
def test_over_the_api_it_is_told_by_its_field(roster, people, path, end):
    anna, *_ = people
    said = {"start": "2026-03-02T12:00:00Z", "end": end, "user": anna.email, "roster": "platform"}
    known = {"swaps": {"start", "end", "roster"}, "rosters/platform/overrides": {"start", "end", "user"}}
    body = {name: value for name, value in said.items() if name in known.get(path, said)}
    if path == "absences":
        del body["roster"]
    answer = client_of(anna).post(f"/api/v1/{path}/", body, format="json")
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == ["end"]
    assert [model.objects.count() for model in (Absence, Shadow, Override, Swap)] == [0, 0, 0, 0]


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("name", ["frozen_until", "stands_in_until"])
def test_of_a_roster_over_the_api_too(roster, manager, name, end):
    answer = client_of(manager, scope=Scope.MANAGE).patch("/api/v1/rosters/platform/", {name: end}, format="json")
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [name]


@pytest.mark.parametrize("zone", ["America/New_York", "UTC", "Pacific/Kiritimati"])
@pytest.mark.parametrize("year", ["9999", "2101", "0001"])
def test_leave_on_the_page_in_any_zone(roster, people, client, zone, year):
    anna, *_ = people
    anna.time_zone = zone
    anna.save()
    client.force_login(anna)
    answer = client.post("/shifts/", {"start": f"{year}-12-30T00:00", "end": f"{year}-12-31T20:00", "kind": "leave"})
    assert answer.status_code == 422
    assert "Expected a day" in answer.content.decode()
    assert not Absence.objects.exists()


def test_stand_ins_swaps_and_shadows_on_pages(roster, people, manager, client):
    far = {"start": "2026-03-03T09:00", "end": "9999-12-31T23:59"}
    client.force_login(people[0])
    mine = roster.shifts.filter(person=people[0]).order_by("during")[1]
    for path in ("/rosters/platform/", "/rosters/platform/shadows/", f"/shifts/{mine.pk}/swap/"):
        answer = client.post(path, {**far, "person": people[0].pk, "whom": ""})
        assert (path, answer.status_code) == (path, 422)
        assert "Expected a day up to" in answer.content.decode()


def test_actions_refuse_it_too(roster, people, manager):
    anna, ben, _ = people
    start, end = datetime(9999, 1, 1, tzinfo=UTC), datetime(9999, 1, 2, tzinfo=UTC)
    for enter in (
        lambda: actions.add_absence(anna, start=start, end=end, by=anna),
        lambda: actions.add_shadow(roster, person=anna, start=start, end=end, by=anna),
        lambda: actions.add_override(roster, person=anna, start=start, end=end, by=anna),
        lambda: actions.ask_for_swap(roster, start=start, end=end, by=ben),
        lambda: actions.check_standing_in(roster, roster, start=start, end=end),
    ):
        with pytest.raises(Invalid) as refused:
            enter()
        assert refused.value.field in {"start", "stands_in_from"}


@pytest.mark.parametrize(
    "model", [Absence, Shadow, Override, Swap, Shift, CalendarTurn], ids=lambda each: each.__name__
)
def test_the_database_refuses_what_got_past_all_of_it(roster, people, model):
    fields = {field.name for field in model._meta.get_fields()}
    said = {"roster": roster, "person": people[0], "asked_by": people[0], "source": "layer", "during": FAR}
    row = model(**{name: value for name, value in said.items() if name in fields and model is not CalendarTurn})
    if model is CalendarTurn:
        row = CalendarTurn(person=people[0], source_id=1, during=FAR)
    with pytest.raises(DatabaseError, match=f"{model.__name__.lower()}_within_the_century"), transaction.atomic():
        row.save()


@pytest.mark.parametrize("changes", [{"frozen_until": FAR.upper}, {"stands_in_during": FAR}], ids=str)
def test_the_database_refuses_rosters_that_do(roster, team, changes):
    for name, value in changes.items():
        setattr(roster, name, value)
    with pytest.raises(DatabaseError, match=r"roster_within_the_century|roster_stands_in"), transaction.atomic():
        roster.save()


def test_up_to_the_last_day_everything_goes_on(roster, people, client):
    anna, *_ = people
    anna.time_zone = "America/New_York"
    anna.save()
    actions.add_absence(anna, start=datetime(2099, 12, 30, tzinfo=UTC), end=datetime(2100, 1, 1, tzinfo=UTC), by=anna)
    client.force_login(anna)
    for path in ("/shifts/", "/rosters/platform/", "/coverage/", "/oncall/"):
        assert client.get(path).status_code == 200
    assert client_of(anna).get("/api/v1/absences/").json()["results"][0]["end"] == "2100-01-01T00:00:00Z"
