"""Where a roster has several seats, an override says which one; where it has one, nobody is asked."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from apps.rosters import actions
from apps.rosters.models import Override, Roster
from tests.rosters.admin_forms import ADD_OVERRIDE, change_page, entered, signed_in
from tests.rosters.building import layer_of

pytestmark = pytest.mark.django_db

AT_NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def pair(clock, team, people):
    """Anna and Ben, then Cleo and Anna, a day each together."""
    pair = Roster.objects.create(slug="pair", name="Pair", team=team)
    layer_of(pair, people, at_once=2)
    actions.materialise(pair, now=clock.now)
    return pair


def override_of(roster, person, **more):
    times = {"start": "2026-03-02T11:00", "end": "2026-03-02T13:00"}
    return {"roster": roster.pk, "person": person.pk, **times, **more}


def holders(roster) -> list[str]:
    return [shift.person.name for shift in roster.shifts.filter(during__contains=AT_NOON).order_by("seat")]


def seats_offered(client) -> list[tuple[int, str]]:
    return client.get(ADD_OVERRIDE).context["adminform"].form.fields["chosen_seat"].choices


def test_the_seat_is_chosen_the_first_by_default(pair, responder, people, manager):
    client = signed_in(manager)
    assert [label for _, label in seats_offered(client)] == ["1", "2"]
    assert client.post(ADD_OVERRIDE, override_of(pair, responder, chosen_seat=1)).status_code == 302
    assert holders(pair) == ["anna", "rita"]
    assert client.post(ADD_OVERRIDE, override_of(pair, manager)).status_code == 302
    assert holders(pair) == ["mona", "rita"]
    page = client.get(reverse("admin:rosters_override_change", args=[Override.objects.get(seat=1).pk]))
    assert page.context["adminform"].readonly_fields.count("chosen_seat") == 1


def test_where_every_roster_has_one_seat_none_is_asked_for(roster, manager):
    client = signed_in(manager)
    assert [label for _, label in seats_offered(client)] == ["1"]
    page = client.get(ADD_OVERRIDE).content.decode()
    assert '<input type="hidden" name="chosen_seat"' in page


@pytest.mark.parametrize("seat", [1, 2, -1, "x"])
def test_a_seat_that_the_roster_does_not_have_is_told_beside_the_field(roster, pair, people, manager, seat):
    answer = signed_in(manager).post(ADD_OVERRIDE, override_of(roster, people[2], chosen_seat=seat))
    errors = answer.context["adminform"].form.errors["chosen_seat"]
    assert errors[0].startswith("Platform has 1 seat." if seat == 1 else "Select a valid choice.")
    assert not Override.objects.exists()


def test_whoever_holds_the_other_seat_is_refused_and_it_is_said(pair, people, manager):
    answer = signed_in(manager).post(ADD_OVERRIDE, override_of(pair, people[0], chosen_seat=1))
    assert "anna is on call for Pair within that time already" in str(answer.context["adminform"].form.errors["person"])
    assert not Override.objects.exists()


def inline(roster, person, **more):
    form = override_of(roster, person, **more)
    del form["roster"]
    return {"overrides-TOTAL_FORMS": 1, **{f"overrides-0-{name}": value for name, value in form.items()}}


def test_on_the_page_of_a_roster_the_seat_is_chosen_too(pair, responder, people, manager):
    client = signed_in(manager)
    assert "overrides-__prefix__-chosen_seat" in client.get(change_page(pair)).content.decode()
    form = entered(pair, at_once=2) | {"is_primary": "", "time_zone": "UTC"} | inline(pair, responder, chosen_seat=1)
    assert client.post(change_page(pair), form).status_code == 302
    assert holders(pair) == ["anna", "rita"]


def test_what_is_refused_of_a_seat_on_the_page_of_a_roster_loses_nothing_that_was_typed(pair, people, manager):
    row = {"person": people[0].pk, "chosen_seat": 1, "start": "2026-03-02T11:00", "end": "2026-03-02T13:00"}
    form = entered(pair, name="Pair of people") | {
        "overrides-TOTAL_FORMS": 1,
        **{f"overrides-0-{name}": value for name, value in row.items()},
    }
    answer = signed_in(manager).post(change_page(pair), form)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "within that time already, in another seat" in page
    assert 'value="Pair of people"' in page
    assert not Override.objects.exists()


def test_on_the_page_of_a_roster_of_one_seat_there_is_none_to_choose(roster, responder, manager):
    client = signed_in(manager)
    assert "chosen_seat" not in client.get(change_page(roster)).content.decode()
    assert client.post(change_page(roster), entered(roster) | inline(roster, responder)).status_code == 302
    assert holders(roster) == ["rita"]
