"""How administrators look after the ways to reach people, in the admin."""

from __future__ import annotations

import html

import pytest
from django.urls import reverse

from apps.contacts import actions
from apps.contacts.models import ContactMethod, MethodKind
from apps.contacts.webhook_secrets import secret_of
from apps.teams.models import TeamRole, User
from tests.factories.teams import make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def sign_in(client):
    def sign_in(name, role):
        person = make_person(name, None, role)
        person.is_staff = True
        person.save()
        client.force_login(person)
        return client

    return sign_in


@pytest.fixture
def phone(clock) -> ContactMethod:
    anna = User.objects.create_user("anna@example.com", name="Anna")
    method = actions.add_method(anna, kind=MethodKind.SMS, value="+49 30 901820", by=anna)
    actions.verify_method(method)
    return method


def edit(client, method, **changed):
    fields = {"person": method.person_id, "kind": method.kind, "value": method.value, "position": 0, "label": ""}
    address = reverse("admin:contacts_contactmethod_change", args=[method.pk])
    response = client.post(address, fields | changed)
    assert response.status_code == 302, response.context["adminform"].errors
    method.refresh_from_db()


def test_another_number_is_verified_anew_whatever_the_form_says(sign_in, phone):
    ada = sign_in("Ada", TeamRole.ADMIN)
    edit(ada, phone, label="Work phone")
    assert phone.is_usable
    edit(ada, phone, value="+49 30 901821", verified_at_0="2026-03-02", verified_at_1="10:00:00")
    assert (phone.normalised, phone.verified_at) == ("+4930901821", None)


def test_a_method_is_verified_and_disabled_by_actions_only(sign_in, phone):
    ada = sign_in("Ada", TeamRole.ADMIN)
    edit(ada, phone, disabled_at_0="2026-03-02", disabled_at_1="10:00:00", disabled_reason="typed")
    assert phone.is_usable
    listed = reverse("admin:contacts_contactmethod_changelist")
    for action, usable in (("disable", False), ("verify", True)):
        ada.post(listed, {"action": action, "_selected_action": [phone.pk]})
        phone.refresh_from_db()
        assert phone.is_usable is usable


def test_the_secret_of_an_endpoint_is_shown_to_administrators_and_not_to_auditors(sign_in, clock):
    endpoint = actions.upsert_endpoint(slug="tickets", name="Tickets", url="https://tickets.example/pages")
    secret = secret_of(endpoint.person.contact_methods.get())
    address = reverse("admin:contacts_webhookendpoint_change", args=[endpoint.pk])
    assert secret in html.unescape(sign_in("Ada", TeamRole.ADMIN).get(address).content.decode())
    page = sign_in("Aurel", TeamRole.AUDITOR).get(address)
    assert page.status_code == 200
    assert secret not in html.unescape(page.content.decode())
