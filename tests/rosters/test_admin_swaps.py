"""Managers look at the swaps of their rosters, and withdraw what nobody will answer any more."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from apps.rosters import actions
from apps.rosters.models import Roster, SwapState
from apps.teams.models import Team, TeamRole
from tests.rosters.admin_forms import signed_in
from tests.rosters.building import layer_of, member

pytestmark = pytest.mark.django_db

SWAPS = reverse("admin:rosters_swap_changelist")


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-{text}").replace(tzinfo=UTC)


@pytest.fixture
def swap(roster, people):
    """Ben asks Cleo to take his Tuesday."""
    _, ben, cleo = people
    return actions.ask_for_swap(roster, by=ben, asked_of=cleo, start=at("03T08:00"), end=at("04T08:00"))


@pytest.fixture
def cover(roster, people):
    """Anna asks for cover on Thursday."""
    return actions.ask_for_swap(roster, by=people[0], start=at("05T08:00"), end=at("06T08:00"))


@pytest.fixture
def strange(clock):
    """A request in a roster of another team."""
    team = Team.objects.create(slug="ai", name="AI")
    zoe = member("zoe@example.com", team, TeamRole.RESPONDER)
    roster = Roster.objects.create(slug="strange", name="Strange", team=team)
    layer_of(roster, [zoe])
    actions.materialise(roster, now=clock.now)
    return actions.ask_for_swap(roster, by=zoe, start=at("05T09:00"), end=at("06T09:00"))


def listed(client, **query) -> set[int]:
    return {swap.pk for swap in client.get(SWAPS, query).context["cl"].result_list}


def withdraw(client, *swaps):
    return client.post(SWAPS, {"action": "withdraw", "_selected_action": [each.pk for each in swaps]}, follow=True)


def test_a_manager_sees_the_swaps_of_their_own_rosters_by_state_roster_and_person(
    swap, cover, strange, roster, people, manager
):
    client = signed_in(manager)
    assert listed(client) == {swap.pk, cover.pk}
    assert listed(client, person=people[2].pk) == {swap.pk}
    assert listed(client, person=people[0].pk) == {cover.pk}
    assert listed(client, state__exact="accepted") == set()
    assert listed(client, roster__id__exact=roster.pk) == {swap.pk, cover.pk}
    page = client.get(SWAPS).content.decode()
    assert "Strange" not in page
    assert "zoe" not in page
    assert "Everybody (cover)" in page
    assert "Tue 3 Mar 2026, 08:00 to Wed 4 Mar 2026, 08:00" in page


def test_a_filter_for_somebody_of_other_teams_or_for_nobody_filters_nothing(swap, strange, manager):
    client = signed_in(manager)
    for value in (strange.asked_by_id, "x", "9" * 30):
        assert listed(client, person=value) == {swap.pk}


def test_a_manager_withdraws_what_somebody_who_left_has_asked_for(swap, people, manager):
    people[1].is_active = False
    people[1].save()
    told = withdraw(signed_in(manager), swap).content.decode()
    swap.refresh_from_db()
    assert (swap.state, swap.answered_by) == (SwapState.WITHDRAWN, manager)
    assert "Withdrawn: ben asks cleo" in told


def test_what_was_answered_is_named_and_stays(swap, cover, people, manager):
    actions.refuse_swap(swap, by=people[2])
    told = withdraw(signed_in(manager), swap, cover).content.decode()
    assert "It is refused already." in told
    swap.refresh_from_db()
    cover.refresh_from_db()
    assert (swap.state, cover.state) == (SwapState.REFUSED, SwapState.WITHDRAWN)


def test_a_manager_of_another_team_reaches_nothing(swap, strange, team):
    sam = signed_in(member("sam@example.com", strange.roster.team, TeamRole.MANAGER))
    assert listed(sam) == {strange.pk}
    withdraw(sam, swap)
    swap.refresh_from_db()
    assert swap.state == SwapState.ASKED
    assert sam.get(reverse("admin:rosters_swap_change", args=[swap.pk])).status_code == 302


def test_an_auditor_looks_and_withdraws_nothing(swap, strange):
    auditor = signed_in(member("audrey@example.com", None, TeamRole.AUDITOR))
    assert listed(auditor) == {swap.pk, strange.pk}
    withdraw(auditor, swap)
    swap.refresh_from_db()
    assert swap.state == SwapState.ASKED


@pytest.mark.parametrize("role", [TeamRole.RESPONDER, TeamRole.STAKEHOLDER])
def test_who_manages_nothing_has_no_business_here(swap, team, role):
    client = signed_in(member("rick@example.com", team, role))
    assert client.get(SWAPS).status_code == 403


def test_nothing_is_added_edited_or_deleted_here(swap, manager):
    client = signed_in(manager)
    page = reverse("admin:rosters_swap_change", args=[swap.pk])
    assert client.get(reverse("admin:rosters_swap_add")).status_code == 403
    assert client.get(page).status_code == 200
    assert client.post(page, {"state": "accepted"}).status_code == 403
    assert client.post(reverse("admin:rosters_swap_delete", args=[swap.pk]), {"post": "yes"}).status_code == 403
    assert "delete_selected" not in client.get(SWAPS).content.decode()


def test_the_list_costs_the_same_for_many_swaps(swap, roster, people, manager, django_assert_max_num_queries):
    client = signed_in(manager)
    for day in range(5, 25, 3):
        start, end = at(f"{day:02}T08:00"), at(f"{day + 1:02}T08:00")
        actions.ask_for_swap(roster, by=people[0], asked_of=people[1], start=start, end=end)
    client.get(SWAPS)
    with django_assert_max_num_queries(20):
        assert len(listed(client)) == 8
