"""Looking into an incident: where to look, and how its services and what they need are (R16, R18, R20)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.catalog import actions as catalog
from apps.catalog.actions.health import note_finding
from apps.catalog.health.probes import Finding
from apps.catalog.models import Dependency, HealthCheck, Outcome, Service, ServiceLink
from apps.desk import looking
from apps.engine.models import Timer
from apps.incidents import actions, handlers, health
from apps.incidents.actions.health import LOOK, note_health
from apps.incidents.models import EventKind
from tests.factories.incidents import declare
from tests.integrations.provider import Answer, Provider


@pytest.fixture
def check(house, settings) -> HealthCheck:
    settings.OUTBOUND_PRIVATE = "allowed"
    return HealthCheck.objects.create(
        service=house.api, name="Page", kind="http", target="http://127.0.0.1:9/", timeout=timedelta(seconds=2)
    )


@pytest.fixture
def database(house) -> Service:
    needed = Service.objects.create(slug="database", name="Database", team=house.ai)
    Dependency.objects.create(service=house.api, depends_on=needed)
    return needed


def saw(check: HealthCheck, outcome: Outcome, words: str = "Answered 500, expected 200.") -> None:
    note_finding(check.pk, Finding(outcome, words, timedelta()), asked=False)


def part(client, incident) -> str:
    return " ".join(client.get(f"{incident.get_absolute_url()}parts/looking/").content.decode().split())


def test_a_responder_has_the_health_looked_at_and_what_was_seen_is_on_the_timeline(incident, house, rita, check):
    with Provider(lambda _: Answer(500)) as asked:
        check.target = asked.url
        check.save()
        rita.post(f"{incident.get_absolute_url()}health-check/")
        assert "Health is looked at" in part(rita, incident)
        assert asked.received == [], "nothing is asked in a request"
        handlers.look_at_health(Timer.objects.get(kind=LOOK))
    events = incident.timeline.filter(kind__in=[EventKind.HEALTH_ASKED, EventKind.HEALTH_CHECKED])
    assert [(event.actor, event.text) for event in events] == [
        (house.rita, "The health of Public API is looked at."),
        (None, "Health: 0 of 1 as they should be.\n✗ Public API: Page: Answered 500, expected 200."),
    ]
    assert events[1].data["results"][0]["outcome"] == "bad"
    assert "1 of 1 check fails" in part(rita, incident)
    assert "asked for by Rita" in part(rita, incident)


def test_asking_twice_is_asking_once_while_it_is_looked_at(incident, house, check):
    for _ in range(2):
        actions.ask_for_health(incident.pk, by=house.rita)
    assert incident.timeline.filter(kind=EventKind.HEALTH_ASKED).count() == 1
    asked = incident.timeline.get(kind=EventKind.HEALTH_ASKED)
    for _ in range(2):  # a worker that died after it had written this down
        note_health(asked, [])
    assert incident.timeline.filter(kind=EventKind.HEALTH_CHECKED).count() == 1
    actions.ask_for_health(incident.pk, by=house.rita)
    assert health.latest_run(incident).is_under_way


def test_where_nobody_could_look_that_is_said(incident, house, check):
    actions.ask_for_health(incident.pk, by=house.rita)
    handlers.give_up_looking(Timer.objects.get(kind=LOOK), "The machine is full.")
    assert not health.latest_run(incident).is_under_way
    assert "could not be looked at: The machine is full." in incident.timeline.last().text


def test_without_a_check_there_is_nothing_to_look_by(incident, rita):
    answer = rita.post(f"{incident.get_absolute_url()}health-check/", follow=True)
    assert "None of its services has a health check" in answer.content.decode()
    assert "Check the health" not in part(rita, incident)


def test_who_only_reads_starts_no_look(incident, house, signed_in, check):
    stella = signed_in(house.stella)
    assert "Check the health" not in part(stella, incident)
    stella.post(f"{incident.get_absolute_url()}health-check/")
    assert not Timer.objects.filter(kind=LOOK).exists()


def test_links_health_and_what_a_service_needs_stand_on_the_page(incident, house, rita, check, database):
    ServiceLink.objects.create(service=house.api, kind="logs", title="Logs", url="https://logs.example.com/api")
    port = HealthCheck.objects.create(service=database, name="Port", kind="tcp", target="db.example.com:5432")
    saw(check, Outcome.GOOD, "Answered 200.")
    saw(port, Outcome.BAD)
    catalog.plan_maintenance(by=None, services=[database], message="Moving")
    page = part(rita, incident)
    assert 'href="https://logs.example.com/api"' in page
    assert "Answered 200." in page
    needed = page[page.index("What it needs") :]
    assert "Database" in needed
    assert "1 of 1 check fails" in needed
    assert "Maintenance until" in needed


def test_of_what_it_needs_no_more_incidents_are_counted_than_one_may_see(incident, house, database):
    declare(house.ai, house.ella, services=[database], private=True)
    assert looking.around(incident, house.rita).needed[0].open_incidents == 0
    assert looking.around(incident, house.ella).needed[0].open_incidents == 1


def test_what_is_around_costs_the_same_however_much_that_is(
    incident, house, check, database, django_assert_num_queries
):
    for number in range(4):
        other = Service.objects.create(slug=f"s{number}", name=f"S{number}", team=house.platform)
        Dependency.objects.create(service=other, depends_on=database)
        made = HealthCheck.objects.create(service=other, name="Page", kind="http", target="https://s.example.com")
        saw(made, Outcome.GOOD)
        incident.services.add(other)
    with django_assert_num_queries(7):
        found = looking.around(incident, house.rita)
        assert [place.failing for place in found.services] == [0] * 5
        assert [place.service.slug for place in found.needed] == ["database"]
