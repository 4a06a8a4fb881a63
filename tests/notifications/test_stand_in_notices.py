"""The managers of a roster that stood in hear that it ended with the one for which it did."""

from __future__ import annotations

from datetime import timedelta

from apps.engine.runner import run_due
from apps.notifications.models import Channel
from apps.rosters import actions as rosters
from apps.rosters.models import Roster
from apps.teams.actions import add_member
from apps.teams.models import TeamRole
from tests.factories.rosters import put_on_call
from tests.factories.teams import make_person, make_team


def test_they_hear_of_it_but_for_whoever_did_it(team, olga, clock, carried):
    roster, other = put_on_call(team, olga), make_team("ai")
    mona, theo = make_person("Mona", team, TeamRole.MANAGER), make_person("Theo", other, TeamRole.MANAGER)
    add_member(mona, other, TeamRole.MANAGER)
    stand_in = Roster.objects.create(slug="holiday", name="Holiday", team=other)
    week = {"stands_in_from": clock.now + timedelta(days=7), "stands_in_until": clock.now + timedelta(days=14)}
    rosters.change_roster(stand_in, {"stands_in_for": roster, **week}, by=mona, accept_gaps=True)
    rosters.retire(roster, by=mona)
    run_due()
    [message] = carried[Channel.EMAIL].to(theo.email)
    assert message.subject == "Holiday is retired: so is Platform, for which it stood in"
    assert "Mona retired Platform, team Platform." in message.text
    assert "/rosters/holiday/" in message.text
    assert carried[Channel.EMAIL].to(mona.email) == []
