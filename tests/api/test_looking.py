"""``…/health-check/`` of an incident, and ``/health-checks/``."""

from __future__ import annotations

import pytest

from apps.catalog.models import Dependency, HealthCheck, Service
from apps.incidents.models import EventKind
from apps.teams.models import Scope, TeamRole
from tests.api.clients import client_of
from tests.factories.incidents import declare
from tests.factories.teams import make_person

URL = "/api/v1/health-checks/"
SENT = {"service": "api", "name": "Page", "kind": "http", "target": "https://api.example.com/health"}


@pytest.fixture
def mona(house):
    return client_of(make_person("Mona", house.platform, TeamRole.MANAGER), scope=Scope.MANAGE)


def test_a_check_is_kept_read_and_changed(house, mona, rita):
    made = mona.post(URL, SENT)
    assert made.status_code == 201
    told = made.json()
    assert told == rita.get(f"{URL}{told['id']}/").json()
    assert (told["every_seconds"], told["timeout_seconds"], told["seen"]) == (60, 5, None)
    changed = mona.patch(f"{URL}{told['id']}/", {"every_seconds": 30, "expected_text": "ok"})
    assert (changed.status_code, changed.json()["every_seconds"]) == (200, 30)
    assert [each["id"] for each in rita.get(URL).json()["results"]] == [told["id"]]
    assert mona.post(f"{URL}{told['id']}/test/").status_code == 200
    assert rita.get(f"{URL}{told['id']}/results/").json()["results"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"target": "file:///etc/passwd"}, {"target": "https://u:p@api.example.com"}, {"service": "nothing"},
        {"every_seconds": 1}, {"every_seconds": 1e308}, {"every_seconds": "nan"}, {"timeout_seconds": 60},
        {"kind": "ping"}, {"threshold": "inf"}, {"kind": "prometheus"}, {"alerts_after": 0}, {"unknown": 1},
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_400(house, mona, wrong):
    assert mona.post(URL, {**SENT, **wrong}).status_code == 400
    assert not HealthCheck.objects.exists()


def test_a_name_is_there_once(house, mona):
    assert [mona.post(URL, SENT).status_code for _ in range(2)] == [201, 400]


def test_responders_keep_none_and_checks_of_other_teams_are_not_there(house, rita, mona):
    assert rita.post(URL, SENT).status_code == 403
    other = Service.objects.create(slug="agents", name="Agents", team=house.ai)
    strange = HealthCheck.objects.create(service=other, name="Page", kind="http", target="https://a.example.com")
    assert rita.get(f"{URL}{strange.pk}/").status_code == 404
    assert mona.post(URL, {**SENT, "service": "agents"}).status_code == 400


def test_the_health_is_asked_for_and_read_from_an_incident(house, rita):
    check = HealthCheck.objects.create(service=house.api, name="Page", kind="http", target="https://a.example.com")
    database = Service.objects.create(slug="database", name="Database", team=house.platform)
    Dependency.objects.create(service=house.api, depends_on=database)
    incident = declare(house.platform, house.rita, services=[house.api])
    address = f"/api/v1/incidents/{incident.reference}/health-check/"
    asked = rita.post(address, {})
    assert (asked.status_code, asked.json()["id"]) == (200, incident.reference)
    assert incident.timeline.last().kind == EventKind.HEALTH_ASKED
    told = rita.get(address).json()
    assert told["run"] == {
        "under_way": True,
        "asked_at": "2026-03-02T10:00:00Z",
        "asked_by": {"id": house.rita.pk, "email": "rita@example.com", "name": "Rita"},
        "checked_at": None,
        "results": None,
    }
    assert told["services"][0]["checks"] == [{"id": check.pk, "name": "Page", "kind": "http", "seen": None}]
    assert told["needed"] == [
        {"service": "database", "open_incidents": 0, "maintenance_until": None, "failing_checks": 0}
    ]


def test_without_a_check_it_is_409(house, rita):
    incident = declare(house.platform, house.rita, services=[house.api])
    assert rita.post(f"/api/v1/incidents/{incident.reference}/health-check/", {}).status_code == 409
