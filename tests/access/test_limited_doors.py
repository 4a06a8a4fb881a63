"""A token that is limited to a team names no other one, whatever is looked at by it."""

from __future__ import annotations

from django.test import Client

from apps.teams import actions
from apps.teams.access import Holder
from apps.teams.models import Scope, Team
from tests.access.api import API
from tests.access.knocking import knock
from tests.access.test_doors import addresses
from tests.access.visiting import Visitor, doors
from tests.access.world import OTHER, OWN, WORD_OF, World


def test_a_token_of_one_team_reads_of_no_other(world: World, record_property):
    person = world.people[Holder.ADMIN]
    team: Team = world.things[OWN]["team"]
    _, secret = actions.create_token(person, name="ci", scope=Scope.MANAGE, team_ids=[team.pk])
    client = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {secret}"})
    things = Visitor(Holder.ADMIN).things(world, OWN)
    looked = [door for door in doors(addresses(), API, ("get",)) if door.is_there and door.route.name]
    record_property("doors", len(looked))
    answers = {str(door): knock(client, "get", door.address(things), {}) for door in looked}
    told = [door for door, answer in answers.items() if WORD_OF[OTHER] in answer.text.lower()]
    assert told == []
