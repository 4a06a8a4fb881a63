"""The sheet of contacts: searched by page and API, kept in the admin."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from apps.contacts import actions, queries
from apps.contacts.actions import Point
from apps.contacts.models import ContactGroup, EmergencyContact, PointKind
from apps.teams.models import TeamRole, User
from tests.factories.teams import make_person, make_team

pytestmark = pytest.mark.django_db


@pytest.fixture
def sheet(clock) -> None:
    actions.upsert_emergency_contact(
        group=ContactGroup.EMERGENCY,
        key="primary_oncall",
        name="On-call Engineer",
        phone="+1-555-ONCALL",
        pager="oncall@pager.example.com",
    )
    actions.upsert_emergency_contact(
        group=ContactGroup.EMERGENCY,
        key="cto",
        name="Alex Rodriguez",
        title="CTO",
        phone="+1-877-448-4820",
        email="alex@example.com",
        position=1,
    )
    actions.upsert_external_contact(
        key="github_support",
        name="GitHub Support",
        points=[
            Point("support_url", PointKind.URL, "https://support.github.com/contact"),
            Point("phone", PointKind.PHONE, "+1-877-448-4820"),
        ],
    )


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("", ["primary_oncall", "cto", "github_support"]),
        ("alex", ["cto"]),
        ("RODRIGUEZ cto", ["cto"]),
        ("alex github", []),
        ("877-448", ["cto", "github_support"]),
        ("support.github.com", ["github_support"]),
        ("oncall@pager", ["primary_oncall"]),
        ("100%", []),
    ],
)
def test_a_contact_is_found_by_every_word_it_contains(sheet, q, found):
    result = queries.search(make_person("Rita", make_team(), TeamRole.RESPONDER), q)
    assert [contact.key for contact in [*result.internal, *result.external]] == found


def test_whoever_belongs_to_no_team_looks_nobody_up(sheet):
    found = queries.search(make_person("Rex"))
    assert (found.internal, found.external) == ([], [])


def test_the_api_lists_the_sheet_on_one_page(sheet):
    client = APIClient()
    client.force_authenticate(make_person("Rita", make_team(), TeamRole.RESPONDER))
    answer = client.get("/api/v1/contacts/").json()
    assert (answer["next"], answer["previous"]) == (None, None)
    first, second, third = answer["results"]
    assert first == {
        "group": "emergency",
        "key": "primary_oncall",
        "name": "On-call Engineer",
        "title": "",
        "email": "",
        "phone": "+1-555-ONCALL",
        "phone_is_dialable": False,
        "pager": "oncall@pager.example.com",
        "slack": "",
        "points": [],
    }
    assert second["phone_is_dialable"] is True
    assert (third["group"], third["name"]) == ("external", "GitHub Support")
    assert third["points"][1] == {"label": "phone", "kind": "phone", "value": "+1-877-448-4820", "is_dialable": True}
    assert [each["key"] for each in client.get("/api/v1/contacts/", {"q": "alex"}).json()["results"]] == ["cto"]


def test_the_sheet_is_for_who_is_signed_in(sheet):
    assert APIClient().get("/api/v1/contacts/").status_code == 401


def test_saving_a_contact_in_the_admin_makes_the_person_behind_it(clock):
    client = Client()
    client.force_login(User.objects.create_superuser("root@example.com"), backend="apps.teams.backends.PeopleBackend")
    answer = client.post(
        reverse("admin:contacts_emergencycontact_add"),
        {"group": "escalation", "key": "ceo", "name": "CEO", "email": "ceo@example.com", "position": 3},
    )
    assert answer.status_code == 302
    contact = EmergencyContact.objects.get()
    assert contact.person.email == "ceo@example.com"
    page = reverse("admin:contacts_emergencycontact_change", args=[contact.pk])
    assert client.post(page, {"name": "Chief", "email": "chief@example.com", "position": 3}).status_code == 302
    contact.refresh_from_db()
    assert (contact.key, contact.name, contact.person.email) == ("ceo", "Chief", "chief@example.com")
    client.post(
        reverse("admin:contacts_emergencycontact_changelist"), {"action": "retire", "_selected_action": [contact.pk]}
    )
    contact.refresh_from_db()
    assert contact.retired_at == clock.now


def test_contacts_are_kept_by_administrators_only(sheet):
    person = User.objects.create_user("anna@example.com", is_staff=True)
    client = Client()
    client.force_login(person, backend="apps.teams.backends.PeopleBackend")
    for name in ("contactmethod", "emergencycontact", "externalcontact"):
        assert client.get(reverse(f"admin:contacts_{name}_changelist")).status_code == 403
