"""Whom a page would not wake, told of many people at once; and the admin that shows it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from apps.contacts import actions as contacts
from apps.contacts.models import ContactMethod, WebhookEndpoint
from apps.notifications import actions, reach
from apps.notifications.models import Channel, NotificationRule, Urgency
from apps.notifications.reach import Reach
from apps.teams.models import TeamRole, User
from tests.factories.teams import make_person
from tests.factories.transports import served

PEOPLE = "admin:teams_user_changelist"
PHONE = "+49 30 901820"


@pytest.fixture(autouse=True)
def phones(db):
    with served(Channel.EMAIL, Channel.SMS, Channel.WEBHOOK) as recorder:
        yield recorder


def sms_of(person: User, clock, **more) -> ContactMethod:
    return ContactMethod.objects.create(
        person=person, kind="sms", value=PHONE, position=2, **{"verified_at": clock.now, **more}
    )


@pytest.fixture
def people(team, clock) -> dict[str, User]:
    """Quiet has mail only, Loud a number too; Muted chose mail alone; Gone has nothing that is verified."""
    found = {name: make_person(name, team, TeamRole.RESPONDER) for name in ("Quiet", "Loud", "Muted", "Gone")}
    sms_of(found["Loud"], clock)
    sms_of(found["Muted"], clock)
    mail = found["Muted"].contact_methods.get(kind="email")
    NotificationRule.objects.create(person=found["Muted"], urgency=Urgency.HIGH, method=mail, after=timedelta(0))
    found["Gone"].contact_methods.update(verified_at=None)
    return found


@pytest.fixture
def ada(team) -> User:
    return make_person("Ada", None, TeamRole.ADMIN)


def let_in(client, person: User):
    person.is_staff = True
    person.save()
    client.force_login(person, backend="apps.teams.backends.PeopleBackend")
    return client


def test_how_far_a_page_gets_is_told_of_everybody_in_two_queries(people, django_assert_num_queries):
    with django_assert_num_queries(2):
        found = reach.of_people(people.values())
    assert {name: found[person.pk] for name, person in people.items()} == {
        "Quiet": Reach.SILENTLY,
        "Loud": Reach.RINGS,
        "Muted": Reach.SILENTLY,
        "Gone": Reach.NOT_AT_ALL,
    }


def test_steps_that_lead_nowhere_leave_the_standard_ones(people, clock):
    loud = people["Loud"]
    broken = ContactMethod.objects.create(person=loud, kind="email", value="gone@example.com")
    NotificationRule.objects.create(person=loud, urgency=Urgency.HIGH, method=broken)
    assert reach.of_people([loud])[loud.pk] is Reach.RINGS


@pytest.mark.parametrize(
    ("asked", "named"),
    [("not_at_all", {"Gone"}), ("silently", {"Quiet", "Muted"}), ("rings", {"Loud"}), ("nonsense", None)],
)
def test_the_admin_lists_who_would_sleep_through_a_page(client, people, ada, asked, named):
    page = let_in(client, ada).get(reverse(PEOPLE), {"reach": asked})
    shown = {person.name for person in page.context["cl"].result_list} - {"Ada"}
    assert shown == (named or {"Quiet", "Loud", "Muted", "Gone"})
    assert page.status_code == 200


def test_the_list_costs_as_many_queries_for_many_people_as_for_few(
    client, people, ada, team, django_assert_max_num_queries
):
    let_in(client, ada).get(reverse(PEOPLE))
    with django_assert_max_num_queries(60) as few:
        client.get(reverse(PEOPLE), {"reach": "silently"})
    for number in range(8):
        make_person(f"Person{number}", team, TeamRole.RESPONDER)
    with django_assert_max_num_queries(len(few.captured_queries)):
        client.get(reverse(PEOPLE), {"reach": "silently"})


@pytest.mark.parametrize("role", [TeamRole.ADMIN, TeamRole.AUDITOR])
def test_a_persons_page_shows_methods_steps_and_choices_and_only_administrators_edit(client, people, role):
    let_in(client, make_person("Ada", None, role))
    page = client.get(reverse("admin:teams_user_change", args=[people["Muted"].pk]))
    assert page.status_code == 200
    text = page.content.decode()
    assert PHONE in text
    assert "in use" in text
    assert ("contact_methods-0-value" in text) == (role == TeamRole.ADMIN)


def test_webhook_endpoints_are_kept_and_retired(client, ada, team):
    let_in(client, ada)
    address = reverse("admin:contacts_webhookendpoint_add")
    client.post(address, {"slug": "siem", "name": "SIEM", "url": "https://siem.example/hook", "team": ""})
    endpoint = WebhookEndpoint.objects.get()
    assert endpoint.person.contact_methods.get().destination == "https://siem.example/hook"
    change = reverse("admin:contacts_webhookendpoint_change", args=[endpoint.pk])
    client.post(change, {"name": "SIEM 2", "url": "https://siem.example/two", "team": team.pk})
    endpoint.refresh_from_db()
    assert (endpoint.name, endpoint.person.contact_methods.get().destination) == ("SIEM 2", "https://siem.example/two")
    client.post(
        reverse("admin:contacts_webhookendpoint_changelist"), {"action": "retire", "_selected_action": [endpoint.pk]}
    )
    endpoint.refresh_from_db()
    assert endpoint.retired_at is not None
    assert not endpoint.person.contact_methods.exists()


def test_an_auditor_reads_endpoints_methods_and_direct_pages_and_changes_none(client, people, ada):
    contacts.upsert_endpoint(slug="siem", name="SIEM", url="https://siem.example/hook")
    page = actions.page_by_hand([people["Loud"]], to="Loud", text="Look", by=people["Quiet"])
    let_in(client, make_person("Aurel", None, TeamRole.AUDITOR))
    for name in ("contacts_webhookendpoint", "contacts_contactmethod", "notifications_directpage"):
        assert client.get(reverse(f"admin:{name}_changelist")).status_code == 200
        assert client.get(reverse(f"admin:{name}_add")).status_code == 403
    shown = client.get(reverse("admin:notifications_directpage_change", args=[page.pk])).content.decode()
    assert "Loud: no answer" in shown
