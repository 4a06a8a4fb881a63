"""Simulation, engine and a plain model of the rules agree on every page: who, of which level and round, when.

Each run tries a few new cases. More of them, and whatever fails made as small as can be:
``AGREEMENT_EXAMPLES=1000 .venv/bin/python -m pytest tests/escalation/test_agreement.py --timeout=0``.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.db.models import Max
from hypothesis import HealthCheck, Phase, given, settings

from apps.catalog.models import Service
from apps.contacts.actions.endpoints import upsert_endpoint
from apps.contacts.models import EmergencyContact, WebhookEndpoint
from apps.core.errors import HouseError
from apps.engine import registry
from apps.engine.models import Timer
from apps.escalation.actions.levels import step_of
from apps.escalation.models import RunLevel, TargetKind
from apps.incidents import actions
from apps.incidents.models import Incident, ResponseRole, RoleCandidate, Severity, Via
from apps.notifications.actions import DELIVER
from apps.notifications.models import PAGES, Notification
from apps.procedures import simulation
from apps.procedures.simulation import simulate
from apps.procedures.story import CUT_OFF
from apps.rosters.models import Roster
from apps.teams import actions as teams
from apps.teams.models import TeamRole
from tests.escalation import plain_model
from tests.escalation.random_chains import FIRST, Place, RandomCase, build, cases
from tests.escalation.random_deeds import DEEDS, TRIGGERS, as_simulated, do
from tests.escalation.random_rosters import NAMES
from tests.escalation.test_chain import let_pass
from tests.factories.escalation import make_trigger
from tests.factories.incidents import make_procedures
from tests.factories.teams import make_person, make_team

#: Round and level (0: of none), minute since the declaration, who.
Page = tuple[int, int, float, str]

#: How many cases each test tries, if somebody says so.
ASKED_FOR = int(os.environ.get("AGREEMENT_EXAMPLES", "0"))
#: So long after the last level everything that is held, or waits for working hours, has come to its end.
LONGEST_WAIT = timedelta(days=4)
#: What the plain rules know.
PLAIN_DEEDS = ("acknowledge", "resolve", "hold", "hold", "end hold")

PATIENT = settings(
    phases=[Phase.reuse, Phase.generate, *([Phase.shrink] if ASKED_FOR else [])],
    max_examples=ASKED_FOR or 6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    print_blob=True,
)


@pytest.fixture
def place(db, clock, monkeypatch, settings) -> Place:
    """A team in Berlin with a primary roster, a roster of another team, and commanders who are on one of them."""
    monkeypatch.setattr(simulation, "HORIZON", LONGEST_WAIT)
    settings.ROSTER_HORIZON = timedelta(days=12)
    for kind in DELIVER.values():  # who is paged is what they agree on; the simulation sends nothing either
        monkeypatch.setitem(registry._handlers, kind, replace(registry._handlers[kind], function=_send_nothing))
    clock.set(FIRST - timedelta(days=2))
    make_procedures()
    team, other_team = make_team(), make_team("ai")
    people = {name: make_person(name) for name in NAMES}
    for name in ("Olga", "Tom"):
        teams.add_member(people[name], team, TeamRole.RESPONDER)
    primary = Roster.objects.create(slug="platform", name="Platform", team=team, is_primary=True)
    other = Roster.objects.create(slug="ai", name="Ai", team=other_team)
    for key, level in TRIGGERS.items():
        make_trigger(key, level=level)
    commander = ResponseRole.objects.get(key="commander")
    RoleCandidate.objects.create(role=commander, position=1, title="Primary", person=people["Carl"])
    RoleCandidate.objects.create(role=commander, position=2, title="Backup", roster=other)
    return Place(
        team=team,
        service=Service.objects.create(slug="api", name="API", team=team),
        people=people,
        rosters=[primary, other],
        contact=EmergencyContact.objects.create(group="emergency", key="ceo", name="Ceo", person=people["Ceo"]),
        webhook=upsert_endpoint(slug="tool", name="Tool", url="https://tool.example/hook"),
    )


@PATIENT
@given(case=cases(tuple(TargetKind), DEEDS, by=("Olga", "Olga", "Tom", "Emma", "Carl")))
def test_simulation_and_engine_page_the_same_people_at_the_same_minute(place, clock, case):
    with _taken_back():
        build(case, place)
        clock.set(case.start)
        simulated, until = _simulated(case, place)
        assert [page for page in _by_the_engine(case, place, clock) if page[2] < until] == simulated


@PATIENT
@given(case=cases((TargetKind.PERSON,), PLAIN_DEEDS, by=("Olga",), is_plain=True))
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


def _simulated(case: RandomCase, place: Place) -> tuple[list[Page], float]:
    """Every page that is simulated, and the minute at which the simulation was cut off, if it was."""
    answers = [as_simulated(answer) for answer in case.answers]
    moments = simulate(Severity.objects.get(code="P0"), place.service, at=case.start, answers=answers)
    until = min((moment.minute for moment in moments if moment.kind == CUT_OFF), default=math.inf)
    told = [moment for moment in moments if moment.kind in PAGES and moment.minute < until]
    return sorted(
        (page.round or 0, page.level or 0, page.minute, page.text.rpartition(" to ")[2]) for page in told
    ), until


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
            do(incident, answer)
        except HouseError:
            continue  # what comes too late, or from whom it may not, is refused to everybody alike
    let_pass(clock, max(_last_due(incident), case.start) + LONGEST_WAIT)
    return _told(incident)


def _told(incident: Incident) -> list[Page]:
    """Every page, which is what the levels say that they paged, and what was asked or handed over besides.

    A level that was empty twice has posted to its webhook once, and says when it was empty last. A chain that is taken
    anew says whom an earlier one paged.
    """
    sent = Notification.objects.filter(incident=incident, kind__in=PAGES).select_related("person")
    told = [(*_place(page), _minute(incident, page.created_at), str(page.person)) for page in sent]
    steps = {(page.step, page.person_id) for page in sent}
    webhook = WebhookEndpoint.objects.get().person
    fired = RunLevel.people.through.objects.filter(runlevel__run__incident=incident).select_related("runlevel", "user")
    of_levels, carried_over = [], set()
    for row in fired.exclude(user=webhook):
        page = row.runlevel.number, _minute(incident, row.runlevel.at), str(row.user)
        if (step_of(row.runlevel), row.user_id) in steps:
            of_levels.append(page)
        else:
            carried_over.add(page)
    assert carried_over <= {*of_levels}
    assert sorted(page[1:] for page in told if page[1] and page[3] != str(webhook)) == sorted(of_levels)
    return sorted(told)


def _place(page: Notification) -> tuple[int, int]:
    """Round and level of the page; 0 and 0 of none."""
    if page.level is None:
        return 0, 0
    in_round = re.search(r":round:(\d+):", page.step)
    return int(in_round[1]) if in_round else 1, page.level


def _last_due(incident: Incident) -> datetime:
    return incident.escalation_runs.aggregate(last=Max("levels__due_at"))["last"]


def _send_nothing(timer: Timer) -> None:
    """Leave a message where it is."""


def _minute(incident: Incident, at) -> float:
    return round((at - incident.declared_at) / timedelta(minutes=1), 2)
