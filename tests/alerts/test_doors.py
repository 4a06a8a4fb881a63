"""Senders of PagerDuty and Opsgenie are answered as they are used to, and 202 means stored here too."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from apps.alerts import actions, flusher
from apps.alerts.ingest import Ingest
from apps.alerts.models import Alert, Change, Format, InboxEntry, Integration
from apps.alerts.queries import of_incident
from apps.catalog.models import Service
from apps.incidents.models import EventKind, Incident, Status, Via
from apps.teams.models import Team
from tests.alerts.building import changed, put_procedures_in_force, take_in, triggered
from tests.alerts.test_ingest import Reply, Sender
from tests.hostile import BODIES, TEXTS

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ingest() -> Iterator[Ingest]:
    def elsewhere(environ: Any, start_response: Any) -> list[bytes]:
        start_response("299 Handed On", [])
        return [environ["PATH_INFO"].encode()]

    made = Ingest(elsewhere)
    yield made
    made.close()


def sends(ingest: Ingest, sender_format: Format, platform: Team, service: Service, **more: Any) -> Sender:
    put_procedures_in_force()
    _, key = actions.create_integration(
        team=platform, name="Vendor", sender_format=sender_format, service=service, by=None, **more
    )
    return Sender(ingest, key)


class PagerDutySender(Sender):
    """Posts events with the key in the body, as the vendor's senders do."""

    def send(self, event: Any, *, path: str = "/v2/enqueue", **environ: Any) -> Reply:
        body = {"routing_key": self.key, **event} if isinstance(event, dict) else event
        return self.post(body, path=path, **environ)


class OpsgenieSender(Sender):
    """Posts with the key in a header."""

    def send(self, body: Any, *, path: str = "/v2/alerts", query: str = "", **environ: Any) -> Reply:
        known = {"HTTP_AUTHORIZATION": f"GenieKey {self.key}", "QUERY_STRING": query, **environ}
        return self.post(body, path=path, **known)

    def do(self, action: str, alias: str, body: Any = b"") -> Reply:
        return self.send(body, path=f"/v2/alerts/{alias}/{action}", query="identifierType=alias")


@pytest.fixture
def pagerduty(ingest: Ingest, platform: Team, application: Service, monitoring: Service) -> PagerDutySender:
    return PagerDutySender(ingest, sends(ingest, Format.PAGERDUTY, platform, monitoring).key)


@pytest.fixture
def opsgenie(ingest: Ingest, platform: Team, application: Service, monitoring: Service) -> OpsgenieSender:
    return OpsgenieSender(ingest, sends(ingest, Format.OPSGENIE, platform, monitoring).key)


def told(incident: Incident) -> list[tuple[str, str]]:
    return list(incident.timeline.order_by("pk").values_list("kind", "text"))


