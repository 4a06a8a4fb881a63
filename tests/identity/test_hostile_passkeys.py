"""What is said for a passkey by whoever means harm: told that it is none, by every door that takes one."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.cache import cache
from django.test import Client
from fido2 import cbor

from apps.identity.passkeys import LONGEST, NO_PASSKEY
from apps.teams.models import User
from tests.hostile import BODIES, TEXTS
from tests.identity.conftest import PASSWORD


def packed(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def credential(**response: Any) -> str:
    """One that has the shape of one, but for ``response``."""
    said = {"type": "webauthn.get", "challenge": packed(b"c" * 32), "origin": "http://testserver"}
    usual = {
        "clientDataJSON": packed(json.dumps(said).encode()), "authenticatorData": packed(b"\0" * 37),
        "signature": packed(b"s"), "userHandle": packed(b"1"), "attestationObject": packed(b"\xa0"),
    }  # fmt: skip
    whole = {"id": "aWQ", "rawId": "aWQ", "type": "public-key", "clientExtensionResults": {}}
    return json.dumps({**whole, "response": {**usual, **response}})


#: What a device says of a key that it made.
ATTESTED = cbor.encode(
    {
        "fmt": "none",
        "attStmt": {},
        "authData": b"\0" * 32 + b"\x45" + b"\0" * 20 + b"\0\x10" + b"i" * 16
        + cbor.encode({1: 2, 3: -7, -1: 1, -2: b"x" * 32, -3: b"y" * 32}),
    }
)  # fmt: skip
SAID = {
    "nothing": "",
    **{f"body: {name}": body.decode(errors="replace") for name, body in BODIES.items() if body},
    **{f"text: {name}": text for name, text in TEXTS.items()},
    "too long": json.dumps({"id": "x" * LONGEST}),
    "false": "false",
    "nought": "0",
    "a list for an object": json.dumps({"id": "aWQ", "rawId": "aWQ", "type": "public-key", "response": []}),
    "a NUL": credential(signature="\x00"),
    "half a pair": credential(userHandle="\ud800"),
    "no base of 64": credential(clientDataJSON="!"),
    "no JSON inside": credential(clientDataJSON=packed(b"{")),
    "a list inside": credential(clientDataJSON=packed(b"[]")),
    "nobody's": credential(),
    "nobody's at all": credential(userHandle=packed(b"zzzzzzzzzzzzz")),
    "no person": credential(userHandle=packed(b"\xff\x00")),
    "short": credential(authenticatorData=packed(b"\0" * 3)),
    "deep inside": credential(attestationObject=packed(b"\x81" * 9_000), authenticatorData=packed(b"\x81" * 9_000)),
    "an attested key that is none": credential(authenticatorData=packed(b"\0" * 32 + b"\x45" + b"\0" * 22 + b"\x1b")),
    "an attestation that is cut off": credential(attestationObject=packed(b"\x1b")),
}


@pytest.fixture
def signed_in(rita: User) -> Client:
    client = Client()
    client.post("/login/", {"login": rita.email, "password": PASSWORD})
    return client


def faults(client: Client, path: str, *, follow: bool = False, **more: str) -> dict[str, Any]:
    """What was answered otherwise than that it is no passkey, each sent alone."""
    answers = {}
    for name, said in SAID.items():
        cache.clear()  # whoever tries often is refused unread
        answers[name] = client.post(path, {"credential": said, **more}, follow=follow)
    told = ("That is no passkey", "This field is required", "Incorrect code", "Too many failed")
    return {
        name: answer.status_code
        for name, answer in answers.items()
        if answer.status_code != 200 or not any(words in answer.content.decode() for words in told)
    }


def test_nobody_signs_in_by_it(db: None) -> None:
    client = Client(raise_request_exception=False)
    client.get("/login/passkey/", headers={"X-Requested-With": "XMLHttpRequest"})
    assert faults(client, "/login/passkey/", follow=True) == {}
    assert client.get("/profile/").status_code == 302


def test_nobody_adds_it(signed_in: Client, rita: User) -> None:
    signed_in.raise_request_exception = False
    signed_in.get("/profile/sign-in/passkeys/add/")
    assert faults(signed_in, "/profile/sign-in/passkeys/add/", name="Mine") == {}
    assert not Authenticator.objects.filter(user=rita).exists()


def test_nobody_confirms_by_it(signed_in: Client, rita: User) -> None:
    said = json.loads(credential(attestationObject=packed(ATTESTED)))
    Authenticator.objects.create(user=rita, type="webauthn", data={"name": "Phone", "credential": said})
    signed_in.raise_request_exception = False
    assert signed_in.get("/confirm/passkey/").status_code == 200
    assert faults(signed_in, "/confirm/passkey/", follow=True) == {}


def test_nobody_gets_past_the_second_step_by_it(rita: User) -> None:
    TOTP.activate(rita, generate_totp_secret())
    client = Client(raise_request_exception=False)
    assert client.post("/login/", {"login": rita.email, "password": PASSWORD})["Location"] == "/login/second/"
    for name, said in SAID.items():
        assert client.post("/login/second/", {"credential": said}).status_code == 200, name
    assert client.get("/profile/").status_code == 302


def test_it_is_told_and_not_shown_again(signed_in: Client) -> None:
    page = signed_in.post("/profile/sign-in/passkeys/add/", {"credential": '{"a": "canary'}).content.decode()
    assert NO_PASSKEY in page
    assert "canary" not in page
