"""What the list of incidents costs: the same few queries whatever it shows."""

from __future__ import annotations

import pytest

from apps.teams.models import TeamRole
from tests.factories.incidents import declare, make_procedures
from tests.factories.teams import make_person, make_team


@pytest.mark.parametrize("address", ["/incidents/", "/incidents/?open=false", "/api/v1/incidents/"])
def test_a_list_of_incidents_takes_twelve_queries_at_most(db, client, django_assert_max_num_queries, address):
    make_procedures()
    teams = [make_team(slug) for slug in ("platform", "ai", "security")]
    rita = make_person("Rita", teams[0], TeamRole.RESPONDER)
    make_person("Mona", teams[1], TeamRole.MANAGER)
    for team in teams:
        for _ in range(5):
            declare(team, rita)
    client.force_login(rita)
    client.get(address)
    with django_assert_max_num_queries(12):
        assert client.get(address).status_code == 200
