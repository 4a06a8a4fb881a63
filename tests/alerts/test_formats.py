"""What senders write is read as they mean it, and nothing in it can hurt."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from apps.alerts.formats import FORMATS, IncomingAlert, Link, Reading, Unreadable
from apps.alerts.formats.base import instant, text
from apps.alerts.models import AlertStatus, Format
from tests.alerts.building import notification, prometheus_alert


def read(sender_format: Format, body: Any) -> Reading:
    return FORMATS[sender_format].read(body)


def only_alert(sender_format: Format, body: Any) -> IncomingAlert:
    reading = read(sender_format, body)
    assert reading.problems == ()
    (alert,) = reading.alerts
    return alert


class TestAlertmanager:
    def test_a_firing_alert_is_read_with_its_own_fingerprint_labels_times_and_links(self) -> None:
        alert = only_alert(Format.ALERTMANAGER, notification(prometheus_alert()))
        assert alert.fingerprint == "699de64ae8ff5e73"
        assert alert.status is AlertStatus.FIRING
        assert alert.title == "ADO application is down"
        assert alert.description == "ADO application has been down for more than 1 minute"
        assert alert.labels["component"] == "application"
        assert alert.starts_at == datetime(2026, 3, 2, 9, 59, 30, 123456, tzinfo=UTC)
        assert alert.ends_at is None
        assert alert.links == (
            Link("Runbook", "https://docs.ado.com/runbooks/application-down"),
            Link("Source", "http://prometheus.example:9090/graph?g0.expr=up"),
        )

    def test_each_alert_of_a_group_has_its_own_status(self) -> None:
        body = notification(prometheus_alert(fingerprint="a"), prometheus_alert("resolved", fingerprint="b"))
        assert [(alert.fingerprint, alert.status) for alert in read(Format.ALERTMANAGER, body).alerts] == [
            ("a", AlertStatus.FIRING),
            ("b", AlertStatus.RESOLVED),
        ]

    def test_an_alert_without_a_summary_is_called_by_its_name(self) -> None:
        assert (
            only_alert(Format.ALERTMANAGER, notification(prometheus_alert(annotations={}))).title
            == "ADOApplicationDown"
        )

    def test_without_a_fingerprint_equal_labels_make_an_equal_one(self) -> None:
        first = prometheus_alert(fingerprint="", labels={"alertname": "A", "job": "x"})
        again = prometheus_alert("resolved", fingerprint="", labels={"job": "x", "alertname": "A"})
        other = prometheus_alert(fingerprint="", labels={"alertname": "A", "job": "y"})
        prints = [alert.fingerprint for alert in read(Format.ALERTMANAGER, notification(first, again, other)).alerts]
        assert prints[0] == prints[1] != prints[2]

    def test_one_broken_alert_of_a_group_costs_only_itself(self) -> None:
        reading = read(
            Format.ALERTMANAGER, notification({"status": "on fire", "labels": {"a": "b"}}, prometheus_alert())
        )
        assert [alert.title for alert in reading.alerts] == ["ADO application is down"]
        assert reading.problems == ("alerts[0]: the status 'on fire' is neither firing nor resolved.",)

    @pytest.mark.parametrize("body", [{}, [], None, "text", 7, {"alerts": "none"}, {"alerts": {}}])
    def test_what_is_no_notification_is_unreadable(self, body: Any) -> None:
        with pytest.raises(Unreadable, match="no list 'alerts'"):
            read(Format.ALERTMANAGER, body)

    @pytest.mark.parametrize(
        "alert", [None, [], "x", {}, {"status": "firing", "labels": []}, {"status": [], "labels": {"a": "b"}}]
    )
    def test_what_is_no_alert_is_named_by_its_position(self, alert: Any) -> None:
        reading = read(Format.ALERTMANAGER, notification(alert))
        assert reading.alerts == ()
        assert reading.problems[0].startswith("alerts[0]: ")


class TestGeneric:
    def test_only_a_title_is_needed(self) -> None:
        alert = only_alert(Format.GENERIC, {"title": "Disk full"})
        assert (alert.title, alert.status, alert.service, alert.labels) == ("Disk full", AlertStatus.FIRING, "", {})

    def test_every_field_of_the_contract_is_read(self) -> None:
        body = {
            "title": "Disk full",
            "key": "disk-7",
            "status": "resolved",
            "severity": "high",
            "service": "database",
            "labels": {"host": "db1", "free": 3},
            "links": ["https://one.example/", {"title": "Two", "url": "https://two.example/"}],
        }
        alert = only_alert(Format.GENERIC, body)
        assert alert.fingerprint == "disk-7"
        assert alert.status is AlertStatus.RESOLVED
        assert alert.labels == {"host": "db1", "free": "3", "severity": "high"}
        assert alert.service == "database"
        assert alert.links == (
            Link("https://one.example/", "https://one.example/"),
            Link("Two", "https://two.example/"),
        )

    def test_without_a_key_the_same_problem_is_the_same_alert_whatever_its_severity_and_status(self) -> None:
        bodies = [
            {"title": "T", "service": "s", "labels": {"a": "1"}},
            {"title": "T", "service": "s", "labels": {"a": "1"}, "severity": "P0", "status": "resolved"},
            {"title": "T", "service": "other", "labels": {"a": "1"}},
        ]
        prints = [only_alert(Format.GENERIC, body).fingerprint for body in bodies]
        assert prints[0] == prints[1] != prints[2]

    def test_a_list_is_as_many_alerts_and_its_broken_ones_cost_only_themselves(self) -> None:
        reading = read(Format.GENERIC, [{"title": "One"}, {"titel": "Two"}, 3])
        assert [alert.title for alert in reading.alerts] == ["One"]
        assert [problem.split(":")[0] for problem in reading.problems] == ["[1]", "[2]"]

    @pytest.mark.parametrize(
        "body", [{}, {"title": ""}, {"title": None}, "x", 1, None, {"title": "T", "status": "odd"}]
    )
    def test_what_names_no_problem_is_unreadable(self, body: Any) -> None:
        with pytest.raises(Unreadable):
            read(Format.GENERIC, body)

    def test_labels_that_are_no_object_are_unreadable(self) -> None:
        with pytest.raises(Unreadable, match="'labels' is not an object"):
            read(Format.GENERIC, {"title": "T", "labels": ["a"]})

    @pytest.mark.parametrize(
        "url", ["javascript:alert(1)", "/local", "https://", "ftp://x.example/", 5, None, "https://x/" + "y" * 3000]
    )
    def test_only_web_addresses_become_links(self, url: Any) -> None:
        assert only_alert(Format.GENERIC, {"title": "T", "links": [url, {"title": "L", "url": url}]}).links == ()

    def test_a_key_too_long_to_keep_still_tells_alerts_apart(self) -> None:
        one, two = (only_alert(Format.GENERIC, {"title": "T", "key": "k" * 5000 + end}).fingerprint for end in "ab")
        assert one != two
        assert len(one) <= 128


@pytest.mark.parametrize(
    ("sender_format", "body", "count"),
    [
        (Format.ALERTMANAGER, notification(prometheus_alert(), prometheus_alert(fingerprint="b")), 2),
        (Format.ALERTMANAGER, {"odd": True}, 1),
        (Format.ALERTMANAGER, [], 1),
        (Format.GENERIC, {"title": "T"}, 1),
        (Format.GENERIC, [{"title": "T"}, {"title": "U"}], 2),
        (Format.GENERIC, "odd", 1),
    ],
)
def test_a_body_says_how_many_alerts_it_holds_even_if_it_cannot_be_read(
    sender_format: Format, body: Any, count: int
) -> None:
    assert FORMATS[sender_format].count(body) == count


@pytest.mark.parametrize("value", ["a\x00b", "a\ud800b"])
def test_what_the_database_cannot_store_is_replaced(value: str) -> None:
    assert text(value) == "a\N{REPLACEMENT CHARACTER}b"


@pytest.mark.parametrize(
    "value", [None, 5, "", "yesterday", "0001-01-01T00:00:00Z", "2026-03-02T10:00:00", "9999-12-31T23:59:59-12:00"]
)
def test_a_time_that_is_none_is_none_and_keeps_no_alert_from_paging(value: Any) -> None:
    assert instant(value) is None


def test_times_are_read_in_their_zone() -> None:
    assert instant("2026-03-02T11:00:00+01:00") == datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
