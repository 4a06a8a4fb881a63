"""A secret in a column: read by the house, by nobody else, and brought under a new key while the house works."""

from __future__ import annotations

from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import FieldError, ValidationError
from django.core.management import CommandError, call_command
from django.db import connection
from django.forms import modelform_factory
from psycopg import sql

from apps.contacts.actions import upsert_endpoint
from apps.contacts.models import ContactMethod, MethodKind, WebhookEndpoint
from apps.core import rotation
from apps.core.encryption import concealed
from tests.factories.teams import make_person

SECRET = "https://hooks.example/T00/hush-hush"

pytestmark = pytest.mark.django_db


def stored(table: str) -> list[str]:
    """Each row of the table as one text."""
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("SELECT {0}::text FROM {0}").format(sql.Identifier(table)))
        return [row[0] for row in cursor.fetchall()]


@pytest.fixture
def endpoint(db: None) -> WebhookEndpoint:
    return upsert_endpoint(slug="bot", name="Bot", url=SECRET)


@pytest.fixture
def device(db: None) -> ContactMethod:
    person = make_person("Ann")
    return ContactMethod.objects.create(
        person=person, kind=MethodKind.PUSH, value=SECRET, details={"keys": {"auth": "hush-hush"}}
    )


def test_the_house_reads_what_the_database_does_not_show(endpoint: WebhookEndpoint, device: ContactMethod) -> None:
    assert WebhookEndpoint.objects.get().url == SECRET
    method = ContactMethod.objects.get(pk=device.pk)
    assert (method.destination, method.details) == (SECRET, {"keys": {"auth": "hush-hush"}})
    for table in ("contacts_webhookendpoint", "contacts_contactmethod"):
        for name in (table, table.replace("_", "_historical")):
            rows = stored(name)
            assert rows
            assert "hush" not in str(rows)


def test_the_history_tells_one_secret_from_another(endpoint: WebhookEndpoint) -> None:
    upsert_endpoint(slug="bot", name="Bot", url=f"{SECRET}2")
    told = WebhookEndpoint.history.order_by("history_id").values_list("url", flat=True)
    assert list(told) == [concealed(SECRET), concealed(f"{SECRET}2")]


def test_it_is_not_searched_for_by_its_text(endpoint: WebhookEndpoint) -> None:
    assert not WebhookEndpoint.objects.filter(url="").exists()
    for condition in ({"url": SECRET}, {"url__icontains": "hush"}):
        with pytest.raises(FieldError):
            WebhookEndpoint.objects.filter(**condition).exists()


def test_a_form_shows_what_stands_for_it_and_keeps_what_is_left_so(endpoint: WebhookEndpoint) -> None:
    form = modelform_factory(WebhookEndpoint, fields=["name", "url"])
    shown = form(instance=endpoint)
    assert "hush" not in shown.as_p()
    kept = form({"name": "Other", "url": shown["url"].value()}, instance=endpoint)
    assert kept.is_valid(), kept.errors
    assert (kept.changed_data, kept.save().url) == (["name"], SECRET)
    changed = form({"name": "Other", "url": "https://new.example/"}, instance=endpoint)
    assert changed.is_valid()
    assert changed.save().url == "https://new.example/"


def test_what_stands_for_an_address_is_no_address(device: ContactMethod) -> None:
    elsewhere = ContactMethod(person=device.person, kind=MethodKind.WEBHOOK, value=device.value)
    with pytest.raises(ValidationError, match="whole address"):
        elsewhere.full_clean(exclude=["normalised"])
    device.value = concealed("https://hooks.example/other")
    with pytest.raises(ValidationError, match="whole address"):
        device.full_clean(exclude=["normalised"])


def test_a_new_address_takes_the_place_of_the_old_one(device: ContactMethod) -> None:
    device.value = "https://new.example/x"
    device.save(update_fields=["value"])
    device.refresh_from_db()
    assert (device.value, device.destination) == (concealed("https://new.example/x"), "https://new.example/x")


def test_keys_are_rotated_batch_by_batch_and_a_second_call_goes_on(settings, endpoint: WebhookEndpoint) -> None:
    others = [upsert_endpoint(slug=f"bot-{number}", name="Bot", url=f"{SECRET}{number}") for number in range(3)]
    old = settings.FIELD_KEYS
    settings.FIELD_KEYS = [Fernet.generate_key().decode(), *old]
    begun = next(rotation.rotate(batch=1))
    assert begun.column
    said = StringIO()
    call_command("rotate_keys", batch=2, stdout=said)
    assert "Everything is under the newest key" in said.getvalue()
    settings.FIELD_KEYS = settings.FIELD_KEYS[:1]
    read = {each.slug: each.url for each in WebhookEndpoint.objects.all()}
    assert read == {"bot": SECRET, **{each.slug: f"{SECRET}{number}" for number, each in enumerate(others)}}
    assert {each.anew for each in rotation.rotate()} == {0}


def test_what_no_key_opens_is_named_kept_and_does_not_stop_the_others(settings, endpoint: WebhookEndpoint) -> None:
    before = settings.FIELD_KEYS
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]
    lost = WebhookEndpoint.objects.get()
    assert lost.url == ""
    lost.name = "Renamed"
    lost.save()
    upsert_endpoint(slug="new", name="New", url=f"{SECRET}new")
    said = StringIO()
    with pytest.raises(CommandError, match="stay as they are"):
        call_command("rotate_keys", stdout=StringIO(), stderr=said)
    assert f"row {lost.pk} cannot be read" in said.getvalue()
    settings.FIELD_KEYS = before
    assert WebhookEndpoint.objects.get(slug="bot").url == SECRET


def test_a_new_key_is_printed(settings) -> None:
    said = StringIO()
    call_command("rotate_keys", generate=True, stdout=said)
    Fernet(said.getvalue().strip())
