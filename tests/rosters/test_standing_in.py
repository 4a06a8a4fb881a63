"""A roster that stands in for another: by whose right, and when two change that at once."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from apps.core.errors import Conflict, NotAllowed
from apps.rosters import actions, queries
from apps.rosters.actions import LayerEntry
from apps.rosters.models import Roster
from apps.teams.models import Team, TeamRole
from tests.rosters.building import layer_of, member

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
