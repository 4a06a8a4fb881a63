from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from apps.rosters import actions
from apps.rosters.models import Override, Roster
from apps.teams.models import Team, TeamRole, User
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
        "layers-0-at_once": 1,
        "layers-0-members-TOTAL_FORMS": len(people),
        "layers-0-members-INITIAL_FORMS": 0,
        "layers-0-calendar-TOTAL_FORMS": 0,
        "layers-0-calendar-INITIAL_FORMS": 0,
        "overrides-TOTAL_FORMS": 0,
        "overrides-INITIAL_FORMS": 0,
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
        ({"end": "9999-12-30T13:00"}, "lasts at most 93 days"),
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


def test_the_history_of_a_roster_is_readable(roster, manager):
    roster.name = "Platform, day and night"
    roster.save()
    page = signed_in(manager).get(reverse("admin:rosters_roster_history", args=[roster.pk]))
    assert page.status_code == 200
    assert "Platform, day and night" in page.content.decode()


def revert_page(roster: Roster, number: int = 0) -> str:
    """The page of one of its versions, the first one first."""
    record = roster.history.order_by("history_id")[number]
    return reverse("admin:rosters_roster_simple_history", args=[roster.pk, record.history_id])


def form_on(answer) -> dict[str, object]:
    """What the page of a version sends when nothing is changed on it."""
    form = answer.context["adminform"].form
    sent = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in sent.items() if value not in (None, False, "")}


def test_a_version_that_is_brought_back_fills_the_shifts(roster, clock, manager):
    before = shown(roster)
    clock.shift(hours=1)
    roster.time_zone = "America/New_York"
    roster.save()
    actions.materialise(roster)
    assert shown(roster) != before
    client = signed_in(manager)
    form = form_on(client.get(revert_page(roster)))
    assert client.post(revert_page(roster), form).status_code == 302
    roster.refresh_from_db()
    assert (roster.time_zone, roster.history.first().history_user) == ("Europe/Berlin", manager)
    assert shown(roster, 2) == [
        ("anna", "03-02 10:00", "03-02 11:00", "layer"), ("anna", "03-02 11:00", "03-03 08:00", "layer"),
    ]  # fmt: skip
    assert shown(roster)[2:80] == before[1:79]


def test_a_version_that_makes_a_gap_asks_before_it_is_brought_back(roster, clock, manager, people):
    layer = roster.layers.get()
    layer.starts_on = clock.now.date()
    layer.handoff_time = "20:00"
    layer.save()
    Roster.objects.filter(pk=roster.pk).update(time_zone="Asia/Tokyo")
    actions.materialise(Roster.objects.get(pk=roster.pk))
    clock.shift(minutes=30)
    roster.refresh_from_db()
    before = shown(roster)
    client = signed_in(manager)
    form = form_on(client.get(revert_page(roster)))
    asked = client.post(revert_page(roster), form)
    assert asked.status_code == 200
    assert "Nobody would be on call from" in asked.content.decode()
    assert "was changed successfully" not in asked.content.decode()
    assert shown(roster) == before
    assert client.post(revert_page(roster), form | {"accept_gaps": "on"}).status_code == 302
    roster.refresh_from_db()
    assert roster.time_zone == "Europe/Berlin"
    assert shown(roster) != before


def test_a_frozen_roster_is_not_brought_back_and_a_retired_one_stays_retired(roster, clock, manager):
    client = signed_in(manager)
    form = form_on(client.get(revert_page(roster)))
    roster.time_zone, roster.frozen_until = "Asia/Tokyo", clock.now + timedelta(days=1)
    roster.save()
    answer = client.post(revert_page(roster), form, follow=True)
    assert "Platform is frozen" in answer.content.decode()
    clock.shift(days=2)
    actions.retire(roster, by=manager)
    form = form_on(client.get(revert_page(roster)))
    assert client.post(revert_page(roster), form).status_code == 302
    roster.refresh_from_db()
    assert (roster.time_zone, roster.retired_at) == ("Europe/Berlin", clock.now)
    assert not roster.shifts.filter(during__endswith__gt=clock.now).exists()


def test_a_manager_of_another_team_and_an_auditor_bring_nothing_back(roster, clock, manager):
    form = form_on(signed_in(manager).get(revert_page(roster)))
    stranger = member("sam@example.com", Team.objects.create(slug="ai", name="AI"), TeamRole.MANAGER)
    auditor = member("audrey@example.com", None, TeamRole.AUDITOR)
    for person in (stranger, auditor):
        assert signed_in(person).post(revert_page(roster), form).status_code == 403


def preview_of(client: Client, roster: Roster | None, form: dict[str, object]):
    name, args = ("admin:rosters_roster_preview", [roster.pk]) if roster else ("admin:rosters_roster_preview_new", [])
    return client.post(reverse(name, args=args), form)


