"""Push messages: encrypted for the device, signed by the house, and acknowledged from a lock screen."""

from __future__ import annotations

import base64
import json
import os
from datetime import timedelta

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02
from py_vapid.jwt import decode

from apps.contacts import actions as contacts
from apps.contacts.models import MethodKind
from apps.engine.models import Breaker, Timer
from apps.engine.runner import run_due
from apps.incidents import actions as incidents
from apps.incidents.models import EventKind, Via
from apps.notifications import actions, links, vapid
from apps.notifications.models import Channel, DeliveryState, NotificationKind
from apps.teams.models import TeamRole
from tests.factories.teams import make_person
from tests.integrations.conftest import page, reach, sent_by
from tests.integrations.provider import Answer, Provider


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Device:
    """A browser that subscribed: it can read what is encrypted for it."""

    def __init__(self) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())
        self._auth = os.urandom(16)
        point = self._private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.keys = {"p256dh": b64(point), "auth": b64(self._auth)}

    def read(self, body: bytes) -> dict:
        return json.loads(http_ece.decrypt(body, private_key=self._private, auth_secret=self._auth))


@pytest.fixture
def push_service(settings):
    private = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value.to_bytes(32, "big")
    settings.VAPID_PRIVATE_KEY, settings.VAPID_SUBJECT = b64(private), "mailto:admin@example.com"
    settings.OUTBOUND_PRIVATE = "allowed"
    with Provider(lambda _: Answer(201, b"", {"Location": "/message/1"})) as provider:
        yield provider


@pytest.fixture
def device():
    return Device()


@pytest.fixture
def method(push_service, device, olga):
    endpoint = f"{push_service.url}/send/abc"
    return reach(olga, MethodKind.PUSH, endpoint, label="My phone", details={"keys": device.keys})


@pytest.fixture
def told(method, olga, incident):
    return page(olga, incident)


def acknowledge(client, token):
    return client.post("/hooks/push/acknowledge/", json.dumps({"token": token}), content_type="application/json")


def decline(client, token):
    return client.post("/hooks/push/decline/", json.dumps({"token": token}), content_type="application/json")


def test_a_page_is_encrypted_for_the_device_and_signed_by_the_house(push_service, told, device, incident, clock):
    run_due()
    [request] = push_service.received
    assert request.path == "/send/abc"
    assert request.headers["Content-Encoding"] == "aes128gcm"
    assert (request.headers["Urgency"], request.headers["TTL"]) == ("high", "3600")
    assert request.headers["Topic"] == sent_by(told, Channel.PUSH).message_id.hex
    assert request.headers["X-ADO-Level"] == "1"
    scheme, said = request.headers["Authorization"].split(" ", 1)
    token, key = (part.split("=", 1)[1] for part in said.split(","))
    assert (scheme, key) == ("vapid", vapid.public_key())
    claims = decode(token, key)
    assert (claims["aud"], claims["sub"]) == (push_service.url, "mailto:admin@example.com")
    assert 0 < claims["exp"] - clock.now.timestamp() <= 24 * 3600
    content = device.read(request.body)
    assert content.pop("body").startswith("You are paged as level 1.")
    assert links.pages_of(content.pop("acknowledge")) == [told]
    assert content == {
        "title": told.subject,
        "tag": f"page-{told.pk}",
        "url": f"http://127.0.0.1:8000{incident.get_absolute_url()}",
        "urgency": "high",
        "can_pass_on": True,
    }
    assert sent_by(told, Channel.PUSH).state == DeliveryState.SENT


def test_the_public_key_is_of_the_private_one(push_service, settings):
    raw = base64.urlsafe_b64decode(vapid.public_key() + "==")
    assert len(raw) == 65
    assert (
        Vapid02.from_raw(settings.VAPID_PRIVATE_KEY.encode()).public_key.public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint
        )
        == raw
    )
    settings.VAPID_PRIVATE_KEY = ""
    assert vapid.public_key() == ""


@pytest.mark.parametrize(
    ("status", "state", "gone", "failures"),
    [
        (404, DeliveryState.FAILED, True, 1),
        (410, DeliveryState.FAILED, True, 1),
        (403, DeliveryState.FAILED, False, 0),
        (413, DeliveryState.FAILED, False, 0),
        (429, DeliveryState.PLANNED, False, 0),
        (500, DeliveryState.PLANNED, False, 0),
    ],
)
def test_what_the_push_service_says_of_the_device(push_service, told, method, status, state, gone, failures):
    push_service.answer = lambda _: Answer(status, b"", {"Retry-After": "9"})
    run_due()
    method.refresh_from_db()
    assert sent_by(told, Channel.PUSH).state == state
    assert (method.disabled_at is not None, method.failures) == (gone, failures)


def test_the_push_service_is_given_the_patience_it_asks_for(push_service, told, clock):
    push_service.answer = lambda _: Answer(429, b"", {"Retry-After": "60"})
    run_due()
    timer = Timer.objects.get(key=f"notifications.deliver:{sent_by(told, Channel.PUSH).pk}")
    assert (timer.due_at - clock.now).total_seconds() >= 60


@pytest.mark.parametrize("details", [{}, {"keys": {}}, {"keys": {"p256dh": "x", "auth": "y"}}, {"keys": "nonsense"}])
def test_a_device_without_keys_is_refused_and_not_in_doubt(push_service, olga, incident, details):
    method = reach(olga, MethodKind.PUSH, f"{push_service.url}/send/x", details=details)
    told = page(olga, incident)
    run_due()
    method.refresh_from_db()
    assert (sent_by(told, Channel.PUSH).state, method.failures) == (DeliveryState.FAILED, 1)
    assert not push_service.received


