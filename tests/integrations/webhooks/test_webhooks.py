"""Webhooks: signed as the standard says, to public addresses only, and given up when the receiver says so."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from standardwebhooks import Webhook

from apps.contacts import actions as contacts
from apps.contacts.actions import upsert_endpoint
from apps.contacts.models import MethodKind
from apps.contacts.webhook_secrets import secret_of
from apps.core import http
from apps.engine.models import Breaker, Lane, Timer
from apps.engine.runner import run_due
from apps.engine.worker import SLOTS
from apps.incidents import actions as incidents
from apps.incidents.models import Incident
from apps.notifications import links, transports
from apps.notifications.composing import compose
from apps.notifications.handlers import PAGES_AT_ONCE
from apps.notifications.models import Channel, DeliveryState
from tests.factories.incidents import declare
from tests.integrations.conftest import page, reach, sent_by
from tests.integrations.provider import Answer, Provider, nobody_there


@pytest.fixture
def receiver(settings):
    settings.OUTBOUND_PRIVATE = "allowed"
    with Provider(lambda _: Answer(202, b"")) as provider:
        yield provider


@pytest.fixture
def method(receiver, olga):
    return reach(olga, MethodKind.WEBHOOK, f"{receiver.url}/pages?from=ado")


@pytest.fixture
def told(method, olga, incident):
    return page(olga, incident)


def test_a_page_is_one_event_signed_as_the_standard_says(receiver, told, method, incident, clock):
    clock.set(datetime.now(UTC))  # the standard's library looks at the real clock
    run_due()
    request = receiver.received[0]
    key = str(sent_by(told, Channel.WEBHOOK).message_id)
    assert request.path == "/pages?from=ado"
    assert {name.lower(): value for name, value in request.headers.items()}["webhook-id"] == key
    event = Webhook(secret_of(method)).verify(request.body, dict(request.headers))
    assert (event["type"], event["id"], event["level"], event["subject"]) == ("page", key, 1, told.subject)
    assert event["acknowledge_url"].startswith("http://127.0.0.1:8000/ack/")
    assert event["incident"]["id"] == incident.reference
    assert (event["incident"]["severity"], event["incident"]["team"]) == ("P0", "platform")
    assert event["incident"]["services"] == []
    assert request.headers["X-ADO-Kind"] == "page"
    assert sent_by(told, Channel.WEBHOOK).state == DeliveryState.DELIVERED


def test_every_webhook_has_a_secret_of_its_own(receiver, method, olga):
    other = reach(olga, MethodKind.WEBHOOK, f"{receiver.url}/other")
    assert secret_of(method) == secret_of(method) != secret_of(other)
    assert len(base64.b64decode(secret_of(method).removeprefix("whsec_"))) == 32


@pytest.mark.parametrize(
    ("status", "state", "disabled", "failures"),
    [
        (200, DeliveryState.DELIVERED, False, 0),
        (302, DeliveryState.FAILED, False, 1),
        (400, DeliveryState.FAILED, False, 1),
        (404, DeliveryState.FAILED, False, 1),
        (410, DeliveryState.FAILED, True, 1),
        (429, DeliveryState.PLANNED, False, 0),
        (500, DeliveryState.PLANNED, False, 0),
    ],
)
def test_what_the_receiver_answers(receiver, told, method, status, state, disabled, failures):
    receiver.answer = lambda _: Answer(status, b"what lies behind it", {"Location": f"{receiver.url}/elsewhere"})
    run_due()
    method.refresh_from_db()
    delivery = sent_by(told, Channel.WEBHOOK)
    assert (delivery.state, delivery.last_error) == (state, f"Answered {status}." if status != 200 else "")
    assert (method.disabled_at is not None, method.failures) == (disabled, failures)
    assert len(receiver.received) == 1


def test_a_receiver_is_given_the_patience_it_asks_for(receiver, told, clock):
    receiver.answer = lambda _: Answer(503, b"", {"Retry-After": "Mon, 02 Mar 2026 10:02:00 GMT"})
    run_due()
    timer = Timer.objects.get(key=f"notifications.deliver:{sent_by(told, Channel.WEBHOOK).pk}")
    assert (timer.due_at - clock.now).total_seconds() >= 120


def test_the_same_event_comes_again_after_an_outcome_that_is_not_known(receiver, told, clock, monkeypatch):
    monkeypatch.setattr(http, "READ_SECONDS", 0.3)
    receiver.fault = "hang"
    run_due()
    assert sent_by(told, Channel.WEBHOOK).state == DeliveryState.UNKNOWN
    receiver.fault = ""
    clock.shift(seconds=10)
    run_due()
    ids = [{name.lower(): value for name, value in each.headers.items()}["webhook-id"] for each in receiver.received]
    assert len(ids) == 2
    assert len(set(ids)) == 1
    assert sent_by(told, Channel.WEBHOOK).state == DeliveryState.DELIVERED


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost", "169.254.169.254"])
def test_an_address_within_the_house_is_refused(receiver, olga, incident, settings, host):
    settings.OUTBOUND_PRIVATE = ""
    method = reach(olga, MethodKind.WEBHOOK, f"http://{host}:{receiver.port}/")
    told = page(olga, incident)
    run_due()
    method.refresh_from_db()
    assert (sent_by(told, Channel.WEBHOOK).state, method.failures) == (DeliveryState.FAILED, 1)
    assert "public network" in sent_by(told, Channel.WEBHOOK).last_error
    assert not receiver.received


def test_a_receiver_that_is_away_is_tried_again(receiver, olga, incident):
    reach(olga, MethodKind.WEBHOOK, nobody_there())
    told = page(olga, incident)
    run_due()
    assert sent_by(told, Channel.WEBHOOK).state == DeliveryState.PLANNED


def test_an_endpoint_is_posted_to_like_a_person(receiver, team, incident):
    endpoint = upsert_endpoint(slug="tickets", name="Tickets", url=f"{receiver.url}/tickets")
    page(endpoint.person, incident)
    run_due()
    assert receiver.received[0].path == "/tickets"


def test_an_endpoint_learns_of_a_private_incident_only_that_there_is_one(receiver, incident):
    endpoint = upsert_endpoint(slug="tickets", name="Tickets", url=f"{receiver.url}/tickets")
    Incident.objects.update(private=True, title="Whose payroll leaked", summary="Canary words")
    incident.refresh_from_db()
    page(endpoint.person, incident)
    run_due()
    event = json.loads(receiver.received[0].body)
    assert (event["subject"], event["text"]) == (f"[P0] {incident}: Private incident",) * 2
    assert (event["incident"]["title"], event["incident"]["summary"]) == ("Private incident", "")
    assert event["acknowledge_url"] == ""
    assert not {"payroll", "Canary"} & set(receiver.received[0].body.decode().split())


def test_a_link_that_an_endpoint_has_ends_when_the_incident_becomes_private(receiver, incident, client):
    endpoint = upsert_endpoint(slug="tickets", name="Tickets", url=f"{receiver.url}/tickets")
    page(endpoint.person, incident)
    incidents.involve(incident, endpoint.person, reason="paged as level 1")
    run_due()
    link = urlsplit(json.loads(receiver.received[0].body)["acknowledge_url"]).path
    assert incident.title in client.get(link).content.decode()
    Incident.objects.update(private=True)
    assert incident.title not in client.get(link).content.decode()
    assert client.post(link).status_code == client.get(link).status_code != 200
    incident.refresh_from_db()
    assert incident.acknowledged_at is None


def test_a_person_who_is_paged_reads_a_private_incident_by_their_own_webhook(receiver, method, olga, incident):
    Incident.objects.update(private=True)
    incident.refresh_from_db()
    page(olga, incident)
    run_due()
    assert json.loads(receiver.received[0].body)["incident"]["title"] == incident.title


def test_a_summary_for_an_endpoint_names_no_private_incident_and_answers_none(receiver, incident, team):
    endpoint = upsert_endpoint(slug="tickets", name="Tickets", url=f"{receiver.url}/tickets")
    secret_one = declare(team, title="Whose payroll leaked", private=True)
    told = [page(endpoint.person, each) for each in (incident, secret_one)]
    deliveries = [sent_by(each, Channel.WEBHOOK) for each in told]
    message = compose(deliveries)
    assert incident.title in message.text
    assert f"{secret_one}: Private incident" in message.text
    assert "payroll" not in message.text
    assert [each.incident for each in links.pages_of(message.acknowledge_token)] == [incident]


def test_a_host_where_nobody_answers_holds_back_no_other(receiver, olga, incident, settings):
    settings.BREAKER_FAILURES = 1
    away = reach(olga, MethodKind.WEBHOOK, "http://localhost:9/")
    page(olga, incident)
    run_due()
    assert not receiver.received
    assert Breaker.objects.get(provider="webhook:localhost").open_until is not None
    away.delete()
    reach(olga, MethodKind.WEBHOOK, f"{receiver.url}/pages")
    page(olga, incident, step="level:2")
    run_due()
    assert [request.path for request in receiver.received] == ["/pages"]


@pytest.mark.parametrize("answer", [Answer(429, b"", {"Retry-After": "600"}), Answer(500, b"")])
def test_what_one_address_answers_holds_back_no_other_of_its_host(receiver, olga, incident, settings, answer):
    settings.BREAKER_FAILURES = 1
    receiver.answer = lambda request: answer if request.path == "/mine" else Answer(202, b"")
    mine = reach(olga, MethodKind.WEBHOOK, f"{receiver.url}/mine")
    page(olga, incident)
    run_due()
    assert receiver.received
    mine.delete()
    reach(olga, MethodKind.WEBHOOK, f"{receiver.url}/theirs")
    other = page(olga, incident, step="level:2")
    run_due()
    assert sent_by(other, Channel.WEBHOOK).state == DeliveryState.DELIVERED


def test_codes_count_against_nobody(receiver, olga, settings):
    settings.BREAKER_FAILURES = 1
    receiver.fault = "close"
    method = contacts.add_method(olga, kind=MethodKind.WEBHOOK, value=receiver.url, by=olga)
    contacts.request_code(method, by=olga)
    run_due()
    assert receiver.received
    assert not Breaker.objects.exists()


def test_a_circuit_is_told_by_its_host_however_long():
    assert transports.circuit_of("webhook", "https://Example.COM.:8443/x?y") == "webhook:example.com"
    assert transports.circuit_of("webhook", "http://[nonsense/") == "webhook:"
    long = ["a" * 60 + f".{which}." + "b" * 60 + ".example" for which in "xy"]
    circuits = {transports.circuit_of("webhook", f"https://{host}/") for host in long}
    assert len(circuits) == 2
    assert all(len(circuit) <= 100 for circuit in circuits)


def test_the_ways_together_leave_threads_of_their_lane_free():
    assert sum(PAGES_AT_ONCE.values()) < SLOTS[Lane.PAGES]


def test_circuits_of_hosts_are_forgotten_after_a_quiet_day_and_those_of_providers_kept(db, clock):
    Breaker.objects.create(provider="webhook:away.example", failures=1)
    Breaker.objects.create(provider="slack", failures=1)
    clock.shift(hours=23)
    Breaker.objects.create(provider="push:away.example", failures=1)
    clock.shift(hours=2)
    transports.forget_hosts()
    assert set(Breaker.objects.values_list("provider", flat=True)) == {"push:away.example", "slack"}
