"""Goes with a session that was confirmed some time ago through every door that writes: it is asked, or says why not."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from itertools import chain
from typing import Any

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from apps.contacts.models import ContactMethod, MethodKind
from apps.identity.groups.models import ProviderGroup
from apps.teams.access import Holder
from apps.teams.models import User
from tests.access.admin import MODELS
from tests.access.api import API
from tests.access.knocking import knock
from tests.access.sensitive import ASKS, ASKS_IN_THE_ADMIN, REASONS, REASONS_IN_THE_ADMIN
from tests.access.test_doors import addresses, pages
from tests.access.visiting import Door, Visitor, doors
from tests.access.web import WEB
from tests.access.world import OWN, PRIVATE, World

METHODS = ("get", "post", "put", "patch", "delete")
ADMIN = Visitor(Holder.ADMIN)


def there() -> list[Door]:
    found = chain(doors(pages(), WEB, METHODS), doors(addresses(), API, METHODS))
    return [door for door in found if door.is_there and not door.part]


def asks(door: Door) -> bool:
    return door.method in ASKS.get(door.route.name, ())


def reasons_for(name: str, reasons: dict[str, tuple[str, ...]]) -> list[str]:
    return [why for why, patterns in reasons.items() if any(fnmatchcase(name, each) for each in patterns)]


@pytest.fixture
def person(world: World) -> User:
    """An administrator with a password, an app and recovery codes, who is reached by more than their mail."""
    person = world.people[Holder.ADMIN]
    person.set_password("correct horse battery staple")
    person.save()
    TOTP.activate(person, "JBSWY3DPEHPK3PXP")
    RecoveryCodes.activate(person)
    ContactMethod.objects.filter(person=person).update(verified_at="2026-01-01T00:00Z", kind=MethodKind.SMS)
    return person


@pytest.fixture
def client(world: World, person: User) -> Client:
    """Who signed in, and has not confirmed it since."""
    client = ADMIN.client(world)
    session = client.session
    del session["confirmed_at"]
    session.save()
    return client


def is_asked(response: Any) -> bool:
    if response.status_code == 302:
        return str(response["Location"]).startswith("/confirm/")
    return response.status_code == 403 and b"Confirm first that it is you." in response.content


def things_for(world: World, door: Door) -> Any:
    return ADMIN.things(world, PRIVATE if door.ask.of == "grant" else OWN)


def test_every_door_that_writes_asks_or_says_why_not():
    writing = [door for door in there() if door.method != "get"]
    silent = [str(door) for door in writing if not asks(door) and not reasons_for(door.route.name, REASONS)]
    assert silent == []
    both = [str(door) for door in writing if asks(door) and reasons_for(door.route.name, REASONS)]
    assert both == []
    known = {(door.route.name, door.method) for door in there()}
    assert {(name, method) for name, methods in ASKS.items() for method in methods} <= known


def test_doors_ask_as_they_say(world: World, person: User, client: Client, record_property: Any):
    asking = [door for door in there() if door.method != "get" or asks(door)]
    knocked = [door for door in asking if not door.route.path.startswith("confirm/")]  # where one is led to be asked
    record_property("doors", len(knocked))
    wrong = []
    for door in knocked:
        things = things_for(world, door)
        sends = "application/json" if door.route.path.startswith("api/") and not door.ask.form else ""
        answer = knock(client, door.method, door.address(things), door.body(things), sends=sends)
        if is_asked(answer.response) != asks(door) or (asks(door) and answer.written):
            wrong.append(f"{door}: {answer.status}")
    assert wrong == []


def of_model(name: str, page: str, *args: Any) -> str:
    return reverse(f"admin:{name.replace('.', '_')}_{page}", args=args)


def pages_of(name: str, pk: object) -> Iterable[tuple[str, str, dict[str, Any]]]:
    """Method, address and body of each page that writes a row of the model, where it has that."""
    kept = MODELS[name]
    if kept.adds:
        yield "get", of_model(name, "add"), {}
        yield "post", of_model(name, "add"), {}
    if kept.changes:
        yield "get", of_model(name, "change", pk), {}
        yield "post", of_model(name, "change", pk), {}
    if kept.deletes:
        yield "get", of_model(name, "delete", pk), {}
        yield "post", of_model(name, "delete", pk), {"post": "yes"}
        chosen = {"action": "delete_selected", "_selected_action": [pk], "post": "yes"}
        site = admin.site._registry[apps.get_model(name)]
        if site.actions is not None:
            yield "post", of_model(name, "changelist"), chosen


def test_every_model_of_the_admin_asks_or_says_why_not():
    silent = [name for name in MODELS if name not in ASKS_IN_THE_ADMIN and not reasons_for(name, REASONS_IN_THE_ADMIN)]
    assert silent == []
    assert [name for name in ASKS_IN_THE_ADMIN if reasons_for(name, REASONS_IN_THE_ADMIN)] == []


@pytest.mark.parametrize("name", sorted(ASKS_IN_THE_ADMIN))
def test_the_admin_asks_before_it_shows_a_form_or_deletes(world: World, client: Client, name: str):
    model = apps.get_model(name)
    if model is ProviderGroup:
        ProviderGroup.objects.create(name="unheard of")
    pk = model._default_manager.values_list("pk", flat=True).first()
    asked = [
        (method, path) for method, path, body in pages_of(name, pk) if is_asked(getattr(client, method)(path, body))
    ]
    assert asked == [(method, path) for method, path, _ in pages_of(name, pk)] != []
    assert model._default_manager.filter(pk=pk).exists()
