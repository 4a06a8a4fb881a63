"""Before anything is kept after which nobody is on call, whoever does it is asked, and the question names each gap."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from apps.catalog.models import Service
from apps.escalation.models import TargetKind
from apps.rosters import actions, gap_questions
from apps.rosters.actions import LeavesGap, NamedGap
from apps.rosters.models import Absence, Override, Restriction, Roster
from apps.teams.models import Team, TeamRole
from tests.factories.escalation import make_chain
from tests.factories.incidents import make_procedures
from tests.rosters.admin_forms import ROSTERS, entered, signed_in
from tests.rosters.building import layer_of, member, shown

pytestmark = pytest.mark.django_db

OVERRIDES = reverse("admin:rosters_override_changelist")
ADD_ABSENCE = reverse("admin:rosters_absence_add")


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-{text}").replace(tzinfo=UTC)


def question(answer) -> dict[str, list[str]]:
    """What the page that asks sends once somebody says yes."""
    assert "Nothing was changed yet." in answer.content.decode()
    again: dict[str, list[str]] = {}
    for name, value in answer.context["again"]:
        again.setdefault(name, []).append(value)
    return again


@pytest.fixture
def office(clock, team, people):
    """A roster of office hours, in which Ben stands in on Monday from 18:00 to 20:00 and from 20:00 to 22:00 UTC."""
    office = Roster.objects.create(slug="office", name="Office", team=team)
    layer = layer_of(office, people[:1])
    Restriction.objects.create(layer=layer, weekdays=[0, 1, 2, 3, 4], start="09:00", end="18:00")
    actions.materialise(office, now=clock.now)
    return office


@pytest.fixture
def evening(office, people, manager):
    def hours(first: int) -> Override:
        times = {"start": at(f"02T{first}:00"), "end": at(f"02T{first + 2}:00")}
        return actions.add_override(office, person=people[1], by=manager, **times)

    return [hours(18), hours(20)]


def deletion_of(override: Override) -> str:
    return reverse("admin:rosters_override_delete", args=[override.pk])


def test_an_override_that_leaves_a_gap_is_taken_back_once_somebody_says_yes(evening, office, manager):
    client, page = signed_in(manager), deletion_of(evening[0])
    before = shown(office)
    asked = client.post(page, {"post": "yes"})
    told = asked.content.decode()
    assert "Nobody would be on call for Office from Mon 02 Mar 18:00 to Mon 02 Mar 20:00." in told
    assert "successfully" not in told
    assert (shown(office), Override.objects.count(), LogEntry.objects.count()) == (before, 2, 0)
    assert client.post(page, question(asked)).status_code == 302
    assert list(Override.objects.all()) == evening[1:]
    assert LogEntry.objects.count() == 1


def test_an_override_over_a_layer_is_taken_back_unasked(roster, people, manager, clock):
    override = actions.add_override(
        roster, person=people[1], by=manager, start=clock.now, end=clock.now + timedelta(hours=2)
    )
    assert signed_in(manager).post(deletion_of(override), {"post": "yes"}).status_code == 302
    assert not Override.objects.exists()


def test_taking_back_several_at_once_asks_for_all_of_them_together(evening, office, manager):
    client = signed_in(manager)
    chosen = {"action": "delete_selected", "_selected_action": [each.pk for each in evening], "post": "yes"}
    before = shown(office)
    asked = client.post(OVERRIDES, chosen)
    assert "Nobody would be on call for Office from Mon 02 Mar 18:00 to Mon 02 Mar 22:00." in asked.content.decode()
    assert (shown(office), Override.objects.count(), LogEntry.objects.count()) == (before, 2, 0)
    client.post(OVERRIDES, question(asked))
    assert not Override.objects.exists()


def test_a_yes_counts_for_the_gaps_that_were_named_and_for_no_others(evening, office, manager):
    client = signed_in(manager)
    yes = question(client.post(deletion_of(evening[0]), {"post": "yes"}))
    asked = client.post(deletion_of(evening[1]), yes)
    assert "from Mon 02 Mar 20:00 to Mon 02 Mar 22:00" in asked.content.decode()
    assert Override.objects.count() == 2


def test_a_yes_to_a_gap_that_has_begun_counts_while_it_goes_on(roster, clock, manager):
    client = signed_in(manager)
    asked = client.post(ROSTERS, {"action": "retire", "_selected_action": [roster.pk]})
    clock.shift(minutes=5)
    client.post(ROSTERS, question(asked))
    roster.refresh_from_db()
    assert roster.retired_at == clock.now


@pytest.mark.parametrize("forged", ["", "on", "x:y:z", "[[1, null]]"])
def test_a_yes_that_this_house_did_not_ask_for_is_none(evening, manager, forged):
    answer = signed_in(manager).post(deletion_of(evening[0]), {"post": "yes", gap_questions.ACCEPTED: forged})
    question(answer)
    assert Override.objects.count() == 2


def test_a_yes_that_came_too_late_is_asked_again(evening, manager, monkeypatch):
    client = signed_in(manager)
    yes = question(client.post(deletion_of(evening[0]), {"post": "yes"}))
    monkeypatch.setattr(gap_questions, "QUESTION_HOLDS", timedelta(seconds=-1))
    question(client.post(deletion_of(evening[0]), yes))
    assert Override.objects.count() == 2


def test_retiring_names_the_gap_and_what_pages_the_roster(roster, clock, team, manager):
    make_procedures()
    Service.objects.create(slug="api", name="Public API", team=team)
    chain = make_chain("P0", [manager], minutes=(0,), team=team)
    chain.levels.get().targets.update(kind=TargetKind.ROSTER, person=None, roster=roster)
    client = signed_in(manager)
    asked = client.post(ROSTERS, {"action": "retire", "_selected_action": [roster.pk]})
    told = asked.content.decode()
    assert "Nobody would be on call for Platform from Mon 02 Mar 10:00 on." in told
    assert "Chains that page Platform: P0 of Platform." in told
    assert "Services whose incidents page Platform: Public API." in told
    roster.refresh_from_db()
    assert roster.retired_at is None
    done = client.post(ROSTERS, question(asked), follow=True).content.decode()
    roster.refresh_from_db()
    assert roster.retired_at == clock.now
    assert "Platform was retired." in done


def test_of_several_rosters_none_is_retired_before_the_yes(roster, office, manager):
    client = signed_in(manager)
    asked = client.post(ROSTERS, {"action": "retire", "_selected_action": [roster.pk, office.pk]})
    told = asked.content.decode()
    assert "for Platform from" in told
    assert "for Office from" in told
    assert "was retired" not in told
    assert not Roster.objects.exclude(retired_at=None).exists()


def test_a_stand_in_whose_time_the_layers_cover_is_retired_unasked(roster, clock, team, people, manager):
    week = Roster.objects.create(
        slug="week", name="Week", team=team, stands_in_for=roster, stands_in_during=(clock.now, at("05T08:00"))
    )
    layer_of(week, people[2:])
    actions.materialise(week, now=clock.now)
    signed_in(manager).post(ROSTERS, {"action": "retire", "_selected_action": [week.pk]})
    week.refresh_from_db()
    assert week.retired_at == clock.now


def test_splitting_a_layer_that_opens_a_gap_asks(roster, manager):
    """The times of the layer were changed behind the admin's back, so that filling the shifts anew opens the nights."""
    Restriction.objects.create(layer=roster.layers.get(), weekdays=[0, 1, 2, 3, 4], start="09:00", end="18:00")
    page = reverse("admin:rosters_roster_change_from", args=[roster.pk])
    client = signed_in(manager)
    asked = client.post(page, {"layer": roster.layers.get().pk, "day": "2026-03-09"})
    assert "for Platform from Mon 02 Mar 17:00 to Tue 03 Mar 08:00." in asked.content.decode()
    assert roster.layers.count() == 1
    assert client.post(page, question(asked)).status_code == 302
    assert roster.layers.count() == 2


