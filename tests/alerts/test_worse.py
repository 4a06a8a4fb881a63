"""An alert that gets worse makes its incident worse: what was a nuisance in the evening may be an outage at three."""

from __future__ import annotations

from typing import Any

import pytest

from apps.engine.runner import run_due
from apps.incidents import actions
from apps.incidents.models import EventKind, Incident, Severity
from apps.notifications.models import Notification, NotificationKind
from apps.teams.models import Team, TeamRole
from tests.alerts.building import prometheus_alert
from tests.factories.escalation import make_chain
from tests.factories.teams import make_person


@pytest.fixture
def people(platform: Team, procedures: None) -> list[Any]:
    """Whoever is paged at once, after 15 minutes, after an hour; for every severity."""
    made = [make_person(name, platform, TeamRole.RESPONDER) for name in ("Olga", "Tom", "Ella")]
    for severity in ("P0", "P3"):
        make_chain(severity, made)
    return made


def alert(severity: str) -> dict[str, Any]:
    return prometheus_alert(labels={"severity": severity}, fingerprint="queue")


def pages(incident: Incident) -> list[int | None]:
    found = Notification.objects.filter(incident=incident, kind=NotificationKind.PAGE)
    return list(found.order_by("pk").values_list("level", flat=True))


def test_it_gets_the_severity_its_clocks_and_its_chain(post: Any, people: list[Any], clock: Any) -> None:
    post(alert("low"))
    incident = Incident.objects.get()
    run_due()
    clock.shift(minutes=20)
    post(alert("critical"))
    run_due()
    incident.refresh_from_db()
    assert incident.severity.code == "P0"
    [event] = incident.timeline.filter(kind=EventKind.SEVERITY_CHANGED)
    assert (event.actor, event.via) == (None, "alert")
    assert "fires as P0 now" in event.text
    assert pages(incident) == [1, 2]


def test_one_that_gets_better_changes_nothing_by_itself(post: Any, people: list[Any]) -> None:
    post(alert("critical"))
    post(alert("low"))
    incident = Incident.objects.get()
    assert incident.severity.code == "P0"
    assert not incident.timeline.filter(kind=EventKind.SEVERITY_CHANGED).exists()


def test_a_severity_that_a_person_lowered_stays_while_the_alert_says_nothing_new(
    post: Any, people: list[Any], platform: Team
) -> None:
    commander = make_person("Cora", platform, TeamRole.COMMANDER)
    post(alert("critical"))
    incident = Incident.objects.get()
    actions.change_severity(incident.pk, severity=Severity.objects.get(code="P3"), reason="A test system", by=commander)
    post(alert("critical"))
    incident.refresh_from_db()
    assert incident.severity.code == "P3"
