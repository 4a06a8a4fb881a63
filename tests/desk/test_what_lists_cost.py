"""What the list of incidents costs: the same few queries whatever it shows."""

from __future__ import annotations

import pytest

from apps.teams.actions import add_member
from apps.teams.models import TeamRole, User
from tests.factories.incidents import declare, make_procedures
from tests.factories.teams import make_person, make_team


@pytest.mark.parametrize(
    "address", ["/incidents/", "/incidents/?open=false", "/incidents/?open=false&team=platform", "/api/v1/incidents/"]
)
def test_a_list_of_incidents_takes_thirteen_queries_at_most(db, client, django_assert_max_num_queries, address):
    make_procedures()
    teams = [make_team(slug) for slug in ("platform", "ai", "security")]
    rita = make_person("Rita", teams[0], TeamRole.RESPONDER)
    for team in teams:
        add_member(rita, team, TeamRole.RESPONDER)
        for _ in range(5):
            declare(team, rita)
    client.force_login(User.objects.get(pk=rita.pk))
    client.get(address)
    with django_assert_max_num_queries(13):
        assert client.get(address).status_code == 200
