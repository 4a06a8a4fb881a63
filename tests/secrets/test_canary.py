"""A secret that came in by any door is nowhere to be read afterwards: not in the database, in no log and on no page."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any
from unittest.mock import Mock

import pytest
from django.contrib import admin
from django.core import mail
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from ado_incidents.wsgi import application
from apps.contacts.models import ContactMethod, MethodKind, WebhookEndpoint
from apps.core import clock
from apps.core.models import RememberedAnswer
from apps.engine.runner import run_due
from apps.incidents import actions as incidents
from apps.notifications.models import Delivery
from apps.rosters import actions as rosters
from apps.rosters.models import CalendarSource, FeedKind, Layer
from apps.teams import actions as teams
from apps.teams.access import Holder
from apps.teams.models import Scope, User
from tests.access.world import OWN, build
from tests.factories.incidents import declare
from tests.integrations.conftest import page
from tests.secrets.canaries import found_in_database, listening, pages

MARK = "c4n4ry"
NOBODY_THERE = "http://127.0.0.1:9"
#: Of the environment, by the setting.
ENVIRONMENT = (
    "SECRET_KEY", "SLACK_SIGNING_SECRET", "SLACK_BOT_TOKEN", "TWILIO_AUTH_TOKEN", "EMAIL_HOST_PASSWORD",
    "VAPID_PRIVATE_KEY",
)  # fmt: skip

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]


def secret(door: str) -> str:
    return f"{MARK}-{door}-0123456789abcdef"


class House:
    """What went in, and who put it there."""

    def __init__(self) -> None:
        self.world = build()
        self.root = User.objects.get(email="root@example.com")
        self.person = self.world.people[Holder.MANAGER]
        self.secrets: list[str] = []

    def put_in_everything(self) -> None:
        """A secret by every door that takes one, and what happens with it afterwards."""
        _, token = teams.create_token(self.person, name="Canary", scope=Scope.MANAGE)
        api = APIClient(HTTP_AUTHORIZATION=f"Bearer {token}")
        self.secrets += [token, secret("token")]
        APIClient(HTTP_AUTHORIZATION=f"Bearer {secret('token')}").get("/api/v1/me/")
        self._methods(api)
        self._endpoint()
        self._calendar(api)
        self._keys()
        self._feed()
        self._passwords()
        self._deliver()

    def _methods(self, api: APIClient) -> None:
        for kind, keys in (("webhook", None), ("push", {"p256dh": secret("p256dh"), "auth": secret("auth")})):
            sent = {"kind": kind, "value": f"{NOBODY_THERE}/{secret(kind)}", "label": "", "keys": keys}
            answer = api.post("/api/v1/me/contact-methods/", sent, HTTP_IDEMPOTENCY_KEY=kind)
            assert answer.status_code == 201, answer.content
            assert MARK not in answer.content.decode()
        ContactMethod.objects.filter(person=self.person, kind=MethodKind.EMAIL).delete()
        ContactMethod.objects.filter(person=self.person).update(verified_at=clock.now())
        self.secrets += [secret(door) for door in ("webhook", "push", "p256dh", "auth")]

    def _endpoint(self) -> None:
        client = signed_in(self.root)
        sent = {"slug": "canary", "name": "Canary", "url": f"{NOBODY_THERE}/{secret('endpoint')}", "team": ""}
        assert client.post(reverse("admin:contacts_webhookendpoint_add"), sent).status_code == 302
        assert WebhookEndpoint.objects.get(slug="canary").url == sent["url"]
        self.secrets.append(secret("endpoint"))

    def _calendar(self, api: APIClient) -> None:
        layer = Layer.objects.get(pk=self.world.things[OWN]["layer"])
        address = f"/api/v1/rosters/{layer.roster.slug}/layers/{layer.pk}/calendar/"
        for number in (1, 2):
            sent = {"url": f"{NOBODY_THERE}/{secret(f'calendar{number}')}.ics", "accept_gaps": True}
            answer = api.put(address, sent)
            assert answer.status_code == 200, answer.content
            self.secrets.append(secret(f"calendar{number}"))
        rosters.read_calendar(CalendarSource.objects.get(layer=layer).pk)

    def _keys(self) -> None:
        for key in (self.world.things[OWN]["key"], secret("key")):
            for sender in ("generic", "heartbeat"):
                posted(f"/ingest/{sender}/{key}/")
                Client().post(f"/ingest/{sender}/{key}/", {}, content_type="application/json")
            self.secrets.append(key)

    def _feed(self) -> None:
        _, token = rosters.make_feed(FeedKind.PERSON, by=self.person)
        assert Client().get(f"/calendars/{token}.ics").status_code == 200
        Client().get(f"/calendars/{secret('feed')}.ics")
        Client().get(f"/api/v1/rosters/platform/calendar.ics?token={secret('feed')}")
        self.secrets += [token, secret("feed")]

    def _passwords(self) -> None:
        self.person.set_password(secret("password"))
        self.person.save()
        for password in (secret("password"), secret("wrong")):
            told = {"username": self.person.email, "login": self.person.email, "password": password}
            for path in ("/login/", "/admin/login/"):
                Client().post(path, told)
        self.secrets += [secret("password"), secret("wrong")]

    def _deliver(self) -> None:
        """Page the person by what leads nowhere: what was tried is told beside the delivery and its timer."""
        incident = declare(self.world.things[OWN]["team"], self.person, title="Canary")
        incidents.add_note(incident.pk, text="It sings", by=self.person)
        page(self.person, incident)
        run_due()


def signed_in(person: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(person, backend="apps.teams.backends.PeopleBackend")
    return client


def posted(path: str) -> None:
    """Post an alert as senders do: in front of Django."""
    body = json.dumps({"title": "Canary"}).encode()
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST", "PATH_INFO": path, "CONTENT_LENGTH": str(len(body)), "wsgi.input": BytesIO(body),
    }  # fmt: skip
    list(application(environ, Mock()))


@pytest.fixture
def house(settings: Any, transactional_db: None, clock: Any) -> House:
    settings.OUTBOUND_PRIVATE, settings.VAPID_SUBJECT = "allowed", "mailto:ops@example.com"
    made = House()
    for name in ENVIRONMENT[1:]:
        setattr(settings, name, secret(name))
        made.secrets.append(secret(name))
    made.secrets += [settings.SECRET_KEY, *settings.FIELD_KEYS]
    return made


def test_a_secret_is_found_where_there_is_one(house: House) -> None:
    """The search itself: without this the others prove nothing."""
    incident = declare(house.world.things[OWN]["team"], house.person, title=secret("title"))
    with listening() as heard:
        Client().get(f"/{secret('path')}/")
    assert any("incidents_incident.title" in each for each in found_in_database([secret("title")]))
    assert secret("path") in heard.getvalue()
    told = dict(pages(signed_in(house.person), [incident.get_absolute_url()]))
    assert secret("title") in told[incident.get_absolute_url()]


def test_what_was_put_in_is_read_nowhere(house: House) -> None:
    with listening() as heard:
        house.put_in_everything()
        seen = look_around(house)
    texts = {"log": heard.getvalue(), **seen}
    texts |= {f"mail {number}": str(each.message()) for number, each in enumerate(mail.outbox)}
    leaks = [f"{where}: {each}" for where, text in texts.items() for each in house.secrets if each in text]
    assert leaks == []
    assert found_in_database(house.secrets) == []
    assert RememberedAnswer.objects.count() == 2
    assert Delivery.objects.exclude(last_error="").exists()
    assert CalendarSource.objects.exclude(failure="").exists()


def test_a_fault_tells_nobody_what_was_sent(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any, **told: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("apps.contacts.actions.add_method", broken)
    sent = {"kind": "webhook", "value": f"{NOBODY_THERE}/{secret('fault')}", "label": ""}
    with listening() as heard:
        page = signed_in(house.person).post("/profile/methods/", sent)
    assert (page.status_code, "RuntimeError" in heard.getvalue()) == (500, True)
    assert secret("fault") not in page.content.decode() + heard.getvalue()


def look_around(house: House) -> dict[str, str]:
    """Every page and file that an administrator and the person reach, the histories of the admin among them."""
    lists = [
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for model in admin.site._registry
    ]  # fmt: skip
    seen: dict[str, str] = {}
    for who, starts in ((house.root, ["/", "/admin/", *lists]), (house.person, ["/", "/profile/"])):
        seen |= {f"{who}: {path}": text for path, text in pages(signed_in(who), starts)}
    assert len(seen) > 150
    return seen
