"""What a browser needs to become a push device."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client

from apps.notifications import vapid


@pytest.fixture
def vapid_key(settings) -> ec.EllipticCurvePrivateKey:
    """The house has a key of its own."""
    key = ec.generate_private_key(ec.SECP256R1())
    raw = key.private_numbers().private_value.to_bytes(32, "big")
    settings.VAPID_PRIVATE_KEY = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    return key


def test_the_public_key_is_the_point_of_the_private_one(vapid_key):
    text = vapid.public_key()
    point = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    numbers = vapid_key.public_key().public_numbers()
    assert point == b"\x04" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")


@pytest.mark.parametrize("private", ["", "no key at all!", "AAAA", "A" * 43])
def test_without_a_usable_key_there_is_none(settings, private):
    settings.VAPID_PRIVATE_KEY = private
    assert vapid.public_key() == ""


def test_a_browser_is_offered_to_subscribe_only_where_pushes_are_sent(house, rita, settings, vapid_key):
    assert rita.get("/push/key/").json() == {"key": vapid.public_key()}
    assert "data-push" in rita.get("/profile/").content.decode()
    settings.VAPID_PRIVATE_KEY = ""
    assert rita.get("/push/key/").status_code == 404
    assert "data-push-key" not in rita.get("/profile/").content.decode()


def test_the_worker_answers_for_every_page_and_is_never_kept(db):
    answer = Client().get("/sw.js")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/javascript")
    assert answer["Service-Worker-Allowed"] == "/"
    assert answer["Cache-Control"] == "no-cache"
    assert "worker-src 'self'" in answer["Content-Security-Policy"]
