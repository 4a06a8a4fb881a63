"""Simulation, engine and a plain model of the rules agree on every page: who, of which level and round, when."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import time, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings

from apps.catalog.models import Service
from apps.contacts.actions.endpoints import upsert_endpoint
from apps.contacts.models import EmergencyContact
from apps.core.errors import HouseError
from apps.engine.models import Timer
from apps.escalation import actions as escalation
from apps.escalation.models import RunLevel, TargetKind
from apps.incidents import actions
from apps.incidents.models import Incident, ResponseRole, RoleCandidate, Severity, Via
from apps.notifications.models import Notification, NotificationKind
from apps.procedures.simulation import Answer, acknowledged, held, resolved, simulate
from apps.rosters import actions as rosters
from apps.rosters.models import Layer, LayerMember, Roster, Rotation
from apps.teams import actions as teams
from apps.teams.models import TeamRole, User
from tests.escalation import plain_model
from tests.escalation.random_chains import FIRST, NAMES, Place, RandomAnswer, RandomCase, build, cases
from tests.escalation.test_chain import let_pass
from tests.factories.incidents import make_procedures, resolve
from tests.factories.teams import make_person, make_team

Page = tuple[int, int, float, str]

PATIENT = settings(
    phases=[Phase.reuse, Phase.generate],
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    print_blob=True,
)


@pytest.fixture
def place(db, clock) -> Place:
    """A team in Berlin with a primary roster of two, another roster of three, and a commander who is one of them."""
    clock.set(FIRST - timedelta(days=2))
    make_procedures()
    team = make_team()
    people = {name: make_person(name) for name in NAMES}
    for name in ("Olga", "Tom"):
        teams.add_member(people[name], team, TeamRole.RESPONDER)
    primary = _roster(team, [people["Olga"], people["Tom"]], is_primary=True)
    other = _roster(make_team("ai"), [people["Emma"], people["Carl"], people["Nina"]], is_primary=False)
    RoleCandidate.objects.create(
        role=ResponseRole.objects.get(key="commander"), position=1, title="Primary", person=people["Carl"]
    )
    RoleCandidate.objects.create(
        role=ResponseRole.objects.get(key="commander"), position=2, title="Backup", roster=other
    )
    return Place(
        team=team,
        service=Service.objects.create(slug="api", name="API", team=team),
        people=people,
        rosters=[primary, other],
        contact=EmergencyContact.objects.create(group="emergency", key="ceo", name="Ceo", person=people["Ceo"]),
        webhook=upsert_endpoint(slug="tool", name="Tool", url="https://tool.example/hook"),
    )


@PATIENT
@given(case=cases(tuple(TargetKind), ("acknowledge", "resolve", "hold", "escalate")))
def test_simulation_and_engine_page_the_same_people_at_the_same_minute(place, clock, case):
    with _taken_back():
        build(case, place)
        clock.set(case.start)
        simulated = _simulated(case, place)
        assert _by_the_engine(case, place, clock) == simulated


@PATIENT
@given(case=cases((TargetKind.PERSON,), ("acknowledge", "resolve", "hold")))
def test_the_engine_pages_whom_the_plain_rules_say(place, clock, case):
    with _taken_back():
        build(case, place)
        assert _by_the_engine(case, place, clock) == plain_model.predict(case)


@contextmanager
def _taken_back() -> Iterator[None]:
    """Undo everything afterwards, and let deliveries believe that they are in no transaction, as a test case does."""
    block = transaction.atomic()
    block._from_testcase = True
    with block:
        yield
        transaction.set_rollback(True)


def _simulated(case: RandomCase, place: Place) -> list[Page]:
    answers = [_as_answer(answer) for answer in case.answers]
    moments = simulate(Severity.objects.get(code="P0"), place.service, at=case.start, answers=answers)
    pages = [moment for moment in moments if moment.kind == NotificationKind.PAGE]
    return sorted((page.round, page.level, page.minute, page.text.removeprefix("Page to ")) for page in pages)


def _as_answer(answer: RandomAnswer) -> Answer:
    if answer.kind == "hold":
        return held(answer.after, minutes=answer.number)
    if answer.kind == "escalate":
        level = answer.number % 5 + 1
        return Answer(answer.after, lambda incident, by: _escalate(incident, level, by))
    return {"acknowledge": acknowledged, "resolve": resolved}[answer.kind](answer.after)


def _by_the_engine(case: RandomCase, place: Place, clock) -> list[Page]:
    Timer.objects.all().delete()
    clock.set(case.start)
    incident = actions.declare(
        title="Random", severity=Severity.objects.get(code="P0"), team=place.team, by=None, via=Via.ENGINE,
        services=[place.service],
    )  # fmt: skip
    for answer in case.answers:
        let_pass(clock, case.start + answer.after)
        try:
            _do(incident, answer, place.people["Olga"])
        except HouseError:
            continue  # what comes too late is refused to everybody alike
    last = incident.escalation_runs.get().levels.latest("due_at").due_at
    let_pass(clock, max(last, clock.now) + timedelta(days=5))
    fired = RunLevel.people.through.objects.filter(runlevel__run__incident=incident).select_related("runlevel", "user")
    pages = [
        (row.runlevel.round, row.runlevel.number, _minute(incident, row.runlevel.at), str(row.user)) for row in fired
    ]
    told = Notification.objects.filter(incident=incident, kind=NotificationKind.PAGE).select_related("person")
    assert sorted(page[1:] for page in pages) == sorted(
        (page.level, _minute(incident, page.created_at), str(page.person)) for page in told
    )
    return sorted(pages)


def _do(incident: Incident, answer: RandomAnswer, by: User) -> None:
    if answer.kind == "acknowledge":
        actions.acknowledge(incident.pk, by=by)
    elif answer.kind == "resolve":
        resolve(incident, by)
    elif answer.kind == "hold":
        escalation.hold(incident.pk, minutes=answer.number, by=by)
    else:
        _escalate(incident, answer.number % 5 + 1, by)


def _escalate(incident: Incident, level: int, by: User) -> None:
    escalation.escalate(incident.pk, level=level, reason="Stuck", by=by)


def _minute(incident: Incident, at) -> float:
    return round((at - incident.declared_at) / timedelta(minutes=1), 2)


def _roster(team, people: list[User], *, is_primary: bool) -> Roster:
    roster = Roster.objects.create(slug=team.slug, name=team.name, team=team, time_zone="UTC", is_primary=is_primary)
    layer = Layer.objects.create(
        roster=roster, name="Days", rotation=Rotation.DAYS, length=1, handoff_time=time(9),
        starts_on=(FIRST - timedelta(days=3)).date(),
    )  # fmt: skip
    for position, person in enumerate(people):
        LayerMember.objects.create(layer=layer, person=person, position=position)
    rosters.materialise(roster, now=FIRST - timedelta(days=2))
    return roster
