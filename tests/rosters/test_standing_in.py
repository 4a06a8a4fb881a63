"""A roster that stands in for another: by whose right, and when two change that at once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from apps.core.errors import Conflict, Invalid, NotAllowed, RuleViolation
from apps.rosters import actions, queries
from apps.rosters.actions import LayerEntry
from apps.rosters.models import Roster, SwapState
from apps.teams.models import Team, TeamRole, User
from tests.rosters.admin_forms import ADD_ROSTER, as_shown, change_page, signed_in
from tests.rosters.building import layer_of, member
from tests.rosters.test_api import client_of
from tests.rosters.test_api_writing import ROSTERS, send

pytestmark = pytest.mark.django_db

WEEK = {
    "stands_in_from": datetime(2026, 3, 8, tzinfo=UTC),
    "stands_in_until": datetime(2026, 3, 20, tzinfo=UTC),
}


def names(roster: Roster) -> set[str]:
    """Who holds the roster within that week."""
    return set(
        roster.shifts.filter(during__contains=datetime(2026, 3, 10, tzinfo=UTC)).values_list("person__name", flat=True)
    )


def change(roster: Roster, changes: dict[str, object], by: User) -> None:
    """Change it as it is now, whatever gaps that makes."""
    actions.change_roster(Roster.objects.get(pk=roster.pk), changes, by=by, accept_gaps=True)


def test_nobody_takes_over_a_roster_of_a_team_that_they_do_not_manage(roster, manager, people, clock):
    other = Team.objects.create(slug="security", name="Security")
    bob = member("bob@example.com", other, TeamRole.RESPONDER)
    theirs = Roster.objects.create(slug="theirs", name="Theirs", team=other, is_primary=True)
    layer_of(theirs, [bob])
    actions.materialise(theirs)
    takes_over = {"stands_in_for": theirs, **WEEK}
    layers = [LayerEntry(fields={"name": "All", "starts_on": date(2026, 3, 1)}, people=people[:1])]
    new = {"slug": "new", "name": "New", "team": roster.team, "time_zone": "UTC", **takes_over}
    with pytest.raises(NotAllowed):
        actions.create_roster(new, layers=layers, by=manager)
    second = Roster.objects.create(slug="second", name="Second", team=roster.team)
    with pytest.raises(NotAllowed):
        actions.change_roster(second, takes_over, by=manager, accept_gaps=True)
    assert queries.on_call_people(other, clock.now) == [bob]
    assert not Roster.objects.filter(slug="new").exists()


@pytest.fixture
def elsewhere(roster, people, clock) -> Roster:
    """A roster of another team, managed by olga, that stands in for the one of the platform team."""
    other = Team.objects.create(slug="ai", name="AI")
    member("olga@example.com", other, TeamRole.MANAGER)
    return actions.create_roster(
        {"slug": "feast", "name": "Feast", "team": other, "stands_in_for": roster, **WEEK},
        layers=[LayerEntry(fields={"name": "All", "starts_on": date(2026, 3, 1)}, people=people[:1])],
        by=member("ada@example.com", None, TeamRole.ADMIN),
    )


def test_what_stands_in_for_a_roster_of_another_team_is_sent_back_as_it_was_read(elsewhere):
    client = client_of(User.objects.get(email="olga@example.com"))
    address = f"{ROSTERS}feast/"
    read = client.get(address).json()
    assert send(client, "patch", address, read | {"name": "Holidays"}).status_code == 200
    again = client.get(address).json()
    assert (again["name"], again["stands_in_for"]) == ("Holidays", "platform")
    ended = send(client, "patch", address, {"stands_in_for": None, "accept_gaps": True})
    assert (ended.status_code, ended.json()["stands_in_for"]) == (200, None)
    refused = send(client, "patch", address, read)
    assert refused.json()["errors"] == {"stands_in_for": ["You manage no roster platform."]}


def test_what_stands_in_for_a_roster_of_another_team_is_edited_by_its_own_manager(elsewhere, roster):
    client = signed_in(User.objects.get(email="olga@example.com"))
    page = client.get(change_page(elsewhere))
    assert f'<option value="{roster.pk}" selected>A roster of another team</option>' in page.content.decode()
    answer = client.post(change_page(elsewhere), as_shown(page) | {"name": ["Holidays"]})
    assert answer.status_code == 302
    elsewhere.refresh_from_db()
    assert (elsewhere.name, elsewhere.stands_in_for) == ("Holidays", roster)
    assert "A roster of another team" not in client.get(ADD_ROSTER).content.decode()


def test_a_change_of_what_stood_in_meanwhile_is_refused(roster, manager, people, clock):
    second = Roster.objects.create(slug="second", name="Second", team=roster.team)
    layer_of(second, people[:1])
    actions.materialise(second)
    read_before = Roster.objects.get(pk=second.pk)
    actions.change_roster(second, {"stands_in_for": roster, **WEEK}, by=manager, accept_gaps=True)
    assert names(roster) == {"anna"}
    with pytest.raises(Conflict):
        actions.change_roster(read_before, {"stands_in_for": None}, by=manager, accept_gaps=True)
    assert names(roster) == {"anna"}
    actions.change_roster(Roster.objects.get(pk=second.pk), {"stands_in_for": None}, by=manager, accept_gaps=True)
    assert names(roster) == {"ben"}


def stand_in(slug: str, other: Roster, people, manager) -> Roster:
    """A roster of the first of ``people`` that stands in for ``other``."""
    found = Roster.objects.create(slug=slug, name=slug, team=other.team, time_zone="UTC")
    layer_of(found, people[:1], starts_on=date(2026, 3, 1))
    actions.change_roster(found, {"stands_in_for": other, **WEEK}, by=manager, accept_gaps=True)
    found.refresh_from_db()
    return found


def test_whether_it_stands_in_is_settled_once_a_shift_of_it_has_begun(roster, manager, people, clock):
    second = Roster.objects.create(slug="second", name="Second", team=roster.team)
    layer_of(second, people[2:3])
    actions.materialise(second)
    change(second, {"stands_in_for": roster, **WEEK}, manager)
    change(second, {"stands_in_for": None}, manager)
    clock.shift(hours=1)
    held = queries.on_call(at=clock.now)
    with pytest.raises(Invalid, match="have begun") as refused:
        change(second, {"stands_in_for": roster, **WEEK}, manager)
    assert refused.value.field == "stands_in_for"
    assert queries.on_call(at=clock.now) == held


def test_what_has_stood_in_cannot_be_made_a_roster_of_its_own(roster, manager, people, clock):
    second = Roster.objects.create(slug="second", name="Second", team=roster.team)
    third = Roster.objects.create(slug="third", name="Third", team=roster.team)
    layer_of(second, people[2:3])
    change(second, {"stands_in_for": roster, **WEEK}, manager)
    clock.set(WEEK["stands_in_from"] + timedelta(days=1))
    for other in (None, third):
        with pytest.raises(Invalid, match="have begun"):
            change(second, {"stands_in_for": other}, manager)
    change(second, {"stands_in_until": clock.now + timedelta(days=1)}, manager)
    assert second.history.count() == 3


def test_what_somebody_holds_in_a_stand_in_is_given_away_once_where_it_is_paged(roster, manager, people, clock):
    week = {"slug": "week", "name": "Week", "team": roster.team, "stands_in_for": roster, **WEEK}
    layers = [LayerEntry(fields={"name": "All", "starts_on": date(2026, 3, 1)}, people=people[2:3])]
    stand_in = actions.create_roster(week, layers=layers, by=manager)
    times = {"start": WEEK["stands_in_from"], "end": WEEK["stands_in_from"] + timedelta(hours=9)}
    with pytest.raises(RuleViolation, match="Week stands in for Platform: ask for it there"):
        actions.ask_for_swap(stand_in, by=people[2], **times)
    swap = actions.ask_for_swap(roster, by=people[2], **times)
    actions.accept_swap(swap, by=people[0])
    assert queries.on_call_people(roster.team, times["start"]) == [people[0]]


def test_no_two_stand_in_at_the_same_time(roster, manager, people):
    first = stand_in("zeta", roster, people, manager)
    with pytest.raises(Invalid, match="zeta stands in for Platform within that time already") as refused:
        stand_in("alpha", roster, people[1:], manager)
    assert refused.value.field == "stands_in_from"
    assert names(roster) == {"anna"}
    second = Roster.objects.get(slug="alpha")
    after = {"stands_in_from": WEEK["stands_in_until"], "stands_in_until": datetime(2026, 3, 25, tzinfo=UTC)}
    actions.change_roster(second, {"stands_in_for": roster, **after}, by=manager, accept_gaps=True)
    second.refresh_from_db()
    with pytest.raises(Invalid, match="zeta stands in"):
        actions.change_roster(second, WEEK, by=manager, accept_gaps=True)
    actions.retire(first, by=manager)
    actions.change_roster(second, WEEK, by=manager, accept_gaps=True)
    assert names(roster) == {"ben"}


def test_the_database_lets_no_two_stand_in_at_the_same_time(roster, manager, people):
    stand_in("zeta", roster, people, manager)
    during = DateTimeTZRange(datetime(2026, 3, 19, tzinfo=UTC), datetime(2026, 3, 21, tzinfo=UTC))
    with pytest.raises(IntegrityError, match="roster_one_stands_in_at_a_time"):
        Roster.objects.create(
            slug="alpha", name="Alpha", team=roster.team, stands_in_for=roster, stands_in_during=during
        )


def test_no_chain_is_made_of_a_roster_that_was_read_before_it_stood_in(roster, manager, people):
    read_before = Roster.objects.create(slug="b", name="B", team=roster.team)
    stand_in_of_b = Roster.objects.create(slug="a", name="A", team=roster.team)
    stale = Roster.objects.get(pk=read_before.pk)
    actions.change_roster(read_before, {"stands_in_for": roster, **WEEK}, by=manager, accept_gaps=True)
    with pytest.raises(Invalid, match="stands in for another itself"):
        actions.change_roster(stand_in_of_b, {"stands_in_for": stale, **WEEK}, by=manager, accept_gaps=True)
    new = {"slug": "new", "name": "New", "team": roster.team, "time_zone": "UTC", "stands_in_for": stale, **WEEK}
    with pytest.raises(Invalid, match="stands in for another itself"):
        actions.create_roster(new, by=manager)


def test_nothing_begins_to_stand_in_for_what_was_retired_meanwhile(roster, manager, people):
    stale = Roster.objects.get(pk=roster.pk)
    second = Roster.objects.create(slug="second", name="Second", team=roster.team)
    actions.retire(roster, by=manager)
    with pytest.raises(Invalid, match="is retired"):
        actions.change_roster(second, {"stands_in_for": stale, **WEEK}, by=manager, accept_gaps=True)


def test_one_that_stood_in_for_a_retired_roster_is_not_changed_but_released(roster, manager, people):
    second = stand_in("second", roster, people, manager)
    Roster.objects.filter(pk=roster.pk).update(retired_at=datetime(2026, 3, 2, 10, tzinfo=UTC))
    with pytest.raises(Invalid, match="is retired"):
        actions.change_roster(second, {"name": "Other"}, by=manager, accept_gaps=True)
    actions.change_roster(second, {"stands_in_for": None}, by=manager, accept_gaps=True)


def test_whoever_retires_a_roster_ends_what_stands_in_for_it(roster, manager, people, clock):
    second = stand_in("second", roster, people, manager)
    shift = second.shifts.order_by("during").last()
    during = DateTimeTZRange(shift.start, shift.end)  # asked before it stood in
    swap = second.swaps.create(asked_by=shift.person, during=during, asked_at=clock.now)
    clock.set(datetime(2026, 3, 9, 12, tzinfo=UTC))
    actions.retire(roster, by=manager)
    second.refresh_from_db()
    swap.refresh_from_db()
    assert (second.retired_at, swap.state, swap.answered_by) == (clock.now, SwapState.WITHDRAWN, manager)
    assert [each.end for each in second.shifts.order_by("-during")[:1]] == [clock.now]
    assert not roster.shifts.filter(during__endswith__gt=clock.now).exists()
    assert [row.history_user for row in Roster.history.filter(id=second.pk, retired_at=clock.now)] == [manager]


def test_open_requests_of_a_retired_roster_are_withdrawn_and_others_stay(roster, manager, people, clock):
    first, second = roster.shifts.order_by("during")[1:3]
    waiting = actions.ask_for_swap(roster, by=first.person, start=first.start, end=first.end)
    answered = actions.ask_for_swap(roster, by=second.person, start=second.start, end=second.end, asked_of=first.person)
    actions.refuse_swap(answered, by=first.person)
    actions.retire(roster, by=manager)
    waiting.refresh_from_db()
    answered.refresh_from_db()
    assert (waiting.state, waiting.answered_by) == (SwapState.WITHDRAWN, manager)
    assert answered.state == SwapState.REFUSED


def test_a_request_that_was_left_open_by_a_retired_roster_can_be_withdrawn(roster, manager, clock):
    shift = roster.shifts.order_by("during")[1]
    swap = actions.ask_for_swap(roster, by=shift.person, start=shift.start, end=shift.end)
    Roster.objects.filter(pk=roster.pk).update(retired_at=clock.now)
    assert actions.withdraw_swap(swap, by=shift.person).state == SwapState.WITHDRAWN
