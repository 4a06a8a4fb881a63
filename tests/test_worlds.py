"""What many tests begin with is the same whether it was built or copied, and can be built upon."""

from __future__ import annotations

import pytest

from apps.teams.models import Team, TeamRole, User
from tests.factories.teams import make_person, make_team
from tests.worlds import remembered


def build() -> User:
    return make_person("Olga", make_team(), TeamRole.RESPONDER)


@pytest.mark.parametrize("time", ["first", "second", "third"])
def test_a_world_is_the_same_each_time_and_what_follows_gets_numbers_of_its_own(db, clock, time):
    olga = remembered("worlds", build)
    assert User.objects.get() == olga
    assert olga.memberships.get().team == Team.objects.get(slug="platform")
    assert olga.contact_methods.get().value == "olga@example.com"
    olga.name = f"Olga the {time}"
    olga.save()
    assert make_person("Tom", make_team("ai"), TeamRole.RESPONDER).pk > olga.pk


def test_what_one_test_changed_the_next_does_not_see(db, clock):
    assert remembered("worlds", build).name == "Olga"
    assert User.objects.get().name == "Olga"


def test_where_there_are_rows_already_it_is_built_beside_them(db, clock):
    make_person("Tom")
    olga = remembered("worlds beside", build)
    assert User.objects.count() == 2
    assert olga.contact_methods.count() == 1
