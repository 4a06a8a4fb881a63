"""A service with nobody to page right now is an incident of the house's own, until somebody can be paged."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.catalog.models import Service
from apps.contacts.models import ContactMethod, MethodKind
from apps.core.errors import RuleViolation
from apps.engine import worker
from apps.engine.models import State, Timer
from apps.engine.runner import run_due
from apps.escalation import actions as escalation
from apps.escalation.actions.exposed_services import TITLE
from apps.escalation.exposure import exposed
from apps.escalation.models import OutsideHours, TargetKind
from apps.incidents import actions
from apps.incidents.models import EventKind, Incident, ResponseRole, RoleCandidate, Status, Via
from apps.notifications.models import Notification, Urgency
from apps.rosters import actions as rosters
from apps.teams.models import Team, TeamRole
from tests.escalation.building import aim, aim_anew, chain, cut_off, make_level, texts
from tests.factories.incidents import declare
from tests.factories.rosters import put_on_call
from tests.factories.teams import make_person, make_team


@pytest.fixture
def api(house) -> Service:
    return Service.objects.create(slug="api", name="API", team=house.team)


@pytest.fixture
def on_call(house, api):
    """Olga is on call for the team, and the chain of a P0 pages nobody else."""
    policy = chain("P0", house.olga)
    aim_anew(policy, 1, kind=TargetKind.ON_CALL)
    return put_on_call(house.team, house.olga)


def watch():
    for team in Team.objects.order_by("pk"):
        escalation.watch_team(team.pk)


def raised() -> list[Incident]:
    return list(Incident.objects.filter(title=TITLE).order_by("pk"))


def repair(person):
    ContactMethod.objects.create(
        person=person, kind=MethodKind.EMAIL, value="new@example.com", verified_at=person.date_joined
    )


def names():
    return [each.service.slug for each in exposed(Service.objects.select_related("team"))]


def test_somebody_on_call_is_somebody_to_page(on_call):
    watch()
    assert (names(), raised()) == ([], [])


def test_whoever_is_ill_and_was_the_only_one_leaves_an_incident_at_once(house, api, on_call, clock):
    manager = make_person("Mona", house.team, TeamRole.MANAGER)
    run_due()
    assert raised() == []
    rosters.add_absence(house.olga, start=clock.now, end=clock.now + timedelta(days=1), by=house.olga)
    run_due()
    [incident] = raised()
    assert list(incident.services.all()) == [api]
    assert manager.notifications.filter(subject__startswith="Nobody is on call now").exists()


def test_leave_that_is_to_come_raises_nothing_yet(house, api, on_call, clock):
    run_due()
    tomorrow = clock.now + timedelta(days=1)
    rosters.add_absence(house.olga, start=tomorrow, end=tomorrow + timedelta(days=1), by=house.olga)
    run_due()
    assert raised() == []


def test_where_nothing_reaches_who_is_on_call_an_incident_names_service_and_team(house, api, on_call):
    cut_off(house.olga)
    watch()
    [incident] = raised()
    assert (incident.team, incident.severity.code, incident.declared_by) == (house.team, "P0", None)
    assert list(incident.services.all()) == [api]
    assert incident.summary == "- API, team Platform: no level of P0 of every team leads to anybody."


def test_it_is_raised_once_and_ends_by_itself_when_somebody_can_be_paged(house, on_call, clock):
    cut_off(house.olga)
    for _ in range(5):
        watch()
        clock.shift(minutes=5)
    [incident] = raised()
    repair(house.olga)
    watch()
    incident.refresh_from_db()
    assert incident.status == Status.RESOLVED
    assert "Somebody can be paged for every service of the team again." in texts(incident, EventKind.RESOLVED)[0]
    watch()
    assert len(raised()) == 1


def test_the_next_time_is_another_incident(house, on_call):
    for _ in range(2):
        cut_off(house.olga)
        watch()
        repair(house.olga)
        watch()
    assert [incident.status for incident in raised()] == [Status.RESOLVED] * 2


def test_the_engine_looks_by_itself_and_who_leads_is_woken(house, on_call, clock):
    mia, ada = make_person("Mia", house.team, TeamRole.MANAGER), make_person("Ada", None, TeamRole.ADMIN)
    worker.plan_recurring()
    cut_off(house.olga)
    clock.shift(minutes=5)
    run_due()
    [incident] = raised()
    told = Notification.objects.filter(incident=incident, step__startswith="nobody_paged", urgency=Urgency.HIGH)
    assert {notice.person for notice in told} == {mia, ada}
    repair(house.olga)
    clock.shift(minutes=5)
    run_due()
    incident.refresh_from_db()
    assert incident.status == Status.RESOLVED


def test_a_roster_that_nobody_holds_leaves_nobody(house, api, on_call):
    rosters.add_absence(house.olga, start=on_call.shifts.first().start, end=on_call.shifts.last().end, by=house.olga)
    assert names() == ["api"]


def test_any_level_that_leads_to_somebody_is_enough(house, api, on_call):
    cut_off(house.olga)
    policy = chain("P0", house.tom, house.emma, team=house.team)
    assert names() == []
    cut_off(house.tom)
    assert names() == []
    cut_off(house.emma)
    assert names() == ["api"]
    aim(policy, 2, kind=TargetKind.TEAM, team=make_team("ai"))
    assert names() == ["api"]


def test_the_worst_severity_decides(house, api, on_call):
    cut_off(house.tom)
    chain("P3", house.tom)
    assert names() == []


def test_a_service_is_looked_at_by_its_own_chain(house, api, on_call):
    web = Service.objects.create(slug="web", name="Web", team=house.team)
    cut_off(house.tom)
    chain("P0", house.tom, service=web)
    assert names() == ["web"]


def test_without_a_chain_the_teams_on_call_is_paged(house, api):
    assert names() == ["api"]
    watch()
    assert raised()[0].summary == "- API, team Platform: no chain covers it, and nobody is on call for the team."
    put_on_call(house.team, house.olga)
    assert names() == []


def test_outside_working_hours_those_count_who_are_paged_then(house, api, clock):
    policy = chain("P0", house.olga)
    aim(policy, 1, kind=TargetKind.PERSON, person=house.tom, outside_hours=True)
    make_level(policy, 1, outside_hours=OutsideHours.OTHER)
    cut_off(house.tom)
    clock.set(clock.now.replace(hour=15))
    assert names() == []
    clock.set(clock.now.replace(hour=3))
    assert names() == ["api"]


def test_another_service_of_the_team_is_said_on_the_same_incident_once(house, api, on_call):
    cut_off(house.olga)
    watch()
    Service.objects.create(slug="web", name="Web", team=house.team)
    for _ in range(3):
        watch()
    [incident] = raised()
    [note] = [text for text in texts(incident, EventKind.NOTE) if "More have nobody" in text]
    assert "- Web, team Platform" in note
    assert "API" not in note


def test_each_team_has_an_incident_of_its_own(house, api, on_call):
    cut_off(house.olga)
    other = make_team("ai")
    Service.objects.create(slug="agents", name="Agents", team=other)
    watch()
    assert {incident.team for incident in raised()} == {house.team, other}
    put_on_call(other, make_person("Ann", other, TeamRole.RESPONDER))
    watch()
    assert {incident.team.slug: incident.status for incident in raised()} == {
        "platform": Status.DECLARED,
        "ai": Status.RESOLVED,
    }


def test_who_ends_it_by_hand_has_an_hour(house, on_call, clock):
    mia = make_person("Mia", house.team, TeamRole.MANAGER)
    cut_off(house.olga)
    watch()
    actions.cancel(raised()[0].pk, reason="We know.", by=mia)
    clock.shift(minutes=55)
    watch()
    assert len(raised()) == 1
    clock.shift(minutes=5)
    watch()
    assert [incident.status for incident in raised()] == [Status.CANCELLED, Status.DECLARED]


def test_without_procedures_nothing_is_raised(db, clock):
    Service.objects.create(slug="api", name="API", team=make_team())
    watch()
    assert raised() == []


def test_what_a_person_declared_the_house_does_not_end(house):
    incident = declare(house.team, house.olga)
    with pytest.raises(RuleViolation, match="not declared by the house"):
        actions.resolve_own(incident.pk, text="Over.")
    alert = declare(house.team, via=Via.ALERT)
    with pytest.raises(RuleViolation, match="not declared by the house"):
        actions.resolve_own(alert.pk, text="Over.")


@pytest.mark.parametrize("kind", [TargetKind.PERSON, TargetKind.ON_CALL])
def test_it_costs_the_same_however_many_teams_share_a_chain(house, api, kind):
    policy = chain("P0", house.tom)
    aim_anew(policy, 1, kind=kind, person=house.tom if kind == TargetKind.PERSON else None)
    put_on_call(house.team, house.olga)
    with CaptureQueriesContext(connection) as one:
        names()
    for number in range(10):
        team = make_team(f"t{number}")
        Service.objects.create(slug=f"s{number}", name=f"S{number}", team=team)
        put_on_call(team, house.olga)
    with CaptureQueriesContext(connection) as many:
        assert names() == []
    assert len(many) == len(one)


def test_a_role_of_the_team_is_somebody(house, api):
    role = ResponseRole.objects.get(key="commander")
    policy = chain("P0", house.olga)
    aim_anew(policy, 1, kind=TargetKind.ROLE, role=role)
    assert names() == ["api"]
    RoleCandidate.objects.create(role=role, team=house.team, person=house.tom, position=1)
    assert names() == []


def test_one_team_that_cannot_be_looked_at_keeps_no_other_from_being_told(house, api, on_call):
    """An alert is called as our own incidents are, and stands: it is not for the house to end it."""
    cut_off(house.olga)
    broken = make_team("ai")
    put_on_call(broken, house.tom)
    declare(broken, via=Via.ALERT, title=TITLE)
    escalation.watch_services()
    run_due()
    assert raised()[-1].team == house.team
    timers = {timer.payload["team"]: timer for timer in Timer.objects.filter(kind=escalation.WATCH)}
    assert timers[house.team.pk].state == State.DONE
    assert (timers[broken.pk].state, timers[broken.pk].last_error.partition(":")[0]) == (State.PENDING, "RuleViolation")


def test_a_team_that_lost_its_last_service_is_looked_at_once_more(house, api, on_call):
    cut_off(house.olga)
    watch()
    Service.objects.filter(pk=api.pk).update(is_active=False)
    make_team("none")
    for _ in range(2):
        escalation.watch_services()
    assert [timer.payload["team"] for timer in Timer.objects.filter(kind=escalation.WATCH)] == [house.team.pk]
    run_due()
    assert raised()[0].status == Status.RESOLVED
