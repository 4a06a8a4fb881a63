"""Who acts at once acts one after the other, and each finds the incident as the one before left it."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import close_old_connections, connection

from apps.incidents import actions
from apps.incidents.models import Severity
from apps.teams.models import TeamRole
from tests.factories.incidents import declare, make_procedures
from tests.factories.teams import make_person, make_team

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cora():
    make_procedures()
    return make_person("Cora", make_team(), TeamRole.COMMANDER)


@pytest.fixture
def incident(cora):
    return declare(cora.memberships.get().team, cora, severity="P3")


def at_once(*works: Callable[[], object]) -> list[Exception]:
    """Do all of it in threads that begin together; what each of them raised."""
    gate, raised = threading.Barrier(len(works)), []

    def run(work: Callable[[], object]) -> None:
        close_old_connections()
        try:
            gate.wait(timeout=10)
            work()
        except Exception as error:  # noqa: BLE001  (whatever it was is looked at by the test)
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return raised


def test_nobody_loses_sight_of_an_incident_whose_severity_changes_meanwhile(incident, cora):
    severities = list(Severity.objects.all())

    def change() -> None:
        for number in range(12):
            severity = severities[number % len(severities)]
            actions.change_severity(incident.pk, severity=severity, reason="Again", by=cora)

    def note() -> None:
        for number in range(12):
            actions.add_note(incident.pk, text=f"Note {number}", by=cora)

    def acknowledge() -> None:
        for _ in range(12):
            actions.acknowledge(incident.pk, by=cora)

    assert at_once(change, note, note, acknowledge) == []
    kinds = list(incident.timeline.values_list("kind", flat=True))
    assert incident.timeline.filter(kind="note", actor=cora).count() == 24
    assert kinds.count("acknowledged") == 1
    assert kinds.count("severity_changed") == 12 - (severities[0].code == "P3")


def test_of_many_who_acknowledge_at_once_one_is_the_first(incident, cora):
    assert at_once(*[lambda: actions.acknowledge(incident.pk, by=cora)] * 6) == []
    assert incident.timeline.filter(kind="acknowledged").count() == 1
    assert incident.timeline.filter(kind="clock_met").count() == 1
