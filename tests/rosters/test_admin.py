"""The page of a roster in the admin: what is saved, what is refused, and who may."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

import pytest
from django.urls import reverse

from apps.core.errors import Invalid
from apps.rosters import actions
from apps.rosters.models import Override, Roster
from apps.rosters.models.rosters import MOST_RESTRICTIONS
from apps.rosters.planning import weekly_range
from apps.rosters.rules import WeeklyRange, ranges_in_words
from apps.teams.models import Team, TeamRole, User
from tests.rosters.admin_forms import (
    ADD_OVERRIDE,
    ADD_ROSTER,
    ROSTERS,
    change_page,
    entered,
    form_of,
    signed_in,
)
from tests.rosters.admin_forms import entered as edited
from tests.rosters.building import member, shown

pytestmark = pytest.mark.django_db


def test_saving_a_roster_with_its_layers_fills_its_shifts(clock, team, manager, people):
    answer = signed_in(manager).post(ADD_ROSTER, form_of(team, people))
    assert answer.status_code == 302
    roster = Roster.objects.get(slug="nights")
    assert shown(roster, 2) == [
        ("anna", "03-02 10:00", "03-03 08:00", "layer"),
        ("ben", "03-03 08:00", "03-04 08:00", "layer"),
    ]
    assert roster.history.get().history_user == manager


def test_as_many_parts_of_the_week_as_the_api_takes_can_be_edited(roster, manager):
    layer, client = roster.layers.get(), signed_in(manager)
    ranges = [WeeklyRange(frozenset(range(7)), time(9, minute), time(18), 2) for minute in range(MOST_RESTRICTIONS)]
    actions.set_restrictions(layer, ranges, by=manager)
    on_page = ranges_in_words(ranges)
    assert on_page in client.get(change_page(roster)).content.decode()
    assert client.post(change_page(roster), edited(roster, covers=f"{on_page}; Mon 1-2")).status_code == 200
    changed = on_page.replace("09:49", "09:50")
    assert client.post(change_page(roster), edited(roster, covers=changed)).status_code == 302
    kept = {weekly_range(each) for each in layer.restrictions.all()}
    assert kept == {*ranges[:-1], replace(ranges[-1], start=time(9, 50))}
    with pytest.raises(Invalid, match="50 parts of the week at most"):
        actions.set_restrictions(layer, [*ranges, WeeklyRange(frozenset({0}), time(1), time(2))], by=manager)


def test_a_layer_of_two_at_once_in_another_zone_covers_the_ranges_that_are_entered(clock, team, manager, people):
    form = form_of(team, people) | {
        "layers-0-at_once": 2,
        "layers-0-time_zone": "Asia/Tokyo",
        "layers-0-starts_on": "2026-03-01",
        "layers-0-covers": "Mon, Fri 22:00-06:00",
    }
    assert signed_in(manager).post(ADD_ROSTER, form).status_code == 302
    roster = Roster.objects.get(slug="nights")
    monday = roster.shifts.filter(during__startswith__date="2026-03-02").order_by("seat")
    assert [(shift.seat, shift.person.name, shift.start.hour, shift.end.hour) for shift in monday] == [
        (0, people[2].name, 13, 21), (1, people[0].name, 13, 21),
    ]  # fmt: skip
    assert str(roster.layers.get().restrictions.get()) == "Monday, Friday 22:00 to 06:00 the next day"


@pytest.mark.parametrize(
    ("entered", "said"),
    [
        ({"covers": "office hours"}, "“office hours” is not clear"),
        ({"covers": "Mon 25:00-26:00"}, "25:00 in"),
        ({"add_people": "Nobody Known"}, "Nobody is called Nobody Known"),
        ({"add_people": "anna, ANNA@example.com"}, "There twice: anna"),
        ({"add_people": "twin"}, "Several people are called twin"),
        ({"starts_on": "1999-12-31"}, "Expected a day from 2000-01-01 on"),
        ({"ends_on": "9999-12-31"}, "Expected a day up to 2100-01-01"),
        ({"holidays_of": "Atlantis"}, "are not known"),
        ({"holidays_of": "XQ"}, "are not known"),
        ({"time_zone": "Mars/Base"}, "is not an IANA time zone"),
    ],
    ids=str,
)
def test_what_cannot_be_understood_is_told_beside_its_field(clock, team, manager, people, entered, said):
    for number in range(2):
        User.objects.create_user(f"twin{number}@example.com", name="Twin")
    form = form_of(team, people) | {f"layers-0-{name}": value for name, value in entered.items()}
    answer = signed_in(manager).post(ADD_ROSTER, form)
    layer = answer.context["inline_admin_formsets"][0].formset.forms[0]
    [(name, errors)] = layer.errors.items()
    assert name in entered
    assert said in errors[0]
    assert not Roster.objects.exists()


def test_a_layer_whose_name_and_position_are_emptied_gets_them_as_a_new_one_does(roster, manager):
    answer = signed_in(manager).post(change_page(roster), entered(roster, name="", position="", time_zone="Asia/Tokyo"))
    assert answer.status_code == 302
    assert roster.layers.values_list("name", "position").get() == ("Tokyo", 2)


def test_people_are_added_in_bulk_in_the_order_that_is_written(clock, team, manager, people):
    form = form_of(team, []) | {"layers-0-add_people": "cleo@example.com, Anna\nben"}
    assert signed_in(manager).post(ADD_ROSTER, form).status_code == 302
    members = Roster.objects.get().layers.get().members.all()
    assert [member.person.name for member in members] == ["cleo", "anna", "ben"]


def test_whoever_is_in_the_layer_is_not_added_again(clock, team, manager, people):
    form = form_of(team, people[:1]) | {"layers-0-add_people": "anna, ben"}
    assert signed_in(manager).post(ADD_ROSTER, form).status_code == 302
    assert [member.person.name for member in Roster.objects.get().layers.get().members.all()] == ["anna", "ben"]


def test_saving_a_change_of_a_layer_changes_the_future(roster, clock, team, manager, people):
    clock.shift(hours=1)
    layer = roster.layers.get()
    form = form_of(team, []) | {
        "slug": "platform",
        "name": "Platform",
        "is_primary": "on",
        "layers-INITIAL_FORMS": 1,
        "layers-0-id": layer.pk,
        "layers-0-roster": roster.pk,
        "layers-0-handoff_time": "14:00",
        "layers-0-starts_on": "2026-03-01",
        "layers-0-members-TOTAL_FORMS": 3,
        "layers-0-members-INITIAL_FORMS": 3,
    }
    for number, place in enumerate(layer.members.all()):
        form |= {
            f"layers-0-members-{number}-id": place.pk,
            f"layers-0-members-{number}-layer": layer.pk,
            f"layers-0-members-{number}-person": place.person_id,
            f"layers-0-members-{number}-position": place.position,
        }
    assert signed_in(manager).post(change_page(roster), form).status_code == 302
    assert shown(roster, 2) == [
        ("anna", "03-02 10:00", "03-02 13:00", "layer"),
        ("ben", "03-02 13:00", "03-03 13:00", "layer"),
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"layers-0-length": 0}, "greater than or equal to 1"),
        ({"layers-0-ends_on": "2026-03-01"}, "ends after its first day"),
        ({"layers-0-handoff_weekday": 2}, "Only turns in weeks"),
        ({"time_zone": "Europe/Atlantis"}, "is not an IANA time zone"),
    ],
)
def test_a_mistake_is_told_and_nothing_is_saved_by_half(clock, team, manager, people, change, said):
    answer = signed_in(manager).post(ADD_ROSTER, form_of(team, people) | change)
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert not Roster.objects.exists()


@pytest.mark.parametrize(("name", "value"), [("holidays_of", "Atlantis"), ("time_zone", "Atlantis/Town")])
def test_what_no_roster_can_have_is_told_beside_its_field_and_what_is_saved_stays_drawn(roster, manager, name, value):
    page = signed_in(manager).post(change_page(roster), entered(roster) | {name: value})
    assert page.context["adminform"].form.errors.keys() == {name}
    assert 'id="six-weeks"' in page.content.decode()


def test_a_person_twice_in_a_layer_is_told(clock, team, manager, people):
    answer = signed_in(manager).post(ADD_ROSTER, form_of(team, [people[0], people[0]]))
    assert answer.status_code == 200
    assert "duplicate" in answer.content.decode()
    assert not Roster.objects.exists()


def test_a_manager_sees_the_rosters_of_their_own_teams_only(roster, manager):
    other = Team.objects.create(slug="ai", name="AI")
    strange = Roster.objects.create(slug="strange", name="Strange roster", team=other)
    client = signed_in(manager)
    listed = client.get(ROSTERS).content.decode()
    assert change_page(roster) in listed
    assert change_page(strange) not in listed
    assert client.get(change_page(strange)).status_code == 302
    assert f'<option value="{other.pk}">{other}' not in client.get(ADD_ROSTER).content.decode()


def test_a_manager_cannot_give_a_roster_to_a_team_of_others(clock, team, manager, people):
    other = Team.objects.create(slug="ai", name="AI")
    assert signed_in(manager).post(ADD_ROSTER, form_of(other, people)).status_code == 200
    assert not Roster.objects.exists()


def test_who_manages_nothing_has_no_business_here(roster, responder):
    client = signed_in(responder)
    assert client.get(ROSTERS).status_code == 403
    assert client.get(change_page(roster)).status_code in (302, 403)


def test_an_auditor_looks_and_writes_nothing(roster, clock, team, people):
    auditor = signed_in(member("audrey@example.com", None, TeamRole.AUDITOR))
    assert change_page(roster) in auditor.get(ROSTERS).content.decode()
    assert auditor.get(change_page(roster)).status_code == 200
    assert auditor.post(change_page(roster), form_of(team, people)).status_code == 403
    assert auditor.get(ADD_ROSTER).status_code == 403


def test_an_override_is_added_and_taken_back(roster, clock, manager, people):
    client = signed_in(manager)
    answer = client.post(
        ADD_OVERRIDE,
        {
            "roster": roster.pk,
            "person": people[1].pk,
            "start": "2026-03-02T12:00",
            "end": "2026-03-02T14:00",
            "reason": "Dentist",
        },
    )
    assert answer.status_code == 302
    override = Override.objects.get()
    assert (override.created_by, override.reason) == (manager, "Dentist")
    assert roster.shifts.get(during__contains=clock.now + timedelta(hours=3)).person == people[1]
    page = reverse("admin:rosters_override_delete", args=[override.pk])
    assert client.post(page, {"post": "yes"}).status_code == 302
    assert not Override.objects.exists()
    assert roster.shifts.get(during__contains=clock.now + timedelta(hours=3)).person == people[0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"end": "2026-03-02T11:00"}, "ends after it starts"),
        ({"start": "2026-03-01T12:00", "end": "2026-03-02T09:00"}, "cannot end in the past"),
        ({"end": "2027-12-30T13:00"}, "lasts at most 93 days"),
        ({"end": "9999-12-30T13:00"}, "Expected a day up to 2100-01-01"),
        ({"start": "2027-03-02T12:00", "end": "2027-03-03T12:00"}, "Shifts are planned 120 days ahead"),
    ],
)
def test_an_override_that_makes_no_sense_is_told(roster, manager, people, change, said):
    entered = {
        "roster": roster.pk,
        "person": people[1].pk,
        "start": "2026-03-02T12:00",
        "end": "2026-03-02T13:00",
        **change,
    }
    answer = signed_in(manager).post(ADD_OVERRIDE, entered)
    assert answer.status_code == 200
    assert said in answer.content.decode()


def test_who_could_not_answer_a_page_is_refused_at_the_field(roster, team, manager):
    viewer = member("vera@example.com", team, TeamRole.STAKEHOLDER)
    entered = {"roster": roster.pk, "person": viewer.pk, "start": "2026-03-02T12:00"}
    answer = signed_in(manager).post(ADD_OVERRIDE, {**entered, "end": "2026-03-02T13:00"})
    assert "responds for no team" in str(answer.context["adminform"].form.errors["person"])


def test_retiring_rosters_is_one_action(roster, clock, manager):
    roster.layers.all().delete()
    actions.materialise(roster)
    signed_in(manager).post(ROSTERS, {"action": "retire", "_selected_action": [roster.pk]})
    roster.refresh_from_db()
    assert roster.retired_at == clock.now
