"""An incident on Statuspage, over HTTP: what was published of it, once, and nothing that was not (R25, R33)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from apps.communications.models import Component, PublicStatus
from apps.communications.status_page import actions as page
from apps.engine.models import State, Timer
from apps.engine.runner import run_due
from apps.incidents import actions as incidents
from apps.incidents.models import EventKind, Incident
from apps.integrations.models import CheckState, Connection, ConnectionCheck, StepState
from apps.integrations.statuspage import tool
from apps.integrations.steps import checking
from tests.factories.incidents import declare, resolve
from tests.factories.status_page import make_component, publish
from tests.integrations.provider import Answer, Provider
from tests.sandbox.conftest import Running

pytestmark = pytest.mark.django_db(transaction=True)

OURS = "k8mq2v7x0d1a"


class Statuspage:
    """The sandbox's, as whoever has a key sees it."""

    def __init__(self, sandbox: Running) -> None:
        self.url = f"{sandbox.url}/statuspage"
        self.sandbox = sandbox

    def incidents(self) -> list[dict[str, Any]]:
        headers = {"Authorization": "OAuth k"}
        path = f"{self.url}/v1/pages/ado/incidents"
        return list(httpx.get(path, headers=headers, trust_env=False).json())

    def component(self) -> str:
        """How the mapped component is there."""
        path = f"{self.url}/v1/pages/ado/components"
        there = httpx.get(path, headers={"Authorization": "OAuth k"}, trust_env=False).json()
        return next(str(each["status"]) for each in there if each["id"] == OURS)

    def told(self) -> list[tuple[str, str]]:
        """The statuses and words of the one incident, oldest first."""
        (incident,) = self.incidents()
        return [(each["status"], each["body"]) for each in reversed(incident["incident_updates"])]


@pytest.fixture
def statuspage(sandbox: Running, settings) -> Statuspage:
    settings.OUTBOUND_PRIVATE = "allowed"
    return Statuspage(sandbox)


@pytest.fixture
def connection(statuspage: Statuspage, team) -> Connection:
    told = {"url": statuspage.url, "page": "ado", "components": f"api={OURS}"}
    return Connection.objects.create(provider="statuspage", team=team, told=told, secrets={"key": "hush"})


@pytest.fixture
def api(team) -> Component:
    return make_component(team)


def step_of(incident):
    return incident.steps.get(kind="status_page")


def test_nothing_is_made_before_somebody_publishes(statuspage, connection, team, olga, api):
    incident = declare(team, title="Canary")
    incidents.acknowledge(incident.pk, by=olga)
    run_due()
    assert not incident.steps.exists()
    assert statuspage.incidents() == []


def test_what_is_published_is_made_told_and_resolved_there(statuspage, connection, team, olga, api):
    incident = declare(team, title="Canary", summary="Canary")
    inner = make_component(team, slug="inner", name="Not mapped there")
    publish(incident, None, api, inner)
    run_due()
    (made,) = statuspage.incidents()
    assert (made["name"], made["status"], made["impact_override"]) == ("Requests are slow", "investigating", "major")
    assert [(each["id"], each["status"]) for each in made["components"]] == [(OURS, "partial_outage")]
    step = step_of(incident)
    assert (step.state, step.url, step.error) == (StepState.MADE, made["shortlink"], "")
    publish(incident, None, api, status=PublicStatus.MONITORING, message="A fix is out.")
    publish(incident, None, api, status=PublicStatus.RESOLVED, message="Over.")
    run_due()
    assert statuspage.told() == [
        ("investigating", "We look into it."), ("monitoring", "A fix is out."), ("resolved", "Over."),
    ]  # fmt: skip
    assert statuspage.incidents()[0]["components"][0]["status"] == "operational"
    assert "Canary" not in str(statuspage.incidents())
    rows = [row for row in statuspage.sandbox.rows if row.channel == "statuspage"]
    assert [row.subject for row in rows] == [
        "Investigating: Requests are slow", "Monitoring: Requests are slow", "Resolved: Requests are slow",
    ]  # fmt: skip
    assert {row.incident for row in rows} == {incident.reference}


def test_it_goes_on_after_the_incident_is_over(statuspage, connection, team, olga, api):
    incident = declare(team)
    publish(incident)
    run_due()
    resolve(incident, olga)
    incidents.confirm_closure(incident.pk, by=olga)
    run_due()
    assert step_of(incident).state == StepState.MADE
    publish(incident, status=PublicStatus.RESOLVED, message="Over.")
    run_due()
    assert statuspage.told()[-1] == ("resolved", "Over.")


def test_one_that_is_cancelled_at_once_is_published_all_the_same_as_long_as_it_stands(
    statuspage, connection, team, olga
):
    incident = declare(team)
    publish(incident)
    incidents.cancel(incident.pk, reason="A false alarm", by=olga)
    run_due()
    assert step_of(incident).state == StepState.MADE


def test_killed_between_the_answer_and_the_record_it_is_made_once_and_told_once(
    statuspage, connection, team, monkeypatch, clock
):
    incident = declare(team)
    publish(incident)
    _killed_after(monkeypatch, "make", clock)
    assert len(statuspage.incidents()) == 1
    publish(incident, status=PublicStatus.MONITORING, message="A fix is out.")
    _killed_after(monkeypatch, "follow", clock)
    assert statuspage.told() == [("investigating", "We look into it."), ("monitoring", "A fix is out.")]
    assert step_of(incident).state == StepState.MADE