def entered(roster: Roster, **changes: object) -> dict[str, object]:
    """What the page of ``roster``, which has one layer, sends when ``changes`` of the layer are made on it."""
    layer = roster.layers.get()
    form = form_of(roster.team, []) | {
        "slug": roster.slug,
        "name": roster.name,
        "is_primary": "on",
        "layers-INITIAL_FORMS": 1,
        "layers-0-id": layer.pk,
        "layers-0-roster": roster.pk,
        "layers-0-name": layer.name,
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
    return form | {f"layers-0-{name}": value for name, value in changes.items()}


def test_the_preview_draws_what_the_form_would_make_and_saves_nothing(roster, clock, manager, people):
    client = signed_in(manager)
    before, records = shown(roster), Roster.history.count()
    drawn = preview_of(client, roster, entered(roster, add_people="mona@example.com"))
    assert drawn.status_code == 200
    assert drawn.content.decode().count('class="roster-week"') == 6
    assert "mona: Thu 5 Mar 09:00 to Fri 6 Mar 09:00" in drawn.content.decode()
    roster.refresh_from_db()
    assert (shown(roster), Roster.history.count()) == (before, records)
    assert roster.layers.get().members.count() == 3


def test_the_preview_of_a_new_roster_says_what_is_missing_or_draws_it(clock, team, manager, people):
    client = signed_in(manager)
    missing = preview_of(client, None, form_of(team, people) | {"name": "", "layers-0-covers": "now and then"})
    assert "Name: This field is required." in missing.content.decode()
    assert "Only at these times: “now and then” is not clear" in missing.content.decode()
    drawn = preview_of(client, None, form_of(team, people))
    assert "anna: Mon 2 Mar 11:00 to Tue 3 Mar 09:00" in drawn.content.decode()
    assert not Roster.objects.exists()


def test_only_who_may_edit_a_roster_sees_its_preview(roster, clock, manager, responder):
    strange = Roster.objects.create(slug="strange", name="Strange", team=Team.objects.create(slug="ai", name="AI"))
    assert preview_of(signed_in(responder), roster, entered(roster)).status_code == 403
    assert b"roster-week" not in preview_of(signed_in(manager), strange, entered(roster)).content
    assert signed_in(manager).get(reverse("admin:rosters_roster_preview", args=[roster.pk])).status_code == 405


def test_a_change_that_makes_a_gap_is_saved_only_once_somebody_says_yes(roster, clock, manager):
    client = signed_in(manager)
    before = shown(roster)
    form = entered(roster, covers="Mon-Fri 09:00-18:00")
    asked = client.post(change_page(roster), form)
    assert asked.status_code == 200
    assert "Nobody would be on call from Mon 02 Mar 17:00 to Tue 03 Mar 08:00." in asked.content.decode()
    assert "successfully" not in asked.content.decode()
    assert (shown(roster), roster.layers.get().restrictions.count()) == (before, 0)
    assert client.post(change_page(roster), form | {"accept_gaps": "on"}).status_code == 302
    assert shown(roster, 1) == [("anna", "03-02 10:00", "03-02 17:00", "layer")]
    assert client.post(change_page(roster), entered(roster, covers="Mon-Fri 09:00-18:00")).status_code == 302


def test_a_new_primary_roster_with_a_gap_asks_and_another_does_not(clock, team, manager, people):
    client = signed_in(manager)
    form = form_of(team, people) | {"layers-0-covers": "Mon-Fri 09:00-18:00"}
    assert client.post(ADD_ROSTER, form | {"is_primary": "on"}).status_code == 200
    assert not Roster.objects.exists()
    assert client.post(ADD_ROSTER, form).status_code == 302


def test_the_layers_of_a_frozen_roster_stand_still_and_overrides_go_on(roster, clock, manager, people):
    roster.frozen_until = clock.now + timedelta(days=7)
    roster.save()
    client = signed_in(manager)
    before = shown(roster)
    assert 'name="layers-0-name"' not in client.get(change_page(roster)).content.decode()
    form = entered(roster, covers="Mon 9-10") | {
        "frozen_until_0": "2026-03-09",
        "frozen_until_1": "10:00",
        "time_zone": "Asia/Tokyo",
        "overrides-TOTAL_FORMS": 1,
        "overrides-0-person": people[2].pk,
        "overrides-0-start": "2026-03-02T12:00",
        "overrides-0-end": "2026-03-02T13:00",
    }
    assert client.post(change_page(roster), form).status_code == 302
    assert [each for each in shown(roster) if each[3] == "layer"][2:] == before[1:]
    assert shown(roster, 2)[1] == ("cleo", "03-02 12:00", "03-02 13:00", "override")
    client.post(reverse("admin:rosters_roster_change_from", args=[roster.pk]), {
        "layer": roster.layers.get().pk, "day": "2026-03-20",
    })  # fmt: skip
    assert roster.layers.count() == 1


def test_an_override_is_taken_back_on_the_page_of_its_roster(roster, clock, manager, people):
    override = actions.add_override(
        roster, person=people[1], start=clock.now, end=clock.now + timedelta(hours=4), by=manager
    )
    form = entered(roster) | {
        "overrides-TOTAL_FORMS": 1,
        "overrides-INITIAL_FORMS": 1,
        "overrides-0-id": override.pk,
        "overrides-0-roster": roster.pk,
        "overrides-0-DELETE": "on",
    }
    assert signed_in(manager).post(change_page(roster), form).status_code == 302
    assert not Override.objects.exists()
    assert shown(roster, 1)[0][:1] == ("anna",)


def test_a_layer_is_split_from_a_day_on(roster, clock, manager):
    page = reverse("admin:rosters_roster_change_from", args=[roster.pk])
    client = signed_in(manager)
    assert page in client.get(change_page(roster)).content.decode()
    before = shown(roster)
    refused = client.post(page, {"layer": roster.layers.get().pk, "day": "2026-03-01"})
    assert "does not last on 2026-03-01" in refused.content.decode()
    assert client.post(page, {"layer": roster.layers.get().pk, "day": "2026-03-09"}).status_code == 302
    assert [str(layer.starts_on) for layer in roster.layers.all()] == ["2026-03-02", "2026-03-09"]
    assert shown(roster) == before


def test_copying_rosters_is_one_action(roster, clock, manager):
    signed_in(manager).post(ROSTERS, {"action": "copy", "_selected_action": [roster.pk]})
    assert list(Roster.objects.values_list("name", flat=True)) == ["Platform", "Platform (copy)"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"stands_in_until": ""}, "from when and until when"),
        ({"stands_in_for": ""}, "from when and until when"),
        ({"stands_in_until": "2026-03-01T00:00"}, "It ends after it starts"),
    ],
)
def test_a_stand_in_says_for_whom_and_when(roster, clock, team, manager, people, change, said):
    client = signed_in(manager)
    form = form_of(team, people[2:]) | {
        "stands_in_for": roster.pk, "stands_in_from": "2026-03-03T12:00", "stands_in_until": "2026-03-04T00:00",
    }  # fmt: skip
    assert said in client.post(ADD_ROSTER, form | change).content.decode()
    assert client.post(ADD_ROSTER, form).status_code == 302
    assert shown(roster, 3)[2] == ("cleo", "03-03 12:00", "03-04 00:00", "override")
    nights = Roster.objects.get(slug="nights")
    assert 'value="2026-03-03T12:00"' in client.get(change_page(nights)).content.decode()


