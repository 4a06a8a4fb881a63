"""A contact method counts once its person told back the code that was sent to it, and to nothing else."""

from __future__ import annotations

import re

import pytest

from apps.contacts import actions
from apps.contacts.models import ContactMethod, MethodKind, Verification
from apps.core.errors import Invalid, NotAllowed, ProviderError, RuleViolation
from apps.engine.runner import run_due
from apps.notifications.models import Channel, Notification
from apps.notifications.transports import OptedOut, Unreachable
from apps.teams.models import TeamRole
from tests.factories.teams import make_person
from tests.notifications.conftest import add_method


@pytest.fixture
def phone(carried, olga):
    return add_method(olga, MethodKind.SMS, "+49 30 90 1820", verified=False)


def code_in(recorder) -> str:
    return re.search(r"\b\d{6}\b", recorder.sent[-1].brief).group()


def another(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_the_code_goes_to_the_method_alone_and_verifies_it(carried, phone, olga):
    actions.request_code(phone, by=olga)
    run_due()
    [message] = carried[Channel.SMS].sent
    assert message.address == "+49 30 90 1820"
    assert not carried[Channel.EMAIL].sent
    assert not Notification.objects.filter(person=olga).exists()
    actions.confirm_code(phone, code=f" {code_in(carried[Channel.SMS])} ", by=olga)
    phone.refresh_from_db()
    assert phone.is_usable


def test_a_wrong_code_verifies_nothing_and_the_sixth_try_is_not_heard(carried, phone, olga):
    actions.request_code(phone, by=olga)
    run_due()
    right = code_in(carried[Channel.SMS])
    for _ in range(5):
        with pytest.raises(Invalid):
            actions.confirm_code(phone, code=another(right), by=olga)
    with pytest.raises(RuleViolation, match="Too many wrong codes"):
        actions.confirm_code(phone, code=right, by=olga)
    phone.refresh_from_db()
    assert phone.verified_at is None


def test_a_code_is_good_for_a_quarter_of_an_hour(carried, phone, olga, clock):
    actions.request_code(phone, by=olga)
    run_due()
    clock.shift(minutes=15)
    with pytest.raises(RuleViolation, match="too old"):
        actions.confirm_code(phone, code=code_in(carried[Channel.SMS]), by=olga)


def test_a_new_code_makes_the_old_one_useless(carried, phone, olga, clock):
    actions.request_code(phone, by=olga)
    run_due()
    old = code_in(carried[Channel.SMS])
    clock.shift(seconds=31)
    actions.request_code(phone, by=olga)
    run_due()
    assert code_in(carried[Channel.SMS]) != old
    with pytest.raises(Invalid):
        actions.confirm_code(phone, code=old, by=olga)


def test_codes_are_not_asked_for_without_end(carried, phone, olga, clock):
    actions.request_code(phone, by=olga)
    with pytest.raises(RuleViolation, match="a moment ago"):
        actions.request_code(phone, by=olga)
    for _ in range(5):
        clock.shift(seconds=30)
        actions.request_code(phone, by=olga)
    clock.shift(seconds=30)
    with pytest.raises(RuleViolation, match="Too many codes"):
        actions.request_code(phone, by=olga)
    clock.shift(hours=1)
    actions.request_code(phone, by=olga)


def test_somebody_else_neither_asks_for_it_nor_tells_it(carried, phone, olga, team):
    sam = make_person("Sam", team, TeamRole.RESPONDER)
    with pytest.raises(NotAllowed):
        actions.request_code(phone, by=sam)
    verification = actions.request_code(phone, by=olga)
    with pytest.raises(NotAllowed):
        actions.confirm_code(phone, code=actions.code_of(verification), by=sam)


def test_a_number_that_cannot_be_dialled_gets_no_code(carried, olga):
    with pytest.raises(RuleViolation, match="cannot be dialled"):
        actions.request_code(add_method(olga, MethodKind.SMS, "+1-555-ONCALL", verified=False), by=olga)


def test_why_a_code_does_not_come_is_said_where_it_is_waited_for(carried, phone, olga, clock):
    carried[Channel.SMS].fails = ProviderError("Not a mobile number", permanent=True)
    actions.request_code(phone, by=olga)
    run_due()
    assert Verification.objects.get(method=phone).failure == "Not a mobile number"


def test_a_code_is_sent_again_while_the_provider_is_away(carried, phone, olga, clock):
    carried[Channel.SMS].fails = Unreachable("Nobody answers.")
    actions.request_code(phone, by=olga)
    run_due()
    assert Verification.objects.get(method=phone).failure == "Nobody answers."
    carried[Channel.SMS].fails = None
    clock.shift(seconds=5)
    run_due()
    actions.confirm_code(phone, code=code_in(carried[Channel.SMS]), by=olga)
    phone.refresh_from_db()
    assert phone.is_usable


def test_a_method_that_was_disabled_is_used_again_once_verified_anew(carried, phone, olga, clock):
    phone.verified_at, phone.disabled_at, phone.failures = clock.now, clock.now, 3
    phone.save()
    verification = actions.request_code(phone, by=olga)
    actions.confirm_code(phone, code=actions.code_of(verification), by=olga)
    phone.refresh_from_db()
    assert (phone.is_usable, phone.failures, phone.verified_at) == (True, 0, clock.now)


def test_a_code_of_a_method_that_was_removed_meanwhile_is_not_sent(carried, phone, olga):
    actions.request_code(phone, by=olga)
    actions.remove_method(phone, by=olga)
    run_due()
    assert not carried[Channel.SMS].sent


def test_a_code_is_not_sent_to_a_number_that_answered_stop_meanwhile(carried, phone, olga):
    verification = actions.request_code(phone, by=olga)
    actions.opt_out(phone.value)
    run_due()
    assert not carried[Channel.SMS].sent
    verification.refresh_from_db()
    assert "STOP" in verification.failure


def test_a_number_that_the_provider_says_answered_stop_gets_no_further_code(carried, phone, olga, clock):
    carried[Channel.SMS].fails = OptedOut("The number answered STOP.")
    actions.request_code(phone, by=olga)
    run_due()
    clock.shift(minutes=1)
    with pytest.raises(RuleViolation, match="answered STOP"):
        actions.request_code(phone, by=olga)


def test_a_code_is_no_good_for_an_address_that_it_was_not_sent_to(carried, phone, olga):
    actions.request_code(phone, by=olga)
    run_due()
    code = code_in(carried[Channel.SMS])
    as_it_was = ContactMethod.objects.get(pk=phone.pk)
    phone.value = "+49 30 90 1821"
    phone.save()
    with pytest.raises(RuleViolation, match="No code was sent"):
        actions.confirm_code(as_it_was, code=code, by=olga)
    phone.refresh_from_db()
    assert (phone.value, phone.verified_at) == ("+49 30 90 1821", None)


def test_a_code_stays_good_where_the_same_number_is_written_in_another_way(carried, phone, olga):
    actions.request_code(phone, by=olga)
    run_due()
    as_it_was = ContactMethod.objects.get(pk=phone.pk)
    phone.value, phone.label = "+4930901820", "Mine"
    phone.save()
    actions.confirm_code(as_it_was, code=code_in(carried[Channel.SMS]), by=olga)
    phone.refresh_from_db()
    assert (phone.value, phone.label, phone.is_usable) == ("+4930901820", "Mine", True)


def test_a_method_that_was_removed_meanwhile_is_not_verified(carried, phone, olga):
    as_it_was = ContactMethod.objects.get(pk=phone.pk)
    phone.delete()
    with pytest.raises(RuleViolation, match="was removed"):
        actions.confirm_code(as_it_was, code="123456", by=olga)
