"""Whose chain an incident climbs: that of its service, else of its team, else of everybody."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from apps.catalog.models import Service
from apps.escalation import actions as escalation
from apps.escalation import queries, usage
from apps.escalation.models import Policy
from apps.incidents.models import EventKind, Severity
from apps.teams.models import User
from tests.escalation.building import House, chain, level_of, paged, texts
from tests.escalation.test_chain import let_pass
from tests.factories.incidents import declare
from tests.factories.teams import make_team


@pytest.fixture
def api(house: House) -> Service:
    return Service.objects.create(slug="api", name="API", team=house.team)


@pytest.fixture
def web(house: House) -> Service:
    return Service.objects.create(slug="web", name="Web", team=house.team)


def policy_for(house: House, *services: Service, severity: str = "P0") -> Policy | None:
    return queries.policy_for(Severity.objects.get(code=severity), house.team, services)


def test_a_service_s_chain_goes_before_its_team_s_and_that_before_everybody_s(house, api):
    for_everybody = chain("P0", house.tom)
    assert policy_for(house, api) == for_everybody
    of_the_team = chain("P0", house.emma, team=house.team)
    assert policy_for(house, api) == of_the_team
    of_the_service = chain("P0", house.carl, service=api)
    assert policy_for(house, api) == of_the_service
    assert policy_for(house) == of_the_team


def test_of_several_services_the_first_that_has_a_chain_decides(house, api, web):
    chain("P0", house.tom, team=house.team)
    of_web = chain("P0", house.emma, service=web)
    assert policy_for(house, web, api) == policy_for(house, api, web) == of_web
    of_api = chain("P0", house.carl, service=api)
    assert policy_for(house, web, api) == policy_for(house, api, web) == of_api


def test_an_incident_of_a_service_pages_whom_the_service_s_chain_names(house, api, clock):
    chain("P0", house.tom)
    chain("P0", house.carl, service=api)
    incident, other = declare(house.team, house.olga, services=[api]), declare(house.team, house.olga)
    let_pass(clock, clock.now)
    assert (paged(incident, 1), paged(other, 1)) == ([house.carl], [house.tom])


def test_a_chain_without_levels_covers_nothing_and_the_wider_one_is_climbed(house, api):
    of_the_team = chain("P0", house.tom, team=house.team)
    Policy.objects.create(severity=of_the_team.severity, service=api)
    assert policy_for(house, api) == of_the_team


def test_the_service_s_own_chain_of_a_worse_severity_lends_first(house, api):
    chain("P0", house.olga, house.tom, house.emma, team=house.team)
    chain("P0", house.olga, house.tom, house.carl, service=api)
    chain("P3", house.olga)
    incident = declare(house.team, house.olga, severity="P3", services=[api])
    escalation.escalate(incident.pk, level=3, reason="Stuck", by=house.olga)
    assert paged(incident, 3) == [house.carl]
    assert "(taken from the chain of P0 of API)" in texts(incident, EventKind.ESCALATED)[0]


def test_a_severity_has_one_chain_a_service_and_one_a_team(house, api):
    severity = Severity.objects.get(code="P0")
    for scope in ({}, {"team": house.team}, {"service": api}):
        Policy.objects.create(severity=severity, **scope)
        with pytest.raises(IntegrityError, match="policy_once_per_severity"), transaction.atomic():
            Policy.objects.create(severity=severity, **scope)
    with pytest.raises(IntegrityError, match="policy_of_a_service_or_a_team"), transaction.atomic():
        Policy.objects.create(severity=severity, service=api, team=house.team)


def administrator() -> User:
    return User.objects.create_superuser("root@example.com")


def test_where_a_policy_is_used_and_who_falls_back_to_it(house, api, web):
    ai = make_team("ai")
    of_ai = Service.objects.create(slug="model", name="Model", team=ai)
    for_everybody = chain("P0", house.tom)
    of_the_team = chain("P0", house.tom, team=house.team)
    of_the_service = chain("P0", house.tom, service=api)
    policies, root = (for_everybody, of_the_team, of_the_service), administrator()
    general, own, narrow = (usage.where_used(each, viewer=root) for each in policies)
    assert (general.teams, general.services) == ([ai], [of_ai])
    assert (general.teams_behind, general.services_behind) == ([house.team], [api])
    assert (own.teams, own.services) == ([house.team], [web])
    assert (own.teams_behind, own.services_behind) == ([], [api])
    assert (narrow.teams, narrow.services) == ([], [api])
    assert (narrow.teams_behind, narrow.services_behind) == ([], [])


def test_a_policy_names_the_incidents_that_climb_it_now(house, api, clock):
    of_the_service = chain("P0", house.carl, service=api)
    running, over = declare(house.team, house.olga, services=[api]), declare(house.team, house.olga, services=[api])
    escalation.end_run(over, reason="cancelled")
    assert list(usage.where_used(of_the_service, viewer=administrator()).running) == [running]


def test_where_the_chain_of_every_team_is_used_is_told_as_far_as_one_sees(house, api, web):
    ai = make_team("ai")
    Service.objects.create(slug="model", name="Model", team=ai)
    for_everybody = chain("P0", house.tom)
    declare(house.team, house.olga)
    declare(ai, private=True)
    told = usage.where_used(for_everybody, viewer=house.olga)
    assert (told.teams, told.services) == ([house.team], [api, web])
    assert [incident.team for incident in told.running] == [house.team]


def test_an_edit_of_the_policy_leaves_a_running_incident_alone_in_every_round(house, clock):
    policy = chain("P0", house.olga, house.tom)
    Policy.objects.filter(pk=policy.pk).update(repeats=1, repeat_every=timedelta(hours=1))
    incident = declare(house.team, house.olga)
    policy.levels.all().delete()
    let_pass(clock, clock.now + timedelta(hours=2))
    run = incident.escalation_runs.get()
    assert [(level.round, level.number, level.state) for level in run.levels.all()] == [
        (1, 1, "fired"), (1, 2, "fired"), (2, 1, "fired"), (2, 2, "fired")
    ]  # fmt: skip
    assert level_of(incident, 1).source is None
