"""Who hears of it when a contact method is used no more, and how loudly."""

from __future__ import annotations

import pytest

from apps.contacts import actions as contacts
from apps.contacts.models import MethodKind
from apps.engine.runner import run_due
from apps.notifications.models import Channel, Notification, Urgency
from apps.teams.models import TeamRole
from tests.factories.teams import make_person
from tests.notifications.conftest import add_method

NUMBER = "+4930901820"


@pytest.fixture
def ada(team):
    return make_person("Ada", None, TeamRole.ADMIN)


@pytest.fixture
def sms(olga):
    return add_method(olga, MethodKind.SMS, NUMBER)


@pytest.fixture
def voice(olga):
    return add_method(olga, MethodKind.VOICE, NUMBER)


def lose(method):
    contacts.note_failure(method, reason="No such number", gone=True)


def told(person):
    return [(each.subject, each.urgency) for each in Notification.objects.filter(person=person).order_by("pk")]


OF_SMS = f"No longer used to page you: Text message: {NUMBER}"


@pytest.mark.parametrize("how", [lose, lambda method: contacts.opt_out(method.value)])
def test_nobody_is_woken_for_a_method_where_another_one_still_rings(carried, ada, olga, sms, voice, how):
    how(sms)
    run_due()
    assert told(olga) == [(OF_SMS, Urgency.LOW)]
    assert not carried[Channel.VOICE].sent
    assert told(ada) == []


@pytest.mark.parametrize("how", [lose, lambda method: contacts.opt_out(method.value)])
def test_who_is_rung_by_nothing_any_more_hears_of_it_at_once(carried, ada, olga, sms, how):
    how(sms)
    run_due()
    assert told(olga) == [(OF_SMS, Urgency.HIGH)]
    assert carried[Channel.EMAIL].to("olga@example.com")
    assert told(ada) == []


@pytest.mark.parametrize("how", [lose, lambda method: contacts.opt_out(method.value)])
def test_administrators_hear_once_of_who_is_reached_by_nothing_any_more(carried, ada, olga, phone, how):
    how(phone)
    how(phone)
    assert told(ada) == [("Nothing reaches Olga any more", Urgency.HIGH)]
    assert [subject for subject, _ in told(olga)] == [OF_SMS]


def test_stop_is_named_as_the_reason(carried, ada, olga, phone):
    contacts.opt_out(NUMBER)
    assert "STOP" in Notification.objects.get(person=olga).text
    assert "STOP" in Notification.objects.get(person=ada).text


def test_nobody_hears_of_the_methods_of_who_left(carried, ada, olga, phone):
    olga.is_active = False
    olga.save()
    lose(phone)
    assert told(ada) == told(olga) == []


def test_administrators_hear_of_an_endpoint_and_nobody_writes_to_it(carried, ada, team):
    endpoint = contacts.upsert_endpoint(slug="tickets", name="Tickets", url="https://tickets.example/pages")
    lose(endpoint.person.contact_methods.get())
    assert told(ada) == [("Nothing reaches Tickets any more", Urgency.HIGH)]
    assert told(endpoint.person) == []


def test_saving_an_endpoint_brings_its_disabled_address_back(team):
    endpoint = contacts.upsert_endpoint(slug="tickets", name="Tickets", url="https://tickets.example/pages")
    lose(endpoint.person.contact_methods.get())
    contacts.upsert_endpoint(slug="tickets", name="Tickets", url="https://tickets.example/pages")
    assert endpoint.person.contact_methods.get().is_usable


def test_an_endpoint_that_moves_keeps_its_method_and_so_what_signs_its_posts(team):
    endpoint = contacts.upsert_endpoint(slug="tickets", name="Tickets", url="https://tickets.example/pages")
    before = endpoint.person.contact_methods.get()
    contacts.upsert_endpoint(slug="tickets", name="The tickets", url="https://tickets.example/v2")
    after = endpoint.person.contact_methods.get()
    assert after.pk == before.pk
    assert (after.destination, after.label, after.is_usable) == ("https://tickets.example/v2", "The tickets", True)