def test_leave_that_a_manager_enters_asks_and_keeps_what_was_entered(office, people, manager):
    client = signed_in(manager)
    form = {
        "person": people[0].pk, "first_day": "2026-03-03", "last_day": "2026-03-03", "kind": "leave",
        "reason": "Moving house",
    }  # fmt: skip
    asked = client.post(ADD_ABSENCE, form)
    assert "Nobody would be on call for Office from Tue 03 Mar 09:00 to Tue 03 Mar 18:00." in asked.content.decode()
    assert not Absence.objects.exists()
    assert client.post(ADD_ABSENCE, question(asked)).status_code == 302
    assert Absence.objects.get().reason == "Moving house"


def test_a_change_of_what_was_accepted_asks_anew(office, people, manager):
    client = signed_in(manager)
    form = {"person": people[0].pk, "first_day": "2026-03-03", "last_day": "2026-03-03", "kind": "leave"}
    yes = question(client.post(ADD_ABSENCE, form))
    asked = client.post(ADD_ABSENCE, yes | {"last_day": ["2026-03-04"]})
    assert "from Wed 04 Mar 09:00 to Wed 04 Mar 18:00" in asked.content.decode()
    assert not Absence.objects.exists()


def test_a_roster_that_one_may_not_see_is_not_named(office, people, manager, clock):
    secret = Roster.objects.create(slug="secret", name="Secret", team=Team.objects.create(slug="ai", name="AI"))
    layer_of(secret, people[:1])
    actions.materialise(secret, now=clock.now)
    form = {"person": people[0].pk, "first_day": "2026-03-08", "last_day": "2026-03-08", "kind": "leave"}
    told = signed_in(manager).post(ADD_ABSENCE, form).content.decode()
    assert "Nobody would be on call for a roster of another team from Sun 08 Mar" in told
    assert "Secret" not in told


