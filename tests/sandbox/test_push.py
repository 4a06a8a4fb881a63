"""The sandbox is a push service: pywebpush encrypts and signs for it."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import pytest
from py_vapid import Vapid02
from pywebpush import WebPushException, webpush

from tests.sandbox.conftest import Running

PAGE = {
    "title": "INC-1 · Disk full",
    "body": "P0: acknowledge within 15 min",
    "tag": "INC-1",
    "url": "http://127.0.0.1:8000/incidents/INC-1/",
    "acknowledge": "TOKEN",
    "urgency": "high",
}


def subscribe(sandbox: Running, name: str = "Lena's phone") -> dict[str, Any]:
    answer = httpx.post(f"{sandbox.url}/push/subscriptions", json={"name": name}, trust_env=False)
    assert answer.status_code == 201
    return dict(answer.json())


def push(sandbox: Running, device: dict[str, Any], payload: object, *, key: str = "", **claims: object) -> Any:
    return webpush(
        {"endpoint": device["endpoint"], "keys": device["keys"]},
        data=payload if isinstance(payload, str) else json.dumps(payload),
        vapid_private_key=key or sandbox.environment["VAPID_PRIVATE_KEY"],
        vapid_claims={"sub": sandbox.environment["VAPID_SUBJECT"], **claims},
        headers={"Urgency": "high", "X-ADO-Kind": "page", "X-ADO-Incident": "INC-1", "X-ADO-Level": "1"},
        ttl=60,
        timeout=10,
    )


def test_a_push_is_decrypted_and_shown(sandbox: Running) -> None:
    assert push(sandbox, subscribe(sandbox), PAGE).status_code == 201
    (row,) = sandbox.rows
    assert (row.channel, row.to, row.kind, row.level) == ("push", "Lena's phone", "page", 1)
    assert (row.subject, row.text, row.links) == (PAGE["title"], PAGE["body"], [PAGE["url"]])


def test_acknowledge_on_the_notification_posts_its_token(sandbox: Running) -> None:
    push(sandbox, subscribe(sandbox), PAGE)
    message = sandbox.rows[0].message
    assert sandbox.control("acknowledge", message=message).json()["status"] == 200
    (heard,) = sandbox.product.at("/hooks/push/acknowledge/")
    assert json.loads(heard.body) == {"token": "TOKEN"}
    push(sandbox, subscribe(sandbox), PAGE | {"acknowledge": None})
    assert sandbox.control("acknowledge", message=sandbox.rows[1].message).status_code == 404


def test_pass_on_on_the_notification_posts_its_token(sandbox: Running) -> None:
    push(sandbox, subscribe(sandbox), PAGE | {"can_pass_on": True})
    assert sandbox.control("decline", message=sandbox.rows[0].message).json()["status"] == 200
    (heard,) = sandbox.product.at("/hooks/push/decline/")
    assert json.loads(heard.body) == {"token": "TOKEN"}


def test_a_subscription_that_was_given_up_is_gone(sandbox: Running) -> None:
    device = subscribe(sandbox)
    httpx.delete(f"{sandbox.url}/push/subscriptions/{device['id']}", trust_env=False)
    with pytest.raises(WebPushException) as refused:
        push(sandbox, device, PAGE)
    assert refused.value.response.status_code == 410


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"aud": "https://push.example.com"}, "for https://push.example.com"),
        ({"exp": int(time.time()) - 1}, "expired"),
        ({"exp": int(time.time()) + 2 * 86400}, "24 hours"),
    ],
)
def test_a_token_for_somebody_else_or_another_time_is_refused(
    sandbox: Running, claims: dict[str, object], said: str
) -> None:
    device, key = subscribe(sandbox), Vapid02.from_raw(sandbox.environment["VAPID_PRIVATE_KEY"].encode())
    good = {"sub": "mailto:a@example.com", "aud": sandbox.url, "exp": int(time.time()) + 60}
    headers = key.sign(good | claims) | {"TTL": "60", "Content-Encoding": "aes128gcm"}
    answer = httpx.post(device["endpoint"], content=b"x", headers=headers, trust_env=False)
    assert answer.status_code == 403
    assert said in answer.text
    headers = key.sign(good) | {"TTL": "60", "Content-Encoding": "aes128gcm"}
    assert httpx.post(device["endpoint"], content=b"x", headers=headers, trust_env=False).status_code == 400


def test_another_key_and_a_body_for_another_device_are_refused(sandbox: Running) -> None:
    device, other = subscribe(sandbox), subscribe(sandbox, "Other")
    with pytest.raises(WebPushException) as refused:
        push(sandbox, device, PAGE, key="A" * 42 + "E")
    assert refused.value.response.status_code == 403
    with pytest.raises(WebPushException) as refused:
        push(sandbox, device | {"keys": other["keys"]}, PAGE)
    assert refused.value.response.status_code == 400
    assert sandbox.rows == []


def test_a_payload_that_is_no_json_is_shown_as_it_is(sandbox: Running) -> None:
    push(sandbox, subscribe(sandbox), "Wake up")
    assert sandbox.rows[0].text == "Wake up"


@pytest.mark.parametrize("length", [0, 1, 20, 21, 22, 86, 120, 4097])
def test_a_body_that_is_no_message_is_refused(sandbox: Running, length: int) -> None:
    device, key = subscribe(sandbox), Vapid02.from_raw(sandbox.environment["VAPID_PRIVATE_KEY"].encode())
    claims = {"sub": "mailto:a@example.com", "aud": sandbox.url, "exp": int(time.time()) + 60}
    headers = key.sign(claims) | {"TTL": "60", "Content-Encoding": "aes128gcm"}
    for body in (b"\x00" * length, b"\xff" * length, bytes(range(256)) * 17):
        answer = httpx.post(device["endpoint"], content=body[:length], headers=headers, trust_env=False)
        assert answer.status_code == (413 if length > 4096 else 400)
    for authorization in ("vapid", "vapid t=,k=", "vapid t=a.b.c,k=x", "Bearer x", "vapid t=a.é.c, k=B"):
        bad = headers | {"Authorization": authorization.encode()}
        assert httpx.post(device["endpoint"], content=b"x", headers=bad, trust_env=False).status_code == 403