def _killed_after(monkeypatch, deed: str, clock) -> None:
    """The process is killed once the provider has done it, and another goes on."""
    does = getattr(tool.PublishedIncident, deed)

    def do_and_die(self, *args: Any, **known: Any) -> None:
        does(self, *args, **known)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(tool.PublishedIncident, deed, do_and_die)
        with pytest.raises(KeyboardInterrupt):
            run_due()
    Timer.objects.filter(state=State.LEASED).update(state=State.PENDING, lease_until=None, leased_by=None)
    clock.shift(minutes=5)
    run_due()


def test_what_is_taken_off_is_deleted_there(statuspage, connection, team):
    incident = declare(team)
    publish(incident)
    run_due()
    page.take_off(incident.pk, reason="The wrong one", by=None)
    run_due()
    assert statuspage.incidents() == []
    assert step_of(incident).state == StepState.ENDED


def test_a_component_that_is_not_named_any_more_is_well_there_too(statuspage, connection, team, api):
    incident = declare(team)
    publish(incident, None, api)
    run_due()
    assert statuspage.component() == "partial_outage"
    publish(incident, message="We watch.", status=PublicStatus.MONITORING)
    run_due()
    assert statuspage.component() == "operational"


def test_a_component_stays_as_bad_as_another_incident_says(statuspage, connection, team, api):
    first, second = declare(team), declare(team)
    publish(first, None, components={api.pk: "major_outage"})
    publish(second, None, components={api.pk: "degraded_performance"})
    run_due()
    assert statuspage.component() == "major_outage"
    publish(first, None, api, status=PublicStatus.RESOLVED, message="Over.")
    run_due()
    assert statuspage.component() == "degraded_performance"
    page.take_off(second.pk, reason="The wrong one", by=None)
    run_due()
    assert statuspage.component() == "operational"


def test_what_is_taken_off_leaves_a_component_that_is_gone_there(statuspage, connection, team, api):
    connection.told = {**connection.told, "components": f"api={OURS}, web=unknown"}
    connection.save()
    incident = declare(team)
    publish(incident, None, api)
    run_due()
    publish(incident, None, make_component(team, slug="web"))
    page.take_off(incident.pk, reason="The wrong one", by=None)
    run_due()
    assert statuspage.incidents() == []
    assert statuspage.component() == "operational"
    assert step_of(incident).state == StepState.ENDED


def test_an_address_that_is_none_is_not_shown(settings, team):
    settings.OUTBOUND_PRIVATE = "allowed"
    posted = {"id": "x", "shortlink": "javascript:alert(1)"}
    with Provider(lambda _: Answer.of(posted, 201)) as provider:
        told = {"url": provider.url, "page": "ado"}
        Connection.objects.create(provider="statuspage", team=team, told=told, secrets={"key": "hush"})
        incident = declare(team)
        publish(incident)
        run_due()
    step = step_of(incident)
    assert step.url == ""
    assert "leads nowhere" in step.error


@pytest.mark.parametrize("kind", ["private", "drill"])
def test_one_that_became_private_is_told_nothing_more_and_deleted(statuspage, connection, team, kind):
    incident = declare(team)
    publish(incident)
    run_due()
    publish(incident, message="Canary", status=PublicStatus.MONITORING)
    Incident.objects.filter(pk=incident.pk).update(**{kind: True})
    run_due()
    assert statuspage.incidents() == []
    assert not [row for row in statuspage.sandbox.rows if "Canary" in row.text]
    assert step_of(incident).state == StepState.ENDED


@pytest.mark.parametrize("kind", ["private", "drill"])
def test_one_that_became_private_before_it_was_made_is_never_made(statuspage, connection, team, kind):
    incident = declare(team)
    publish(incident)
    Incident.objects.filter(pk=incident.pk).update(**{kind: True})
    run_due()
    assert statuspage.incidents() == []
    assert not [row for row in statuspage.sandbox.rows if row.channel == "statuspage"]


@pytest.mark.parametrize(
    ("status", "waits"), [(420, True), (429, True), (500, True), (401, False), (404, False), (422, False)]
)
def test_what_statuspage_refuses_is_shown_and_tried_again_where_that_is_of_use(settings, team, status, waits):
    settings.OUTBOUND_PRIVATE = "allowed"
    with Provider(lambda _: Answer.of({"error": "No"}, status)) as provider:
        told = {"url": provider.url, "page": "ado"}
        Connection.objects.create(provider="statuspage", team=team, told=told, secrets={"key": "hush"})
        incident = declare(team)
        publish(incident)
        run_due()
    step = step_of(incident)
    assert f"Answered {status}" in step.error
    assert step.state == (StepState.PLANNED if waits else StepState.FAILED)
    assert incident.timeline.filter(kind=EventKind.STEP_FAILED).exists() is not waits
    assert provider.received[0].headers["Authorization"] == "OAuth hush"
    assert provider.received[0].path == "/v1/pages/ado/incidents"


@pytest.mark.parametrize(
    ("told", "state", "words"),
    [
        ({}, CheckState.GOOD, "The page is ADO."),
        ({"components": "api=unknown"}, CheckState.BAD, "has no component unknown"),
        ({"components": "api"}, CheckState.BAD, "What stands for what is told as"),
        ({"page": "../pages"}, CheckState.BAD, "is no id of a page"),
    ],
)
def test_a_connection_is_tested(statuspage, connection, told, state, words):
    connection.told = {**connection.told, **told}
    connection.save()
    checking.check_later(connection)
    run_due()
    made = ConnectionCheck.objects.get()
    assert (made.state, words in made.words) == (state, True)
