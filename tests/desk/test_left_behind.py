"""The managers of a team hear what somebody who was deactivated leaves there, and of what is private nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.desk import left_behind
from apps.engine.models import Timer
from apps.escalation.models import LevelTarget, TargetKind
from apps.incidents import actions as incidents
from apps.incidents.models import Expert
from apps.notifications.models import Notification
from apps.postmortems import actions as postmortems
from apps.postmortems.models import ActionKind
from apps.rosters import actions as rosters
from apps.rosters.models import Roster
from apps.teams import actions as teams
from apps.teams.models import TeamRole, User
from tests.factories.escalation import make_chain
from tests.factories.incidents import declare, make_procedures
from tests.factories.teams import make_person, make_team
from tests.rosters.building import layer_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def platform():
    return make_team("platform")


@pytest.fixture
def anna(platform):
    return make_person("Anna", platform, TeamRole.COMMANDER)


@pytest.fixture
def mara(platform):
    """The manager."""
    return make_person("Mara", platform, TeamRole.MANAGER)


@pytest.fixture
def chief():
    """An administrator."""
    return make_person("Chief", None, TeamRole.ADMIN)


def run_what_is_planned() -> None:
    for timer in Timer.objects.filter(kind=left_behind.TELL):
        left_behind.tell_what_somebody_left(timer)


def told(person: User) -> list[str]:
    return list(Notification.objects.filter(person=person, step__startswith="left:").values_list("text", flat=True))


def test_the_manager_reads_of_turns_chains_roles_items_and_of_being_the_only_one(clock, platform, anna, mara, chief):
    make_procedures()
    roster = Roster.objects.create(slug="p", name="First line", team=platform, time_zone="UTC", is_primary=True)
    layer_of(roster, [anna])
    rosters.materialise(roster, now=clock.now)
    chain = make_chain("P0", [anna], minutes=(0,))
    incident = declare(platform)
    incidents.assign_role(incident.pk, role="technical_lead", person=anna, by=anna)
    due = (clock.now + timedelta(days=7)).date()
    postmortems.add_action_item(
        incident.pk, kind=ActionKind.TECHNICAL, action="Add a limit", due_date=due, by=anna, owner=anna
    )
    Expert.objects.create(key="data", field="Data", title="Data engineer", person=anna)
    teams.deactivate(anna)
    run_what_is_planned()
    [text] = told(mara)
    assert "- They take turns in the roster First line." in text
    assert f"- They are Technical Lead of {incident}." in text
    assert f"due on {due}: Add a limit" in text
    assert "- They were the only commander of Platform." in text
    [of_organisation] = told(chief)
    assert f"Level 1 of the chain {chain} pages them by name." in of_organisation
    assert "They are the expert for Data." in of_organisation


def test_of_what_is_private_nothing_is_told(platform, anna, mara):
    make_procedures()
    teams.add_member(make_person("Cora", platform), platform, TeamRole.COMMANDER)
    incident = declare(platform, private=True)
    incidents.assign_role(incident.pk, role="technical_lead", person=anna, by=anna)
    teams.deactivate(anna)
    run_what_is_planned()
    assert told(mara) == []


def test_who_leaves_nothing_behind_is_no_news(platform, mara, chief):
    teams.deactivate(make_person("Rita", platform, TeamRole.RESPONDER))
    run_what_is_planned()
    assert not Notification.objects.exists()


def test_who_is_back_before_it_is_told_is_no_news(platform, anna, mara):
    teams.deactivate(anna)
    teams.reactivate(anna)
    run_what_is_planned()
    assert told(mara) == []


def test_the_administrators_hear_of_a_team_that_has_no_manager_any_more(platform, mara, chief):
    teams.deactivate(mara)
    run_what_is_planned()
    assert ["They were the only manager of Platform." in text for text in told(chief)] == [True]


def test_much_costs_as_many_queries_as_little(clock, platform, anna):
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            left_behind.holes_of(anna)
        return len(queries)

    make_procedures()
    chain = make_chain("P0", [anna], minutes=(0,))
    before = asked()
    for number in range(4):
        roster = Roster.objects.create(slug=f"r{number}", name=f"R{number}", team=platform, time_zone="UTC")
        layer_of(roster, [anna])
        level = chain.levels.create(number=number + 2, name="L", after=timedelta(minutes=number + 1))
        LevelTarget.objects.create(level=level, kind=TargetKind.PERSON, person=anna)
    assert asked() == before <= 10
    assert len(left_behind.holes_of(anna)[platform]) == 5
