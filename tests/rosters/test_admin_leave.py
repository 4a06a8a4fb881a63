"""Managers enter and take back the leave of their people, and nobody else finds anything of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from apps.rosters import actions
from apps.rosters.models import Absence, AbsenceKind
from apps.teams.actions import add_member
from apps.teams.models import Team, TeamRole
from tests.rosters.admin_forms import signed_in
from tests.rosters.building import member, shown

pytestmark = pytest.mark.django_db

LEAVE = reverse("admin:rosters_absence_changelist")
ADD = reverse("admin:rosters_absence_add")


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-{text}").replace(tzinfo=UTC)


def deletion_of(absence: Absence) -> str:
    return reverse("admin:rosters_absence_delete", args=[absence.pk])


def page_of(absence: Absence) -> str:
    return reverse("admin:rosters_absence_change", args=[absence.pk])


def listed(client, **query) -> list[str]:
    return [absence.reason for absence in client.get(LEAVE, query).context["cl"].result_list]


@pytest.fixture
def ai():
    return Team.objects.create(slug="ai", name="AI")


@pytest.fixture
def zoe(ai):
    return member("zoe@example.com", ai, TeamRole.RESPONDER)


@pytest.fixture
def three(roster, clock, people, zoe):
    """Anna was, Ben is and Cleo will be away; so is Zoe, of another team."""
    anna, ben, cleo = people
    actions.add_absence(anna, start=clock.now, end=clock.now + timedelta(hours=1), by=anna, reason="Past")
    clock.shift(hours=2)
    actions.add_absence(ben, start=clock.now, end=clock.now + timedelta(days=1), by=ben, reason="Running")
    actions.add_absence(
        cleo, start=at("10T08:00"), end=at("11T08:00"), by=cleo, reason="Coming", kind=AbsenceKind.TRAINING
    )
    actions.add_absence(zoe, start=at("10T08:00"), end=at("11T08:00"), by=zoe, reason="Strange")
    return {absence.reason: absence for absence in Absence.objects.all()}


def test_whole_days_are_entered_by_the_clocks_of_the_manager(roster, manager, people):
    manager.time_zone = "America/New_York"
    manager.save()
    form = {
        "person": people[0].pk, "first_day": "2026-03-06", "last_day": "2026-03-08", "kind": "training",
        "reason": "Course",
    }  # fmt: skip
    client = signed_in(manager)
    assert "America/New_York" in client.get(ADD).content.decode()
    assert client.post(ADD, form).status_code == 302
    absence = Absence.objects.get()
    assert (absence.start, absence.end) == (at("06T05:00"), at("09T04:00"))  # clocks went forward on Sunday
    assert (absence.person, absence.kind, absence.reason, absence.created_by) == (
        people[0], AbsenceKind.TRAINING, "Course", manager,
    )  # fmt: skip
    assert absence.history.get().history_user == manager
    row = client.get(LEAVE).content.decode()
    assert "Fri 6 Mar 2026<" in row
    assert "Sun 8 Mar 2026<" in row
    assert not roster.shifts.filter(person=people[0], during__overlap=absence.during).exists()


def test_what_is_there_already_is_said_to_be(roster, manager, people):
    form = {"person": people[0].pk, "first_day": "2026-03-06", "last_day": "2026-03-08", "kind": "leave"}
    client = signed_in(manager)
    client.post(ADD, form)
    assert "It is there already" in client.post(ADD, form, follow=True).content.decode()
    assert Absence.objects.count() == 1


def test_times_are_entered_where_a_part_of_a_day_is_meant(roster, manager, people):
    form = {
        "person": people[1].pk, "first_day": "2026-03-03", "from_time": "12:00", "last_day": "2026-03-03",
        "until_time": "14:30", "kind": "other",
    }  # fmt: skip
    assert signed_in(manager).post(ADD, form).status_code == 302
    absence = Absence.objects.get()
    assert (absence.start, absence.end) == (at("03T12:00"), at("03T14:30"))
    assert ("cleo", "03-03 12:00", "03-03 14:30", "layer") in shown(roster)
    row = signed_in(manager).get(LEAVE).content.decode()
    assert "Tue 3 Mar 2026, 12:00<" in row
    assert "Tue 3 Mar 2026, 14:30<" in row


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"last_day": "2026-03-02"}, "last_day", "ends after it starts"),
        ({"first_day": "2026-02-01", "last_day": "2026-02-03"}, "last_day", "cannot end in the past"),
        ({"last_day": "2027-03-06"}, "last_day", "at most 366 days"),
        ({"first_day": "1999-03-03"}, "first_day", "from 2000-01-01 on"),
        ({"first_day": "soon"}, "first_day", "valid date"),
        ({"last_day": ""}, "last_day", "required"),
        ({"until_time": "25:00"}, "until_time", "valid time"),
        ({"kind": "holiday"}, "kind", "valid choice"),
        ({"person": ""}, "person", "required"),
        ({"reason": "x" * 256}, "reason", "at most 255"),
    ],
    ids=str,
)
def test_what_cannot_be_is_told_beside_its_field_and_nothing_is_saved(roster, manager, people, change, field, said):
    form = {"person": people[0].pk, "first_day": "2026-03-03", "last_day": "2026-03-04", "kind": "leave"}
    answer = signed_in(manager).post(ADD, form | change)
    assert answer.status_code == 200
    assert said in str(answer.context["adminform"].form.errors[field])
    assert not Absence.objects.exists()


def test_only_people_whom_the_manager_plans_can_be_chosen(roster, manager, team, people, zoe):
    viewer = member("vera@example.com", team, TeamRole.STAKEHOLDER)
    left = member("leo@example.com", team, TeamRole.RESPONDER, is_active=False)
    admin = member("ada@example.com", None, TeamRole.ADMIN)
    client = signed_in(manager)
    page = client.get(ADD).content.decode()
    for person in (*people, manager, admin):
        assert f'<option value="{person.pk}"' in page
        actions.add_absence(person, start=at("20T08:00"), end=at("21T08:00"), by=manager)
    Absence.objects.all().delete()
    for person in (viewer, left, zoe):
        assert f'<option value="{person.pk}"' not in page
        form = {"person": person.pk, "first_day": "2026-03-03", "last_day": "2026-03-04", "kind": "leave"}
        assert "Select a valid choice" in str(client.post(ADD, form).context["adminform"].form.errors["person"])
    assert not Absence.objects.exists()


def test_the_list_shows_who_is_away_when_and_why_and_who_entered_it(three, manager):
    client = signed_in(manager)
    assert set(listed(client)) == {"Past", "Running", "Coming"}
    assert [listed(client, when=when) for when in ("running", "coming", "past")] == [["Running"], ["Coming"], ["Past"]]
    assert listed(client, kind__exact="training") == ["Coming"]
    assert len(listed(client, when="x")) == 3
    page = client.get(LEAVE).content.decode()
    assert "Training" in page
    assert "Strange" not in page


def test_the_list_is_filtered_by_the_teams_that_one_manages(three, manager, ai, zoe):
    add_member(manager, ai, TeamRole.MANAGER)
    client = signed_in(manager)
    assert len(listed(client)) == 4
    assert listed(client, team="ai") == ["Strange"]
    assert set(listed(client, team="platform")) == {"Past", "Running", "Coming"}


def test_a_team_of_others_is_no_filter_to_look_through(three, manager):
    assert listed(signed_in(manager), team="ai") == []


def test_leave_to_come_is_taken_back_whole_and_running_leave_from_now_on(three, clock, manager):
    clock.shift(hours=1)
    client = signed_in(manager)
    told = client.get(deletion_of(three["Running"])).content.decode()
    assert "ben takes their turns again from now on" in told
    for name in ("Coming", "Running"):
        assert client.post(deletion_of(three[name]), {"post": "yes"}).status_code == 302
    assert Absence.objects.get(reason="Running").end == clock.now
    assert not Absence.objects.filter(reason="Coming").exists()


def test_what_is_over_stays(three, manager):
    client = signed_in(manager)
    assert client.post(deletion_of(three["Past"]), {"post": "yes"}).status_code == 403
    client.post(LEAVE, {"action": "delete_selected", "_selected_action": [three["Past"].pk], "post": "yes"})
    assert Absence.objects.filter(reason="Past").exists()


def test_several_are_taken_back_at_once_by_the_same_rules(three, roster, manager, clock):
    clock.shift(hours=1)
    chosen = [three["Running"].pk, three["Coming"].pk]
    signed_in(manager).post(LEAVE, {"action": "delete_selected", "_selected_action": chosen, "post": "yes"})
    assert Absence.objects.get(reason="Running").end == clock.now
    assert not Absence.objects.filter(reason="Coming").exists()


def test_leave_that_was_entered_is_looked_at_and_not_edited(three, manager):
    client = signed_in(manager)
    page = client.get(page_of(three["Running"])).content.decode()
    assert "take it back" in page
    assert "enter it anew" in page
    assert 'name="first_day"' not in page
    assert "It is over, and stays on the record." in client.get(page_of(three["Past"])).content.decode()
    assert client.post(page_of(three["Running"]), {"last_day": "2026-03-30"}).status_code == 403


def test_a_manager_of_another_team_reaches_none_of_it(three, ai, manager):
    sam = signed_in(member("sam@example.com", ai, TeamRole.MANAGER))
    assert listed(sam) == ["Strange"]
    running = three["Running"]
    assert sam.get(page_of(running)).status_code == 302
    assert sam.post(deletion_of(running), {"post": "yes"}).status_code in (302, 403)
    history = reverse("admin:rosters_absence_history", args=[running.pk])
    assert sam.get(history).status_code == 404
    sam.post(LEAVE, {"action": "delete_selected", "_selected_action": [running.pk], "post": "yes"})
    assert Absence.objects.get(pk=running.pk).end == running.end


def test_the_history_of_what_was_taken_back_stays_with_the_managers(three, ai, manager):
    coming, pk = three["Coming"], three["Coming"].pk
    signed_in(manager).post(deletion_of(coming), {"post": "yes"})
    version = Absence.history.filter(id=pk).first().pk
    history = reverse("admin:rosters_absence_history", args=[pk])
    one = reverse("admin:rosters_absence_simple_history", args=[pk, version])
    sam = signed_in(member("sam@example.com", ai, TeamRole.MANAGER))
    for page in (history, one):
        assert signed_in(manager).get(page).status_code == 200
        assert sam.get(page).status_code == 403
    form = {"person": coming.person_id, "first_day": "2026-03-10", "last_day": "2026-03-10", "kind": "leave"}
    assert signed_in(manager).post(one, form).status_code == 403
    assert not Absence.objects.filter(reason="Coming").exists()


@pytest.mark.parametrize("role", [TeamRole.AUDITOR, TeamRole.STAKEHOLDER, TeamRole.RESPONDER])
def test_why_somebody_is_away_is_not_for_those_who_manage_nothing(three, team, role):
    client = signed_in(member("rick@example.com", None if role == TeamRole.AUDITOR else team, role))
    for page in (LEAVE, ADD, page_of(three["Running"]), deletion_of(three["Running"])):
        answer = client.get(page)
        assert answer.status_code in (302, 403)
        assert "Running" not in answer.content.decode()


def test_the_list_costs_the_same_for_many(roster, people, manager, clock, django_assert_max_num_queries):
    client = signed_in(manager)
    for day in range(10, 30):
        start = at(f"{day}T08:00")
        actions.add_absence(people[day % 3], start=start, end=start + timedelta(hours=2), by=people[day % 3])
    client.get(LEAVE)
    with django_assert_max_num_queries(16):
        assert len(listed(client)) == 20
