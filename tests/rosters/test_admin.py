from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from apps.rosters.models import Override, Roster
from apps.teams.models import Team, TeamRole
from tests.rosters.building import member, shown

pytestmark = pytest.mark.django_db

ROSTERS = reverse("admin:rosters_roster_changelist")
ADD_ROSTER = reverse("admin:rosters_roster_add")
ADD_OVERRIDE = reverse("admin:rosters_override_add")


def signed_in(person) -> Client:
    person.is_staff = True
    person.save()
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def change_page(roster: Roster) -> str:
    return reverse("admin:rosters_roster_change", args=[roster.pk])


def form_of(team, people) -> dict[str, object]:
    """What the page of a new roster sends: one layer of which ``people`` are the members."""
    form = {
        "slug": "nights",
        "name": "Nights",
        "team": team.pk,
        "time_zone": "Europe/Berlin",
        "layers-TOTAL_FORMS": 1,
        "layers-INITIAL_FORMS": 0,
        "layers-0-name": "Everybody",
        "layers-0-position": 1,
        "layers-0-rotation": "days",
        "layers-0-length": 1,
        "layers-0-handoff_time": "09:00",
        "layers-0-starts_on": "2026-03-02",
        "layers-0-members-TOTAL_FORMS": len(people),
        "layers-0-members-INITIAL_FORMS": 0,
    }
    for number, person in enumerate(people):
        form[f"layers-0-members-{number}-person"] = person.pk
        form[f"layers-0-members-{number}-position"] = number + 1
    return form


def test_saving_a_roster_with_its_layers_fills_its_shifts(clock, team, manager, people):
    answer = signed_in(manager).post(ADD_ROSTER, form_of(team, people))
    assert answer.status_code == 302
    roster = Roster.objects.get(slug="nights")
    assert shown(roster, 2) == [
        ("anna", "03-02 10:00", "03-03 08:00", "layer"),
        ("ben", "03-03 08:00", "03-04 08:00", "layer"),
    ]
    assert roster.history.get().history_user == manager


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
    assert f'<option value="{other.pk}">' not in client.get(ADD_ROSTER).content.decode()


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
            "start_0": "2026-03-02",
            "start_1": "12:00",
            "end_0": "2026-03-02",
            "end_1": "14:00",
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
        ({"end_1": "11:00"}, "ends after it starts"),
        ({"start_0": "2026-03-01", "end_1": "09:00"}, "cannot end in the past"),
        ({"end_0": "9999-12-30"}, "lasts at most 93 days"),
        ({"start_0": "2027-03-02", "end_0": "2027-03-03"}, "Shifts are planned 120 days ahead"),
    ],
)
def test_an_override_that_makes_no_sense_is_told(roster, manager, people, change, said):
    entered = {
        "roster": roster.pk,
        "person": people[1].pk,
        "start_0": "2026-03-02",
        "start_1": "12:00",
        "end_0": "2026-03-02",
        "end_1": "13:00",
        **change,
    }
    answer = signed_in(manager).post(ADD_OVERRIDE, entered)
    assert answer.status_code == 200
    assert said in answer.content.decode()


def test_who_could_not_answer_a_page_is_refused_at_the_field(roster, team, manager):
    viewer = member("vera@example.com", team, TeamRole.STAKEHOLDER)
    entered = {"roster": roster.pk, "person": viewer.pk, "start_0": "2026-03-02", "start_1": "12:00"}
    answer = signed_in(manager).post(ADD_OVERRIDE, {**entered, "end_0": "2026-03-02", "end_1": "13:00"})
    assert "responds for no team" in str(answer.context["adminform"].form.errors["person"])


def test_retiring_rosters_is_one_action(roster, clock, manager):
    signed_in(manager).post(ROSTERS, {"action": "retire", "_selected_action": [roster.pk]})
    roster.refresh_from_db()
    assert roster.retired_at == clock.now


def test_the_history_of_a_roster_is_readable(roster, manager):
    roster.name = "Platform, day and night"
    roster.save()
    page = signed_in(manager).get(reverse("admin:rosters_roster_history", args=[roster.pk]))
    assert page.status_code == 200
    assert "Platform, day and night" in page.content.decode()
