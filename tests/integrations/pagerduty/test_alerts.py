"""An incident as an alert in PagerDuty, over HTTP, as its reference has it."""

from __future__ import annotations

import pytest

from apps.engine.runner import run_due
from apps.incidents import actions as incidents
from apps.incidents.models import Incident
from apps.integrations.models import CheckState, Connection, ConnectionCheck, StepState
from apps.integrations.steps import checking
from tests.factories.incidents import declare, resolve
from tests.integrations.provider import Answer, Provider

pytestmark = pytest.mark.django_db(transaction=True)

KEY = "0" * 32


@pytest.fixture
def pagerduty(settings):
    settings.OUTBOUND_PRIVATE = "allowed"
    with Provider(lambda _: Answer.of({"status": "success", "message": "Event processed"}, 202)) as provider:
        yield provider


@pytest.fixture
def connection(pagerduty, team) -> Connection:
    told = {"url": pagerduty.url}
    return Connection.objects.create(provider="pagerduty", team=team, told=told, secrets={"routing_key": KEY})


def events(pagerduty) -> list[tuple[str, str]]:
    return [(request.json["event_action"], request.json["dedup_key"]) for request in pagerduty.received]


def test_it_is_triggered_acknowledged_and_resolved_with_the_incident(pagerduty, connection, team, olga):
    incident = declare(team, title="Disks full", summary="All of them")
    run_due()
    url = f"http://127.0.0.1:8000{incident.get_absolute_url()}"
    mark = f"{url}#{int(incident.declared_at.timestamp())}"
    (sent,) = pagerduty.received
    assert (sent.method, sent.path) == ("POST", "/v2/enqueue")
    assert sent.json["routing_key"] == KEY
    assert sent.json["payload"] | {"timestamp": ""} == {
        "summary": f"[P0] {incident}: Disks full", "source": "Platform", "severity": "critical", "timestamp": "",
        "component": "", "group": "Platform",
        "custom_details": {"Summary": "All of them", "Impact": incident.severity.impact, "Status": "Declared"},
    }  # fmt: skip
    assert sent.json["links"] == [{"href": url, "text": incident.reference}]
    incidents.acknowledge(incident.pk, by=olga, via="web")
    run_due()
    resolve(incident, olga)
    run_due()
    assert events(pagerduty) == [("trigger", mark), ("acknowledge", mark), ("resolve", mark)]
    step = incident.steps.get()
    assert (step.state, step.label, step.error) == (StepState.MADE, "PagerDuty alert", "")


def test_of_a_private_incident_it_learns_that_there_is_one(pagerduty, connection, team):
    incident = declare(team, title="Whose payroll leaked", summary="Canary", private=True)
    run_due()
    body = pagerduty.received[0].body.decode()
    assert f"[P0] {incident}: Private incident" in body
    assert "payroll" not in body
    assert "Canary" not in body


def test_a_drill_is_called_one(pagerduty, connection, team):
    Incident.objects.filter(pk=declare(team, title="Game day", drill=True).pk).get()
    run_due()
    assert "DRILL Game day" in pagerduty.received[0].json["payload"]["summary"]


@pytest.mark.parametrize(
    ("answer", "state", "words"),
    [
        (Answer.of({"status": "success"}, 202), CheckState.GOOD, "It takes our events."),
        (Answer.of({"status": "invalid event", "errors": ["no key"]}, 400), CheckState.BAD, "Answered 400"),
        (Answer(500, b""), CheckState.BAD, "Answered 500"),
    ],
)
def test_a_connection_is_tested_by_the_engine(pagerduty, connection, answer, state, words):
    pagerduty.answer = lambda _: answer
    checking.check_later(connection)
    assert ConnectionCheck.objects.get().state == CheckState.ASKED
    run_due()
    made = ConnectionCheck.objects.get()
    assert made.state == state
    assert words in made.words
    assert events(pagerduty) == [("resolve", "ado-incidents-connection-test")]