@pytest.mark.parametrize("key", ["nonsense", "nonsense!", "AAAA", "A" * 43, "_" * 43, "ü"])
def test_a_key_of_ours_that_is_none_fails_the_message_and_blames_no_device(push_service, told, method, settings, key):
    settings.VAPID_PRIVATE_KEY = key
    run_due()
    method.refresh_from_db()
    assert (sent_by(told, Channel.PUSH).state, method.failures) == (DeliveryState.FAILED, 0)


def test_an_endpoint_within_the_house_is_not_asked(push_service, told, method, settings):
    settings.OUTBOUND_PRIVATE = ""
    run_due()
    method.refresh_from_db()
    assert not push_service.received
    assert (sent_by(told, Channel.PUSH).state, method.failures) == (DeliveryState.FAILED, 1)


def test_a_long_page_is_cut_to_what_a_push_message_carries(push_service, told, device):
    told.text = "ä" * 20_000
    told.save(update_fields=["text"])
    run_due()
    [request] = push_service.received
    assert len(request.body) <= 4096
    assert device.read(request.body)["acknowledge"]


def test_acknowledging_from_the_device_stops_the_others_at_once(told, incident, olga, team, outside):
    waiting = page(make_person("Sam", team, TeamRole.RESPONDER), incident)
    response = acknowledge(outside, links.token([told]))
    assert (response.status_code, response.json()) == (200, {"text": f"{incident} acknowledged.", "done": True})
    [event] = incident.timeline.filter(kind=EventKind.ACKNOWLEDGED)
    assert (event.actor, event.via) == (olga, Via.PUSH)
    assert waiting.deliveries.get(channel=Channel.EMAIL).state == DeliveryState.CANCELLED
    assert acknowledge(outside, links.token([told])).status_code == 200


def test_a_token_that_is_none_or_too_old_acknowledges_nothing(told, incident, outside, settings):
    token = links.token([told])
    assert acknowledge(outside, f"{token}x").status_code == 404
    assert acknowledge(outside, None).status_code == 400
    assert acknowledge(outside, ["a"]).status_code == 400
    for body in ("", "nonsense", "[]", "7", "[" * 50_000):
        assert outside.post("/hooks/push/acknowledge/", body, content_type="application/json").status_code == 400
    assert outside.get("/hooks/push/acknowledge/").status_code == 405
    settings.ACKNOWLEDGE_LINK_LIFETIME = timedelta(seconds=-1)
    assert acknowledge(outside, token).status_code == 410
    incident.refresh_from_db()
    assert incident.acknowledged_at is None


def test_passing_on_from_the_device_is_done_once_as_its_receiver(told, incident, olga, outside):
    response = decline(outside, links.token([told]))
    assert (response.status_code, response.json()) == (200, {"text": f"{incident} declined.", "done": True})
    [event] = incident.timeline.filter(kind=EventKind.PAGE_DECLINED)
    assert (event.actor, event.via) == (olga, Via.PUSH)
    assert decline(outside, links.token([told])).status_code == 409
    assert incident.timeline.filter(kind=EventKind.PAGE_DECLINED).count() == 1


def test_a_token_that_is_none_or_too_old_passes_nothing_on(told, incident, outside, settings):
    token = links.token([told])
    assert decline(outside, f"{token}x").status_code == 404
    assert decline(outside, None).status_code == 400
    assert outside.get("/hooks/push/decline/").status_code == 405
    settings.ACKNOWLEDGE_LINK_LIFETIME = timedelta(seconds=-1)
    assert decline(outside, token).status_code == 410
    assert not incident.timeline.filter(kind=EventKind.PAGE_DECLINED).exists()


def test_what_is_over_or_was_taken_on_by_its_receiver_cannot_be_passed_on(told, incident, olga, outside):
    acknowledge(outside, links.token([told]))
    assert decline(outside, links.token([told])).status_code == 409
    incidents.cancel(incident.pk, reason="mistake", by=olga)
    assert decline(outside, links.token([told])).status_code == 409
    assert not incident.timeline.filter(kind=EventKind.PAGE_DECLINED).exists()


def test_what_is_over_cannot_be_acknowledged(told, incident, olga, outside):
    incidents.cancel(incident.pk, reason="mistake", by=olga)
    assert acknowledge(outside, links.token([told])).status_code == 409


def test_a_device_is_verified_by_a_code_through_the_push_itself(push_service, device, olga):
    method = contacts.add_method(
        olga, kind=MethodKind.PUSH, value=f"{push_service.url}/send/x", by=olga, details={"keys": device.keys}
    )
    verification = contacts.request_code(method, by=olga)
    run_due()
    content = device.read(push_service.received[-1].body)
    assert content["title"].startswith(contacts.code_of(verification))
    assert (content["acknowledge"], content["can_pass_on"]) == (None, False)


def test_news_of_an_incident_takes_no_page_of_it_off_the_lock_screen(push_service, told, device, olga, incident):
    for number in range(2):
        actions.notify(
            olga,
            incident=incident,
            kind=NotificationKind.NOTICE,
            step=f"clock:{number}",
            subject="A target is near",
            text="It is.",
        )
        run_due()
    tags = [device.read(request.body)["tag"] for request in push_service.received]
    assert tags == [f"page-{told.pk}", f"{incident.reference}-notice", f"{incident.reference}-notice"]


def test_a_device_of_another_key_is_said_to_be_subscribed_anew(push_service, told, method):
    push_service.answer = lambda _: Answer(403, b"")
    run_due()
    assert "subscribe the device anew" in sent_by(told, Channel.PUSH).last_error
    assert Breaker.objects.filter(open_until__isnull=False).count() == 0
