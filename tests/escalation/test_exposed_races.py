"""Looking for services with nobody to page while people act on the incidents that it raises."""

from __future__ import annotations

import pytest

from apps.catalog.models import Service
from apps.contacts.models import ContactMethod, MethodKind
from apps.core.errors import RuleViolation
from apps.escalation import actions as escalation
from apps.escalation.actions.exposed_services import TITLE
from apps.escalation.models import TargetKind
from apps.incidents import actions
from apps.incidents.models import EventKind, Incident, Status
from apps.teams.models import TeamRole
from tests.escalation.building import House, aim_anew, chain, cut_off, make_house
from tests.escalation.test_races import one_waits_for_the_other
from tests.factories.rosters import put_on_call
from tests.factories.teams import make_person, make_team
from tests.incidents.test_locking import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def house() -> House:
    """Olga is on call for the team, the chain of a P0 pages nobody else, and nothing reaches her."""
    house = make_house()
    Service.objects.create(slug="api", name="API", team=house.team)
    aim_anew(chain("P0", house.olga), 1, kind=TargetKind.ON_CALL)
    put_on_call(house.team, house.olga)
    cut_off(house.olga)
    return house


@pytest.fixture
def mia(house):
    return make_person("Mia", house.team, TeamRole.MANAGER)


def raised() -> Incident:
    return Incident.objects.get(title=TITLE)


def test_two_looks_at_one_team_raise_one_incident(house):
    one_waits_for_the_other(*[lambda: escalation.watch_team(house.team.pk)] * 2)
    assert raised().team == house.team


def test_a_look_that_waits_for_whoever_cancels_the_incident_raises_no_other(house, mia):
    escalation.watch_team(house.team.pk)
    incident = raised()
    Service.objects.create(slug="web", name="Web", team=house.team)
    one_waits_for_the_other(
        lambda: actions.cancel(incident.pk, reason="We know.", by=mia), lambda: escalation.watch_team(house.team.pk)
    )
    assert list(Incident.objects.filter(title=TITLE).values_list("status", flat=True)) == [Status.CANCELLED]


def test_whoever_acknowledges_what_the_house_just_ends_finds_it_over(house, mia):
    escalation.watch_team(house.team.pk)
    incident = raised()
    ContactMethod.objects.create(
        person=house.olga, kind=MethodKind.EMAIL, value="new@example.com", verified_at=house.olga.date_joined
    )

    def acknowledge() -> None:
        with pytest.raises(RuleViolation):
            actions.acknowledge(incident.pk, by=mia)

    one_waits_for_the_other(lambda: escalation.watch_team(house.team.pk), acknowledge)
    incident.refresh_from_db()
    assert incident.status == Status.RESOLVED


def test_people_who_act_on_several_of_them_in_any_order_and_the_looks_do_not_block_one_another(house, mia):
    teams = [house.team]
    for number in range(3):
        team = make_team(f"t{number}")
        Service.objects.create(slug=f"s{number}", name=f"S{number}", team=team)
        teams.append(team)
    ada = make_person("Ada", None, TeamRole.ADMIN)
    for team in teams:
        escalation.watch_team(team.pk)
    incidents = list(Incident.objects.filter(title=TITLE).order_by("pk"))
    assert len(incidents) == 4

    def look() -> None:
        for number in range(3):
            for team in teams:
                Service.objects.create(slug=f"{team.slug}-{number}", name="More", team=team)
                escalation.watch_team(team.pk)

    def act(order: list[Incident]) -> None:
        for number in range(3):
            for incident in order:
                actions.add_note(incident.pk, text=f"Note {number}", by=ada)
                actions.acknowledge(incident.pk, by=ada)

    assert at_once(look, lambda: act(incidents), lambda: act(incidents[::-1])) == []
    for incident in incidents:
        texts = list(incident.timeline.filter(kind=EventKind.NOTE).values_list("text", flat=True))
        assert sum("More have nobody" in text for text in texts) == 3
        assert sum(text.startswith("Note") for text in texts) == 6