def test_the_page_of_a_roster_asks_as_before(office, people, manager, evening):
    form = entered(office) | {
        "layers-0-members-TOTAL_FORMS": 1,
        "layers-0-members-INITIAL_FORMS": 1,
        "layers-0-covers": "Mon-Fri 09:00-12:00",
        "is_primary": "",
        "time_zone": "UTC",
    }
    told = signed_in(manager).post(reverse("admin:rosters_roster_change", args=[office.pk]), form).content.decode()
    assert "Nobody would be on call for Office from Mon 02 Mar 12:00 to Mon 02 Mar 18:00." in told


def test_what_is_carried_out_is_kept_where_it_leaves_no_gap_and_rolled_back_where_it_does(office, manager, clock):
    with actions.refusing_gaps([office.pk], by=manager):
        Roster.objects.filter(pk=office.pk).update(name="Hours")

    def end_layers() -> None:
        with actions.refusing_gaps([office.pk], by=manager):
            office.layers.update(ends_on=date(2026, 3, 3))
            actions.materialise(office, now=clock.now)

    with pytest.raises(LeavesGap) as refused:
        end_layers()
    assert refused.value.gaps == [NamedGap(office.pk, at("03T09:00"), None)]  # and not one for each of the days
    assert (Roster.objects.get().name, office.layers.get().ends_on) == ("Hours", None)


@pytest.mark.parametrize(
    ("by", "status"), [(("sam@example.com", TeamRole.MANAGER), 302), (("vera@example.com", TeamRole.STAKEHOLDER), 403)]
)
def test_others_are_not_even_asked(evening, by, status):
    stranger = member(by[0], Team.objects.create(slug="ai", name="AI"), by[1])
    answer = signed_in(stranger).post(deletion_of(evening[0]), {"post": "yes"})
    assert answer.status_code in (status, 403)
    assert "Office" not in answer.content.decode()
    assert Override.objects.count() == 2


def test_what_is_asked_sends_everything_again(evening, manager):
    answer = signed_in(manager).post(f"{deletion_of(evening[0])}?_changelist_filters=q", {"post": "yes"})
    page = answer.content.decode()
    sent = re.findall(r'<input type="hidden" name="([^"]+)"', page)
    assert {"post", gap_questions.ACCEPTED} <= set(sent)
    assert page.count('name="csrfmiddlewaretoken"') == page.count("<form")


def test_a_gap_goes_on_where_nobody_follows_though_the_horizon_moved_since_the_shifts_were_filled(
    roster, clock, manager
):
    clock.shift(hours=5)
    asked = signed_in(manager).post(ROSTERS, {"action": "retire", "_selected_action": [roster.pk]})
    assert "for Platform from Mon 02 Mar 15:00 on." in asked.content.decode()