class TestPagerDuty:
    def test_what_is_triggered_is_an_incident_and_what_is_resolved_ends_it(self, pagerduty: PagerDutySender) -> None:
        reply = pagerduty.send(triggered())
        assert (reply.status, reply.json) == (
            202,
            {"status": "success", "message": "Event processed", "dedup_key": "queue"},
        )
        take_in()
        incident = Incident.objects.get()
        assert (incident.title, incident.severity.code) == ("Queue is stuck", "P0")
        assert [service.slug for service in incident.services.all()] == ["application"]
        assert pagerduty.send({"event_action": "resolve", "dedup_key": "queue"}).status == 202
        take_in()
        incident.refresh_from_db()
        (alert,) = of_incident(incident)
        assert (incident.status, alert.status, alert.title) == (Status.MONITORING, "resolved", "Queue is stuck")
        assert alert.labels["source"] == "queue-1"

    @pytest.mark.parametrize(
        ("severity", "code"), [("critical", "P0"), ("error", "P1"), ("warning", "P2"), ("info", "P3")]
    )
    def test_each_of_its_severities_has_one_of_ours(self, pagerduty: PagerDutySender, severity: str, code: str) -> None:
        pagerduty.send(triggered(payload={"severity": severity}))
        take_in()
        assert Incident.objects.get().severity.code == code

    def test_a_severity_of_ours_among_the_details_goes_before_its_own(self, pagerduty: PagerDutySender) -> None:
        pagerduty.send(triggered(payload={"severity": "critical", "custom_details": {"priority": "P2"}}))
        take_in()
        assert Incident.objects.get().severity.code == "P2"

    def test_whoever_sends_no_key_is_told_the_one_that_resolves(self, pagerduty: PagerDutySender) -> None:
        key = pagerduty.send(triggered(dedup_key=None)).json["dedup_key"]
        pagerduty.send({"event_action": "resolve", "dedup_key": key})
        take_in()
        assert Alert.objects.get().status == "resolved"

    def test_an_acknowledgement_there_is_a_note_and_the_response_still_waits(self, pagerduty: PagerDutySender) -> None:
        pagerduty.send(triggered())
        for _ in range(2):
            pagerduty.send({"event_action": "acknowledge", "dedup_key": "queue"})
        take_in()
        incident = Incident.objects.get()
        assert (incident.status, incident.acknowledged_at) == (Status.DECLARED, None)
        assert told(incident).count((EventKind.NOTE, "Queue is stuck: acknowledged, says Vendor.")) == 1

    def test_it_acknowledges_the_incident_where_the_integration_says_so(self, pagerduty: PagerDutySender) -> None:
        Integration.objects.update(acknowledges=True)
        pagerduty.send(triggered())
        pagerduty.send({"event_action": "acknowledge", "dedup_key": "queue"})
        take_in()
        incident = Incident.objects.get()
        assert (incident.status, incident.acknowledged_by) == (Status.ACKNOWLEDGED, None)
        event = incident.timeline.get(kind=EventKind.ACKNOWLEDGED)
        assert (event.via, event.actor) == (Via.ALERT, None)
        assert incident.clocks.get(name="response").met_at is not None

    def test_what_is_acknowledged_before_it_is_known_is_nothing(self, pagerduty: PagerDutySender) -> None:
        assert pagerduty.send({"event_action": "acknowledge", "dedup_key": "other"}).status == 202
        take_in()
        assert not Incident.objects.exists()

    def test_a_change_is_kept_once(self, pagerduty: PagerDutySender, monitoring: Service) -> None:
        for _ in range(2):
            reply = pagerduty.send(changed(custom_details={"build": 7}), path="/v2/change/enqueue")
            assert (reply.status, reply.json) == (202, {"status": "success", "message": "Change event processed"})
        take_in()
        change = Change.objects.get()
        assert (change.summary, change.labels) == ("Version 7 is live", {"build": "7", "source": "ci"})
        assert list(change.services.all()) == [monitoring]

    @pytest.mark.parametrize("path", ["/v2/enqueue", "/v2/change/enqueue"])
    @pytest.mark.parametrize("key", ["x" * 32, "", None, 7, ["a"], "../../etc", "\x00", "\ud800", "x" * 5000])
    def test_an_unknown_key_is_an_invalid_event(self, pagerduty: PagerDutySender, path: str, key: Any) -> None:
        reply = pagerduty.send({**triggered(), "routing_key": key}, path=path)
        assert (reply.status, reply.json) == (
            400,
            {"status": "invalid event", "message": "Event object is invalid", "errors": ["Invalid routing key"]},
        )

    def test_a_key_of_another_format_is_unknown(self, pagerduty: PagerDutySender, platform: Team) -> None:
        _, pagerduty.key = actions.create_integration(
            team=platform, name="Other", sender_format=Format.GENERIC, by=None
        )
        assert pagerduty.send(triggered()).json["errors"] == ["Invalid routing key"]

    @pytest.mark.parametrize(
        ("event", "path"),
        [
            (triggered(payload={"severity": "dire"}), "/v2/enqueue"),
            ({"event_action": "resolve"}, "/v2/enqueue"),
            (changed(), "/v2/enqueue"),
            (changed(summary=""), "/v2/change/enqueue"),
            ({"payload": 1}, "/v2/change/enqueue"),
        ],
    )
    def test_an_invalid_event_is_refused_in_the_vendors_form(
        self, pagerduty: PagerDutySender, event: dict[str, Any], path: str
    ) -> None:
        reply = pagerduty.send(event, path=path)
        assert (reply.status, reply.json["status"]) == (400, "invalid event")
        assert reply.headers["Content-Type"] == "application/json"
        assert not InboxEntry.objects.exists()

    def test_what_was_not_stored_is_to_be_sent_again(
        self, pagerduty: PagerDutySender, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(flusher, "_INSERT", "SELECT %b::bigint[], %b::bytea[], %b::text[], 1/0")
        reply = pagerduty.send(triggered())
        assert (reply.status, reply.headers["Retry-After"]) == (503, "5")
        assert reply.json["status"] == "unavailable"

    def test_other_methods_and_large_bodies_are_refused(self, pagerduty: PagerDutySender) -> None:
        assert pagerduty.send(b"", REQUEST_METHOD="GET").status == 405
        assert pagerduty.send(b"", CONTENT_LENGTH=str(2 * 1024 * 1024)).status == 413

    @pytest.mark.parametrize("name", BODIES)
    def test_a_hostile_body_is_refused(self, pagerduty: PagerDutySender, name: str) -> None:
        reply = pagerduty.send(BODIES[name])
        assert reply.status == 400
        assert json.loads(reply.content)["status"] == "invalid event"

    def test_it_can_be_posted_to_the_houses_own_address_too(self, pagerduty: PagerDutySender) -> None:
        path = f"/ingest/pagerduty/{pagerduty.key}/"
        assert pagerduty.post(triggered(), path=path).json == {"accepted": 1}
        assert pagerduty.post({"event_action": "x"}, path=path).status == 202
        take_in()
        assert Incident.objects.get().title == "Queue is stuck"
        assert InboxEntry.objects.exclude(problem="").count() == 1


class TestOpsgenie:
    def test_what_is_created_is_an_incident_and_what_is_closed_ends_it(self, opsgenie: OpsgenieSender) -> None:
        reply = opsgenie.send({"message": "Disk is full", "alias": "disk", "details": {"component": "application"}})
        assert reply.status == 202
        assert set(reply.json) == {"result", "took", "requestId"}
        take_in()
        incident = Incident.objects.get()
        assert (incident.title, incident.severity.code) == ("Disk is full", "P2")
        assert [service.slug for service in incident.services.all()] == ["application"]
        assert opsgenie.do("close", "disk").status == 202
        take_in()
        incident.refresh_from_db()
        assert (incident.status, Alert.objects.get().status) == (Status.MONITORING, "resolved")

    @pytest.mark.parametrize(
        ("priority", "code"), [("P1", "P0"), ("P2", "P1"), ("P3", "P2"), ("P4", "P3"), ("P5", "P3"), (None, "P0")]
    )
    def test_its_own_priority_reads_as_the_rules_say_and_decides_where_it_is_given(
        self, opsgenie: OpsgenieSender, priority: str | None, code: str
    ) -> None:
        opsgenie.send({"message": "Down", "priority": priority, "details": {"severity": "critical"}})
        take_in()
        assert Incident.objects.get().severity.code == code

    def test_an_acknowledgement_there_says_whose(self, opsgenie: OpsgenieSender) -> None:
        opsgenie.send({"message": "Down", "alias": "disk"})
        opsgenie.do("acknowledge", "disk", {"user": "rita@example.com", "note": "On it"})
        take_in()
        text = "Down: acknowledged by rita@example.com: On it, says Vendor."
        assert (EventKind.NOTE, text) in told(Incident.objects.get())

    @pytest.mark.parametrize("alias", ["a/b", "a b", "../../close", "ü", "%2e", "x" * 512, "close", "/"])
    def test_whatever_an_alias_looks_like_it_is_the_same_in_body_and_address(
        self, opsgenie: OpsgenieSender, alias: str
    ) -> None:
        opsgenie.send({"message": "Down", "alias": alias})
        assert opsgenie.do("close", alias.encode().decode("latin-1")).status == 202
        take_in()
        assert Alert.objects.get().status == "resolved"

    @pytest.mark.parametrize("name", TEXTS)
    def test_a_hostile_alias_in_the_address_ends_nothing_and_fails_nothing(
        self, opsgenie: OpsgenieSender, name: str
    ) -> None:
        opsgenie.send({"message": "Down", "alias": "disk"})
        reply = opsgenie.do("close", TEXTS[name].encode().decode("latin-1"))
        assert reply.status in (202, 422)
        take_in()
        assert Alert.objects.get(fingerprint="disk").status == "firing"
        assert not InboxEntry.objects.exclude(failures=0).exists()
        assert not InboxEntry.objects.filter(handled_at=None).exists()

    @pytest.mark.parametrize("query", ["", "identifierType=id", "identifierType=alias&identifierType=id", "%00=%ff"])
    def test_an_alert_is_known_by_its_alias_alone(self, opsgenie: OpsgenieSender, query: str) -> None:
        reply = opsgenie.send({}, path="/v2/alerts/disk/close", query=query)
        assert (reply.status, "identifierType=alias" in reply.json["message"]) == (422, True)

    @pytest.mark.parametrize(
        "header", ["", "GenieKey", "GenieKey ", "Bearer {}", "GenieKey x{}", "{}", "GenieKey {}/..", "GenieKey \x00"]
    )
    def test_an_unknown_key_is_refused(self, opsgenie: OpsgenieSender, header: str) -> None:
        reply = opsgenie.send({"message": "Down"}, HTTP_AUTHORIZATION=header.format(opsgenie.key))
        assert (reply.status, reply.json["message"]) == (401, "Could not authenticate")

    @pytest.mark.parametrize(
        ("path", "method", "status"),
        [
            ("/v2/alerts", "GET", 405),
            ("/v2/alerts/", "POST", 202),
            ("/v2/alerts/disk", "DELETE", 405),
            ("/v2/alerts/disk/snooze", "POST", 404),
            ("/v2/alerts//close", "POST", 404),
        ],
    )
    def test_what_else_can_be_asked_there_is_refused_in_its_form(
        self, opsgenie: OpsgenieSender, path: str, method: str, status: int
    ) -> None:
        reply = opsgenie.send({"message": "Down"}, path=path, query="identifierType=alias", REQUEST_METHOD=method)
        assert reply.status == status
        assert "requestId" in reply.json

    def test_what_was_not_stored_is_to_be_sent_again(
        self, opsgenie: OpsgenieSender, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(flusher, "_INSERT", "SELECT %b::bigint[], %b::bytea[], %b::text[], 1/0")
        reply = opsgenie.send({"message": "Down"})
        assert (reply.status, reply.headers["Retry-After"]) == (503, "5")

    @pytest.mark.parametrize("name", BODIES)
    def test_a_hostile_body_is_refused(self, opsgenie: OpsgenieSender, name: str) -> None:
        assert opsgenie.send(BODIES[name]).status in (400, 422)


@pytest.mark.parametrize("path", ["/v2", "/v2/", "/v2/enqueues", "/v2/alert", "/v2/change", "/v2/alertsx"])
def test_everything_else_is_handed_on(ingest: Ingest, path: str) -> None:
    assert Sender(ingest, "").post({}, path=path).status == 299


def test_what_is_read_does_not_depend_on_who_shares_the_commit(
    ingest: Ingest, platform: Team, application: Service, monitoring: Service
) -> None:
    opsgenie = OpsgenieSender(ingest, sends(ingest, Format.OPSGENIE, platform, monitoring).key)
    store: Callable[..., Any] = ingest._flusher.store
    store(Integration.objects.get().pk, b'{"message": "Down", "alias": "a"}', {})
    assert opsgenie.do("close", "a").status == 202
    assert [entry.envelope for entry in InboxEntry.objects.order_by("pk")] == [
        {},
        {"action": "close", "alias": "a"},
    ]
