"""The ADO severity rules by table, and what a delivery means, in whichever order deliveries come."""

from __future__ import annotations

from datetime import datetime

import pytest

from apps.alerts.models import AlertStatus
from apps.alerts.rules import Episode, Meaning, SeverityRow, ended_already, meaning, severity_of
from tests.alerts.building import RULES, at

ADO = [SeverityRow(labels, values, severity) for labels, values, severity in RULES]
CODES = ("P0", "P1", "P2", "P3")


@pytest.mark.parametrize(
    ("labels", "code"),
    [
        ({"priority": "P0"}, "P0"),
        ({"severity": "P3"}, "P3"),
        ({"severity": "p1"}, "P1"),
        ({"priority": "P3", "severity": "critical"}, "P3"),
        ({"priority": "urgent", "severity": "P1"}, "P1"),
        ({"severity": "critical"}, "P0"),
        ({"severity": "Critical "}, "P0"),
        ({"severity": "high"}, "P1"),
        ({"severity": "error"}, "P1"),
        ({"severity": "page"}, "P1"),
        ({"severity": "warning"}, "P2"),
        ({}, "P2"),
        ({"severity": ""}, "P2"),
        ({"severity": "info"}, "P3"),
        ({"severity": "low"}, "P3"),
        ({"severity": "blazing"}, "P2"),
        ({"severity": "P7"}, "P2"),
    ],
)
def test_the_ado_rules_give_each_alert_its_severity(labels: dict[str, str], code: str) -> None:
    assert severity_of(labels, ADO, known=CODES) == code


def test_the_first_rule_that_fits_decides() -> None:
    rules = [SeverityRow(["tier"], ["gold"], "P1"), SeverityRow(["severity"], ["*"], "P3")]
    assert severity_of({"tier": "gold", "severity": "critical"}, rules, known=CODES) == "P1"


def test_any_value_does_not_mean_no_value() -> None:
    assert severity_of({}, [SeverityRow(["severity"], ["*"], "P3")], known=CODES) is None


def test_a_rule_for_a_severity_that_is_not_in_force_does_not_fit() -> None:
    rules = [SeverityRow(["severity"], ["critical"], "P9"), SeverityRow(["severity"], ["*"], "P2")]
    assert severity_of({"severity": "critical"}, rules, known=CODES) == "P2"


def test_no_rules_give_no_severity() -> None:
    assert severity_of({"severity": "critical"}, [], known=CODES) is None


def firing(starts: str | None = None) -> Episode:
    return Episode(AlertStatus.FIRING, _time(starts), None)


def resolved(starts: str | None = None, ends: str | None = None) -> Episode:
    return Episode(AlertStatus.RESOLVED, _time(starts), _time(ends))


def _time(text: str | None) -> datetime | None:
    return at(text) if text else None


@pytest.mark.parametrize(
    ("known", "delivered", "means"),
    [
        (firing("10:00"), firing("10:00"), Meaning.STILL_FIRES),
        (firing(), firing(), Meaning.STILL_FIRES),
        (firing("10:00"), resolved("10:00", "10:05"), Meaning.ENDS),
        (firing("10:00"), resolved("10:00", "10:00"), Meaning.ENDS),
        (firing("10:00"), resolved(), Meaning.ENDS),
        # Two Prometheus replicas: Alertmanager sends the earlier start of the two when they overlap.
        (firing("10:00"), resolved("09:59", "10:05"), Meaning.ENDS),
        # amtool ends an alert at a whole second, which may lie before the start that Alertmanager gave it.
        (firing("10:00:00.800"), resolved("10:00:00", "10:00:00"), Meaning.ENDS),
        (firing("10:00:01"), resolved("10:00:00", "10:00:00"), Meaning.SAYS_NOTHING_NEW),
        # The resolve of an episode before the present one was overtaken by the new firing.
        (firing("11:00"), resolved("10:00", "10:05"), Meaning.SAYS_NOTHING_NEW),
        (resolved("10:00", "10:05"), firing("10:30"), Meaning.FIRES),
        (resolved("10:00", "10:05"), firing("10:00"), Meaning.FIRES),
        (resolved(), firing(), Meaning.FIRES),
        # The firing of an episode before the one that was resolved came late.
        (resolved("11:00", "11:05"), firing("10:00"), Meaning.SAYS_NOTHING_NEW),
        (resolved("10:00", "10:05"), resolved("10:00", "10:05"), Meaning.SAYS_NOTHING_NEW),
    ],
)
def test_what_a_delivery_means(known: Episode, delivered: Episode, means: Meaning) -> None:
    assert meaning(known, delivered) is means


@pytest.mark.parametrize(
    ("known", "delivered", "is_over"),
    [
        (resolved("10:00", "10:05"), firing("10:00"), True),
        (resolved("10:00", "10:05"), firing("10:06"), False),
        (resolved("10:00", "10:05"), firing(), False),
        (firing("10:00"), firing("10:00"), False),
    ],
)
def test_a_firing_that_its_own_resolve_overtook_is_over(known: Episode, delivered: Episode, is_over: bool) -> None:
    assert ended_already(known, delivered) is is_over
