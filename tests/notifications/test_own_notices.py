"""Who is reached in another way is told by the ways that were there before."""

from __future__ import annotations

import pytest

from apps.contacts import actions as contacts
from apps.contacts.models import ContactMethod, MethodKind, Verification
from apps.engine.runner import run_due
from apps.notifications.models import Channel
from apps.teams.models import TeamRole
from tests.factories.teams import make_person, make_team
from tests.factories.transports import served

PHONE = "+49 30 901820"


@pytest.fixture
def sent(db, clock):
    with served(Channel.EMAIL, Channel.SMS, Channel.VOICE) as recorder:
        yield recorder


@pytest.fixture
def rita(sent):
    return make_person("Rita", make_team(), TeamRole.RESPONDER)


@pytest.fixture
def phone(rita):
    method = contacts.add_method(rita, kind=MethodKind.SMS, value=PHONE, by=rita)
    contacts.request_code(method, by=rita)
    contacts.confirm_code(method, code=contacts.code_of(Verification.objects.get(method=method)), by=rita)
    return ContactMethod.objects.get(pk=method.pk)


def told(sent, to: str) -> list[str]:
    run_due()
    return [message.text for message in sent.sent_to(to) if "If it was not you" in message.text]


def test_a_new_method_is_told_by_the_ones_before_and_not_by_itself(rita, phone, sent):
    assert "also reached by" in told(sent, rita.email)[0]
    assert told(sent, PHONE) == []


def test_one_that_is_proven_again_is_no_news(rita, phone, sent):
    before = len(told(sent, rita.email))
    phone.disabled_at = phone.verified_at
    phone.save()
    contacts.request_code(phone, by=rita)
    contacts.confirm_code(phone, code=contacts.code_of(Verification.objects.get(method=phone)), by=rita)
    assert len(told(sent, rita.email)) == before


def test_what_is_taken_away_is_told_by_what_is_left(rita, phone, sent):
    contacts.remove_method(rita.contact_methods.get(kind=MethodKind.EMAIL), by=rita)
    assert "no longer reached by" in told(sent, PHONE)[-1]
    assert rita.notifications.filter(subject="How you are reached").count() == 2


def test_nobody_is_called_for_it(rita, sent):
    call = ContactMethod.objects.create(
        person=rita, kind=MethodKind.VOICE, value=PHONE, verified_at=rita.date_joined, position=1
    )
    contacts.remove_method(rita.contact_methods.get(kind=MethodKind.EMAIL), by=rita)
    assert told(sent, call.value) == []


def test_what_was_never_proven_goes_without_a_word(rita, sent):
    contacts.remove_method(contacts.add_method(rita, kind=MethodKind.SMS, value=PHONE, by=rita), by=rita)
    assert told(sent, rita.email) == []
