"""A declared incident has one bridge, until its closure is confirmed, whatever fails in between (R14)."""

from __future__ import annotations

import httpx
import pytest

from apps.engine.runner import run_due
from apps.incidents import actions as incidents
from apps.integrations.models import Connection, Step, StepState
from tests.factories.incidents import declare, resolve
from tests.integrations.zoom.conftest import HOST

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def connection(zoom, team) -> Connection:
    told = {**zoom.told}
    secrets = {"client_secret": told.pop("client_secret")}
    return Connection.objects.create(provider="zoom", team=team, told=told, secrets=secrets)


def test_the_bridge_is_open_until_the_closure_is_confirmed(zoom, connection, team, olga):
    incident = declare(team)
    run_due()
    step = Step.objects.get()
    (there,) = zoom.meetings()
    assert (step.state, step.url, step.error) == (StepState.MADE, there["join_url"], "")
    httpx.get(step.url, trust_env=False)
    resolve(incident, olga)
    run_due()
    assert len(zoom.meetings()) == 1
    incidents.confirm_closure(incident.pk, by=olga)
    run_due()
    step.refresh_from_db()
    assert (step.state, zoom.meetings()) == (StepState.ENDED, [])
    assert {row.incident for row in zoom.sandbox.rows} == {str(incident)}


@pytest.mark.parametrize("fault", ["close", "nonsense", "500", "429"])
@pytest.mark.parametrize("where", [{"to": HOST, "kept": True}, {"to": HOST}, {}], ids=["answer", "meeting", "token"])
def test_one_bridge_is_made_whatever_is_lost(zoom, connection, team, clock, fault, where):
    zoom.sandbox.control("faults", provider="zoom", fault=fault, **where)
    declare(team)
    run_due()
    step = Step.objects.get()
    assert (step.state, step.error != "") == (StepState.PLANNED, True)
    zoom.sandbox.control("faults", provider="zoom", fault="none")
    assert len(zoom.meetings()) == ("kept" in where)
    clock.shift(minutes=10)
    run_due()
    step.refresh_from_db()
    (there,) = zoom.meetings()
    assert (step.state, step.ref, step.error) == (StepState.MADE, str(there["id"]), "")
