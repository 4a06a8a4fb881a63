"""A declared incident has one ticket, which goes with it, whatever fails in between (R14)."""

from __future__ import annotations

import pytest

from apps.engine.runner import run_due
from apps.incidents import actions as incidents
from apps.integrations.models import Connection, Step, StepState
from tests.factories.incidents import declare, resolve
from tests.integrations.jira.conftest import TOLD

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def connection(jira, team) -> Connection:
    told = {"site": jira.site, **TOLD}
    return Connection.objects.create(provider="jira", team=team, secrets={"token": told.pop("token")}, told=told)


def test_the_ticket_goes_with_the_incident_to_its_end(jira, connection, team, olga):
    incident = declare(team)
    run_due()
    step = Step.objects.get()
    assert (step.state, step.label, step.url) == (StepState.MADE, "OPS-1", f"{jira.site}/browse/OPS-1")
    incidents.acknowledge(incident.pk, by=olga, via="web")
    incidents.add_note(incident.pk, text="It is the disk.", by=olga)
    run_due()
    assert jira.status() == "Work in progress"
    resolve(incident, olga)
    incidents.confirm_closure(incident.pk, by=olga)
    run_due()
    step.refresh_from_db()
    assert (step.state, step.error, jira.status()) == (StepState.ENDED, "", "Completed")
    said = [text.partition("\n")[0] for text in jira.said()]
    assert said[1] == "It is the disk."
    assert said[-1] == f"{incident} is resolved."
    assert {row.incident for row in jira.sandbox.rows} == {str(incident)}


@pytest.mark.parametrize("fault", ["close", "nonsense", "500", "429"])
def test_a_ticket_whose_answer_was_lost_is_found_and_not_made_again(jira, connection, team, clock, fault):
    jira.sandbox.control("faults", provider="jira", fault=fault, kept=True)
    declare(team)
    run_due()
    step = Step.objects.get()
    assert (step.state, step.error != "") == (StepState.PLANNED, True)
    jira.sandbox.control("faults", provider="jira", fault="none")
    clock.shift(minutes=10)
    run_due()
    step.refresh_from_db()
    (there,) = jira.tickets()
    assert (step.state, step.ref, step.error) == (StepState.MADE, there["id"], "")
    assert len(jira.get("issue/OPS-1/remotelink")) == 1


def test_a_refusal_is_shown_on_the_incident(jira, connection, team):
    connection.told["issue_type"] = "Bug"
    connection.save()
    declare(team)
    run_due()
    step = Step.objects.get()
    assert step.state == StepState.FAILED
    assert "Specify a valid issue type" in step.error
