"""What Grafana, PagerDuty's and Opsgenie's senders write is read as they mean it."""

from __future__ import annotations

from typing import Any

import pytest

from apps.alerts.formats import FORMATS, IncomingAlert, Link, Unreadable
from apps.alerts.models import AlertStatus, Format
from tests.alerts.building import at, notification, prometheus_alert, triggered


def only_alert(sender_format: Format, body: Any, **envelope: str) -> IncomingAlert:
    reading = FORMATS[sender_format].read(body, envelope)
    assert (reading.problems, reading.changes) == ((), ())
    (alert,) = reading.alerts
    return alert


class TestGrafana:
    def test_its_alerts_are_read_with_links_to_the_panel_that_shows_them(self) -> None:
        fields = {
            "panelURL": "https://grafana.example.com/d/1?viewPanel=2",
            "dashboardURL": "https://grafana.example.com/d/1",
            "silenceURL": "javascript:alert(1)",
            "generatorURL": "https://grafana.example.com/alerting/1",
            "values": {"B": 22, "C": 1},
        }
        body = notification(prometheus_alert(**fields)) | {"version": "1", "orgId": 1, "state": "alerting"}
        alert = only_alert(Format.GRAFANA, body)
        assert (alert.title, alert.labels["severity"]) == ("ADO application is down", "critical")
        assert alert.links == (
            Link("Runbook", "https://docs.ado.com/runbooks/application-down"),
            Link("Panel", "https://grafana.example.com/d/1?viewPanel=2"),
            Link("Dashboard", "https://grafana.example.com/d/1"),
            Link("Source", "https://grafana.example.com/alerting/1"),
        )


class TestPagerDuty:
    def test_a_triggered_alert_is_read_with_the_fields_of_its_payload_as_labels(self) -> None:
        alert = only_alert(
            Format.PAGERDUTY,
            triggered(
                payload={
                    "class": "queue",
                    "group": "prod",
                    "timestamp": "2026-03-02T09:59:00Z",
                    "custom_details": {"depth": 180, "severity": "info", "team": "ai"},
                },
                links=[{"href": "https://example.com/runbook", "text": "Runbook"}, {"href": "ftp://example.com"}, 1],
                client="Nagios",
                client_url="https://nagios.example.com",
            ),
        )
        assert (alert.fingerprint, alert.status, alert.title) == ("queue", AlertStatus.FIRING, "Queue is stuck")
        assert alert.labels == {
            "depth": "180",
            "team": "ai",
            "severity": "critical",
            "component": "application",
            "class": "queue",
            "group": "prod",
            "source": "queue-1",
        }
        assert alert.links == (
            Link("Runbook", "https://example.com/runbook"),
            Link("Nagios", "https://nagios.example.com"),
        )
        assert alert.starts_at == at("09:59")

    def test_an_event_without_a_key_has_one_of_its_own_whenever_it_is_sent(self) -> None:
        first, again = (triggered(dedup_key=None, routing_key=key) for key in ("a", "b"))
        other = triggered(dedup_key="", payload={"source": "queue-2"})
        prints = [only_alert(Format.PAGERDUTY, event).fingerprint for event in (first, again, other)]
        assert prints[0] == prints[1] != prints[2]

    def test_a_resolve_says_nothing_but_the_end(self) -> None:
        event = triggered(payload={"summary": "[RESOLVED] Queue"}) | {"event_action": "resolve"}
        alert = only_alert(Format.PAGERDUTY, event)
        assert (alert.fingerprint, alert.status, alert.title) == ("queue", AlertStatus.RESOLVED, "")

    def test_an_acknowledgement_is_no_alert_that_fires(self) -> None:
        assert only_alert(Format.PAGERDUTY, {"event_action": "acknowledge", "dedup_key": "queue"}).acknowledged

    @pytest.mark.parametrize(
        ("event", "why"),
        [
            ([], "not an object"),
            ({"event_action": "snooze"}, "none of trigger, acknowledge, resolve"),
            (triggered(payload={"severity": "P0"}), "'payload.severity' is none of critical, error, warning, info"),
            (triggered(payload={"summary": " "}), "'payload.summary' is missing"),
            (triggered(payload={"source": ""}), "'payload.source' is missing"),
            (triggered(dedup_key="x" * 256), "at most 255 characters"),
            (triggered(dedup_key=7), "at most 255 characters"),
            ({"event_action": "resolve"}, "'dedup_key' is missing"),
            ({"event_action": "acknowledge", "dedup_key": ""}, "'dedup_key' is missing"),
        ],
    )
    def test_what_pagerduty_would_not_take_is_not_taken(self, event: Any, why: str) -> None:
        with pytest.raises(Unreadable, match=why):
            FORMATS[Format.PAGERDUTY].read(event)


class TestOpsgenie:
    def test_a_created_alert_is_read_with_its_details_as_labels_and_its_own_priority(self) -> None:
        alert = only_alert(
            Format.OPSGENIE,
            {
                "message": "Disk is full",
                "alias": "disk-1",
                "description": "99 %",
                "details": {"component": "database"},
                "tags": ["disk", "prod"],
                "entity": "db-1",
                "priority": "P2",
                "source": "https://zabbix.example.com/1",
            },
        )
        assert (alert.fingerprint, alert.title, alert.description) == ("disk-1", "Disk is full", "99 %")
        assert alert.labels == {
            "component": "database",
            "tags": "disk, prod",
            "entity": "db-1",
            "source": "https://zabbix.example.com/1",
        }
        assert alert.opsgenie_priority == "P2"
        assert alert.links == (Link("Source", "https://zabbix.example.com/1"),)

    def test_what_is_done_with_an_alert_is_said_by_the_address(self) -> None:
        closed = only_alert(Format.OPSGENIE, {"source": "x"}, action="close", alias="disk-1")
        assert (closed.fingerprint, closed.status, closed.acknowledged) == ("disk-1", AlertStatus.RESOLVED, False)
        taken = only_alert(Format.OPSGENIE, {"user": "Rita", "note": "On it"}, action="acknowledge", alias="disk-1")
        assert (taken.fingerprint, taken.acknowledged, taken.description) == ("disk-1", True, "Rita: On it")

    def test_a_long_alias_is_the_same_alert_in_body_and_address(self) -> None:
        alias = "a" * 500
        created = only_alert(Format.OPSGENIE, {"message": "Down", "alias": alias})
        assert only_alert(Format.OPSGENIE, {}, action="close", alias=alias).fingerprint == created.fingerprint

    @pytest.mark.parametrize(
        ("body", "why"),
        [
            ([], "not an object"),
            ({"alias": "x"}, "'message' is missing"),
            ({"message": "x", "alias": "x" * 513}, "at most 512 characters"),
            ({"message": "x", "alias": ["x"]}, "at most 512 characters"),
            ({"message": "x", "priority": "P0"}, "none of P1, P2, P3, P4, P5"),
            ({"message": "x", "details": []}, "'details' is not an object"),
        ],
    )
    def test_what_opsgenie_would_not_take_is_not_taken(self, body: Any, why: str) -> None:
        with pytest.raises(Unreadable, match=why):
            FORMATS[Format.OPSGENIE].read(body)
