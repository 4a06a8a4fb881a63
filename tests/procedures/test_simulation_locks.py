"""Nobody waits for a simulation, and it waits for nobody for long."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.urls import reverse

from apps.catalog.models import Service
from apps.core import clock as house_clock
from apps.core.errors import Conflict
from apps.escalation import actions as escalation
from apps.escalation import versions
from apps.escalation.models import Policy
from apps.incidents import actions
from apps.incidents.models import Severity, Via
from apps.notifications import answers as pages
from apps.procedures import answers, simulation, story
from apps.procedures.simulation import simulate
from tests.escalation.building import House, chain, level_of, make_house, make_level
from tests.factories.incidents import declare

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE = 20.0


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def service(house: House) -> Service:
    """Its chain pages Olga or Tom in turn, then Emma."""
    policy = chain("P0", house.olga, house.emma)
    policy.levels.get(number=1).targets.create(kind="person", person=house.tom, position=1)
    make_level(policy, 1, round_robin=True)
    return Service.objects.create(slug="api", name="API", team=house.team)


def simulated(service: Service, **known: object) -> list[story.Moment]:
    deeds = [answers.acknowledged(timedelta(minutes=20)), answers.resolved(timedelta(minutes=40))]
    return simulate(Severity.objects.get(code="P0"), service, at=house_clock.now(), answers=deeds, **known)


def elsewhere(act: Callable[[], object]) -> BaseException | None:
    """What went wrong when ``act`` was done by another connection, which waits for no lock longer than a moment."""

    def run() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '300ms'")
            act()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).exception(timeout=PATIENCE)


def test_whatever_is_done_meanwhile_waits_for_nothing_of_it(house, service, monkeypatch):
    told, failed = story.of, []

    def live() -> None:
        incident = declare(house.team, house.olga, services=[service])
        escalation.fire_when_due(level_of(incident, 1).pk)
        pages.decline_incident(incident.pk, by=level_of(incident, 1).people.get(), via=Via.SMS)
        actions.acknowledge(incident.pk, by=house.olga)
        for person in house.everybody:
            person.save()
        service.save()
        house.team.save()
        with transaction.atomic():
            assert all(versions.lock(policy) for policy in Policy.objects.values_list("pk", flat=True))
        simulated(service)

    def tell(incident, **known):
        monkeypatch.setattr(story, "of", told)
        failed.append(elsewhere(live))
        return told(incident, **known)

    monkeypatch.setattr(story, "of", tell)
    assert simulated(service)
    assert failed == [None]


def locked_for_a_while(begun: threading.Event, enough: threading.Event) -> threading.Thread:
    """Incidents are locked by somebody else until it is ``enough``."""

    def lock() -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("LOCK TABLE incidents_incident IN ACCESS EXCLUSIVE MODE")
                begun.set()
                enough.wait(PATIENCE)
        finally:
            connection.close()

    thread = threading.Thread(target=lock)
    thread.start()
    assert begun.wait(PATIENCE)
    return thread


def test_what_is_locked_for_long_ends_it_and_the_page_says_so(house, service, client, monkeypatch):
    monkeypatch.setattr(simulation, "PATIENCE", timedelta(milliseconds=200))
    client.force_login(house.olga)
    address = f"{reverse('rehearse')}?severity=P0&service=api"
    enough = threading.Event()
    thread = locked_for_a_while(threading.Event(), enough)
    try:
        with pytest.raises(Conflict, match="busy with other work"):
            simulated(service)
        page = client.get(address)
    finally:
        enough.set()
        thread.join(PATIENCE)
    assert page.status_code == 503
    assert "The database is busy with other work; try again in a moment." in page.content.decode()
    assert "Page to " in client.get(address).content.decode()


def test_a_statement_that_takes_too_long_ends_it_and_leaves_no_limit_behind(service, monkeypatch):
    def tell(incident, **known):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(10)")
        return []

    monkeypatch.setattr(story, "of", tell)
    with pytest.raises(Conflict, match="busy"):
        simulated(service, within=timedelta(milliseconds=400))
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('statement_timeout'), current_setting('lock_timeout')")
        assert cursor.fetchone() == ("0", "0")
