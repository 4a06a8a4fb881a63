"""A push service with devices of its own: RFC 8030 (delivery), RFC 8291 (encryption), RFC 8292 (VAPID)."""

from __future__ import annotations

import base64
import json
import secrets
import time
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import http_ece
from aiohttp import ClientError, web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sandbox.exchange import EXCHANGE, Exchange
from sandbox.origin import read_origin
from sandbox.phones import Device

CURVE = ec.SECP256R1()
LARGEST = 4096
LONGEST_TOKEN = 24 * 3600
#: The buttons of a notification, as the product's service worker offers them.
ACTIONS = {"acknowledge": "Acknowledge", "decline": "Pass on"}
URGENCIES = ("very-low", "low", "normal", "high")
NOT_A_PUSH = 400, "The body is not encrypted for this subscription."


def routes(app: web.Application) -> None:
    """Add the service to ``app``; its devices are made and given up by the controls."""
    app.router.add_post("/push/{id}", _take)


def subscribe(exchange: Exchange, name: str) -> Device:
    """Make a device of that name, whose private key only the sandbox knows."""
    private = ec.generate_private_key(CURVE)
    device = Device(
        id=uuid4().hex,
        name=name,
        private_key=_text(private.private_numbers().private_value.to_bytes(32, "big")),
        p256dh=_text(_point(private)),
        auth=_text(secrets.token_bytes(16)),
    )
    exchange.phones.devices[device.id] = device
    exchange.phones.save()
    return device


def subscription(exchange: Exchange, device: Device) -> dict[str, Any]:
    """What a browser would hand to the product: where to send, and for which keys to encrypt."""
    keys = {"p256dh": device.p256dh, "auth": device.auth}
    return {"id": device.id, "endpoint": f"{exchange.url}/push/{device.id}", "keys": keys}


def unsubscribe(exchange: Exchange, device: Device) -> None:
    """Give the subscription up: from now on its endpoint answers 410."""
    device.subscribed = False
    exchange.phones.save()


async def press(exchange: Exchange, *, message: str, token: str, action: str) -> int:
    """Press a button of ACTIONS on the notification ``message``; return the product's status.

    Raises OSError where the product does not answer.
    """
    url, label = f"{exchange.secrets.site_url}/hooks/push/{action}/", ACTIONS[action]
    try:
        async with exchange.session.post(url, json={"token": token}, allow_redirects=False) as answer:
            status = answer.status
    except (ClientError, TimeoutError) as error:
        exchange.diary.note("trouble", f"{label}: the product does not answer.", message=message)
        raise OSError(f"The product does not answer: {error or type(error).__name__}") from error
    exchange.diary.note("pressed", label, message=message, status=status)
    if status >= 300:
        exchange.diary.note("trouble", f"{label}: the product answered {status}.", message=message)
    return status


async def _take(request: web.Request) -> web.Response:
    """Take a message: 201; 400 malformed, 401 and 403 not signed well, 404 and 410 no subscription, 413 too large."""
    exchange = request.app[EXCHANGE]
    device = exchange.phones.devices.get(request.match_info["id"])
    if device is None:
        return web.Response(status=404, text="No such subscription.")
    if not device.subscribed:
        return web.Response(status=410, text="This subscription is gone.")
    body = await request.read()
    refused = _refused(request, exchange, body)
    if refused is not None:
        return refused
    try:
        payload = _decrypted(device, body)
    except (http_ece.ECEException, ValueError, IndexError) as error:
        return web.Response(status=NOT_A_PUSH[0], text=f"{NOT_A_PUSH[1]} {error}")
    shown = _shown(payload)
    row = exchange.outbox.keep(
        "push",
        device.name,
        read_origin(request.headers.get),
        subject=str(shown.get("title", "")),
        text=str(shown.get("body", "")),
        links=[str(shown["url"])] if shown.get("url") else [],
        details={"device": device.id, "payload": shown, "urgency": request.headers.get("Urgency", "normal")},
    )
    return web.Response(status=201, headers={"Location": f"{exchange.url}/push/messages/{row.message}"})


def _refused(request: web.Request, exchange: Exchange, body: bytes) -> web.Response | None:
    """The answer to a request that a push service would refuse, None for one that it takes."""
    headers = request.headers
    if not headers.get("TTL", "").isdecimal():
        return web.Response(status=400, text="TTL is missing or no number of seconds.")
    if headers.get("Content-Encoding") != "aes128gcm":
        return web.Response(status=400, text="Content-Encoding must be aes128gcm.")
    if headers.get("Urgency", "normal") not in URGENCIES or len(headers.get("Topic", "")) > 32:
        return web.Response(status=400, text="Urgency or Topic is malformed.")
    if len(body) > LARGEST:
        return web.Response(status=413, text=f"More than {LARGEST} bytes.")
    if not headers.get("Authorization"):
        return web.Response(status=401, text="Authorization is missing.", headers={"WWW-Authenticate": "vapid"})
    problem = _vapid_problem(headers["Authorization"], exchange)
    return web.Response(status=403, text=problem) if problem else None


def _vapid_problem(authorization: str, exchange: Exchange) -> str:
    """What is wrong with a VAPID header, empty for nothing: key, signature, audience, subject and expiry."""
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() != "vapid":
        return "Authorization must be vapid."
    parameters = dict(each.strip().split("=", 1) for each in rest.split(",") if "=" in each)
    try:
        signed, _, signature = parameters["t"].rpartition(".")
        key = _bytes(parameters["k"])
        raw = _bytes(signature)
        der = utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        ec.EllipticCurvePublicKey.from_encoded_point(CURVE, key).verify(der, signed.encode(), ec.ECDSA(SHA256()))
        claims = json.loads(_bytes(signed.partition(".")[2]))
        audience, expiry = str(claims["aud"]), float(claims["exp"])
    except (KeyError, ValueError, TypeError, InvalidSignature) as error:
        return f"The token is not valid: {error or type(error).__name__}."
    if _origin(audience) != _origin(exchange.url):
        return f"The token is for {audience}."
    if not time.time() < expiry <= time.time() + LONGEST_TOKEN + 60:
        return "The token is expired, or valid for more than 24 hours."
    known = exchange.secrets.vapid_private_key
    if known and key != _point(_private_key(known)):
        return "The token is signed with another key than the subscription's."
    return ""


def _decrypted(device: Device, body: bytes) -> str:
    plain: bytes = http_ece.decrypt(
        body, private_key=_private_key(device.private_key), auth_secret=_bytes(device.auth), version="aes128gcm"
    )
    return plain.decode()


def _shown(payload: str) -> dict[str, Any]:
    """What the notification shows: a payload that is no JSON object is its text, as a service worker may do."""
    try:
        shown = json.loads(payload)
    except ValueError:
        return {"body": payload}
    return shown if isinstance(shown, dict) else {"body": payload}


def _private_key(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(_bytes(text), "big"), CURVE)


def _point(private: ec.EllipticCurvePrivateKey) -> bytes:
    return private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
