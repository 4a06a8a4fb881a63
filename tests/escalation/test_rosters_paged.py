"""What pages a roster is known before the roster is ended."""

from __future__ import annotations

import pytest

from apps.catalog.models import Service
from apps.escalation.models import TargetKind
from apps.rosters.models import Roster
from apps.rosters.paged_through import what_pages
from apps.teams.models import TeamRole
from tests.factories.escalation import make_chain
from tests.factories.incidents import make_procedures
from tests.factories.teams import make_person, make_team


@pytest.fixture
def platform(db):
    make_procedures()
    return make_team("platform")


@pytest.fixture
def mona(platform):
    return make_person("Mona", platform, TeamRole.MANAGER)


@pytest.fixture
def primary(platform):
    return Roster.objects.create(slug="primary", name="Primary", team=platform, is_primary=True)


@pytest.fixture
def second(platform):
    return Roster.objects.create(slug="second", name="Second", team=platform)


@pytest.fixture
def api(platform):
    return Service.objects.create(slug="api", name="Public API", team=platform)


def chain_to(roster, severity, person, **scope):
    """A chain of one level that pages ``roster``; None: whoever is on call for the incident's team."""
    chain = make_chain(severity, [person], minutes=(0,), **scope)
    kind = TargetKind.ROSTER if roster else TargetKind.ON_CALL
    chain.levels.get().targets.update(kind=kind, person=None, roster=roster)


def test_the_chains_that_name_a_roster_and_the_services_that_climb_them_are_told(second, api, platform, mona):
    Service.objects.create(slug="old", name="Old", team=platform, is_active=False)
    chain_to(second, "P0", mona, team=platform)
    chain_to(second, "P1", mona, service=api)
    assert what_pages([second], viewer=mona) == [
        "Chains that page Second: P0 of Platform, P1 of Public API.",
        "Services whose incidents page Second: Public API.",
    ]


def test_a_primary_roster_is_paged_by_services_without_a_chain_and_by_chains_that_page_who_is_on_call(
    primary, second, api, mona
):
    assert what_pages([primary, second], viewer=mona) == ["Services whose incidents page Primary: Public API."]
    chain_to(None, "P0", mona)
    assert what_pages([primary, second], viewer=mona) == ["Services whose incidents page Primary: Public API."]


def test_a_chain_that_goes_elsewhere_does_not_page_the_primary_roster(primary, api, mona):
    make_chain("P0", [mona], minutes=(0,))
    assert what_pages([primary], viewer=mona) == []


def test_what_belongs_to_other_teams_is_counted_and_not_named(second, mona):
    ai = make_team("ai")
    service = Service.objects.create(slug="gpu", name="GPU", team=ai)
    chain_to(second, "P0", mona, service=service)
    assert what_pages([second], viewer=mona) == [
        "Chains that page Second: 1 of other teams.",
        "Services whose incidents page Second: 1 of other teams.",
    ]


def test_the_number_of_queries_does_not_depend_on_how_much_there_is(
    primary, second, platform, mona, django_assert_num_queries
):
    for number in range(5):
        service = Service.objects.create(slug=f"s{number}", name=f"S{number}", team=platform)
        chain_to(second, "P0", mona, service=service)
        chain_to(second, "P1", mona, service=service)
    what_pages([second], viewer=mona)
    with django_assert_num_queries(4):
        what_pages([primary, second], viewer=mona)
