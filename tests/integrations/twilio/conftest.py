"""Twilio on loopback, and what it calls."""

from __future__ import annotations

import itertools
from xml.etree import ElementTree

import pytest
from django.conf import settings as live
from django.utils.datastructures import MultiValueDict
from twilio.request_validator import RequestValidator

from apps.contacts.models import MethodKind
from tests.integrations.conftest import reach
from tests.integrations.provider import Answer, Provider

ACCOUNT, TOKEN = "AC" + "a" * 32, "t0ken"
OURS, HERS = "+15005550006", "+493012345678"


@pytest.fixture
def twilio(settings):
    """Twilio, which takes everything until the test says otherwise."""
    numbers = itertools.count(1)

    def take(request):
        kind = "SM" if request.path.endswith("Messages.json") else "CA"
        return Answer.of({"sid": f"{kind}{next(numbers):032x}", "status": "queued"}, status=201)

    with Provider(take) as provider:
        settings.TWILIO_API_URL = provider.url
        settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = ACCOUNT, TOKEN
        settings.TWILIO_SMS_FROM = settings.TWILIO_VOICE_FROM = OURS
        settings.SITE_URL = "https://incidents.example.com"
        settings.ALLOWED_HOSTS = ["*"]
        yield provider


@pytest.fixture
def phone(twilio, olga):
    """Olga reads text messages."""
    return reach(olga, MethodKind.SMS, "+49 30 12345678")


@pytest.fixture
def telephone(twilio, olga):
    """Olga can be called."""
    return reach(olga, MethodKind.VOICE, "+49 30 12345678")


@pytest.fixture
def calls_back(outside):
    """Post as Twilio does, signed by its own library: ``calls_back(path, Name=value)``."""

    def post(path, *, token=TOKEN, signed=True, **form):
        signature = RequestValidator(token).compute_signature(f"{live.SITE_URL}{path}", _values(form))
        headers = {"X-Twilio-Signature": signature} if signed else {}
        return outside.post(path, form, headers=headers)

    return post


def _values(form: dict[str, object]) -> MultiValueDict:
    return MultiValueDict({name: value if isinstance(value, list) else [value] for name, value in form.items()})


def _markup(response) -> ElementTree.Element:
    return ElementTree.fromstring(response.content)  # noqa: S314  (our own)


def said(response) -> str:
    """What the markup says, in one line."""
    return " ".join(element.text or "" for element in _markup(response).iter("Say"))


def written(response) -> str | None:
    """What the markup writes back; None where it writes nothing."""
    return _markup(response).findtext("Message")


def asks(response) -> dict[str, str] | None:
    """How the markup waits for a key; None where it does not."""
    gather = _markup(response).find("Gather")
    return gather.attrib if gather is not None else None


def refusal(code: int, status: int = 400, **headers: str) -> Answer:
    return Answer.of({"code": code, "message": f"Error {code}", "more_info": "", "status": status}, status, **headers)