def test_taking_a_stand_in_away_gives_the_time_back_to_the_layers(roster, clock, team, manager, people):
    client = signed_in(manager)
    form = form_of(team, people[2:]) | {
        "stands_in_for": roster.pk, "stands_in_from": "2026-03-03T12:00", "stands_in_until": "2026-03-04T00:00",
    }  # fmt: skip
    client.post(ADD_ROSTER, form)
    nights = Roster.objects.get(slug="nights")
    assert shown(roster, 3)[2][0] == "cleo"
    ended = entered(nights) | {"time_zone": "Europe/Berlin", "accept_gaps": "on"}
    ended |= {"layers-0-members-TOTAL_FORMS": 1, "layers-0-members-INITIAL_FORMS": 1}
    del ended["is_primary"]
    assert client.post(change_page(nights), ended).status_code == 302
    assert shown(roster, 2)[1] == ("ben", "03-03 08:00", "03-04 08:00", "layer")


def test_a_roster_that_another_stands_in_for_stands_in_for_none(roster, clock, team, manager, people):
    client = signed_in(manager)
    stands_in = {"stands_in_from": "2026-03-03T12:00", "stands_in_until": "2026-03-04T00:00"}
    client.post(ADD_ROSTER, form_of(team, people) | stands_in | {"stands_in_for": roster.pk})
    other = Roster.objects.create(slug="other", name="Other", team=team)
    form = entered(roster) | stands_in | {"stands_in_for": other.pk}
    assert "Another roster stands in for this one" in client.post(change_page(roster), form).content.decode()


def test_what_the_house_refuses_is_said_and_not_an_error(roster, clock, manager, people):
    actions.retire(roster, by=manager)
    form = entered(roster) | {
        "overrides-TOTAL_FORMS": 1,
        "overrides-0-person": people[2].pk,
        "overrides-0-start": "2026-03-02T12:00",
        "overrides-0-end": "2026-03-02T13:00",
    }
    answer = signed_in(manager).post(change_page(roster), form, follow=True)
    assert "The roster Platform is retired." in answer.content.decode()


def test_of_two_who_edit_a_roster_at_once_the_second_is_told(roster, clock, manager):
    client = signed_in(manager)
    seen = client.get(change_page(roster)).context["adminform"].form.initial["version"]
    assert client.post(change_page(roster), entered(roster, length=2) | {"version": seen}).status_code == 302
    answer = client.post(change_page(roster), entered(roster, name="Nights") | {"version": seen})
    assert "was changed while you edited it" in answer.content.decode()
    assert (roster.layers.get().length, roster.layers.get().name) == (2, "Days")


def test_a_page_that_claims_to_have_a_hundred_thousand_layers_is_answered(clock, team, manager, people):
    answer = signed_in(manager).post(ADD_ROSTER, form_of(team, people) | {"layers-TOTAL_FORMS": 100_000})
    assert answer.status_code == 200
    assert len(answer.context["inline_admin_formsets"][0].formset.forms) == 50
    assert not Roster.objects.exists()
