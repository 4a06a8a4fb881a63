"""The provider that misbehaves does what it says: else a case that leans on it proves nothing."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from faults.providers import RETRY_AFTER, Fault, Provider, first_of_each


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as running:
        yield running


def post(provider: Provider, *, to: str = "+15550001", timeout: float = 5.0) -> httpx.Response:
    headers = {"Idempotency-Key": "k", "X-ADO-Kind": "page", "X-ADO-Incident": "INC-1", "X-ADO-Level": "2"}
    with httpx.Client(trust_env=False, timeout=timeout) as client:
        return client.post(f"{provider.url}/Messages.json", data={"To": to}, headers=headers)


def test_a_good_request_is_kept_with_its_key_and_answered(provider):
    assert post(provider).json() == {"sid": "k", "status": "queued"}
    (request,) = provider.kept()
    assert (request.path, request.key, request.form) == ("/Messages.json", "k", {"To": "+15550001"})
    assert (request.kind, request.to, request.covers) == ("page", "+15550001", (("INC-1", 2),))


def test_where_no_key_comes_the_address_to_report_to_tells_it(provider):
    with httpx.Client(trust_env=False) as client:
        client.post(provider.url, data={"To": "+15550001", "StatusCallback": "https://ado.example/twilio/status/7f0c/"})
    assert provider.kept()[0].key == "7f0c"


@pytest.mark.parametrize(("fault", "status"), [(Fault.BROKEN, 500), (Fault.BUSY, 429), (Fault.REFUSES, 400)])
def test_what_is_turned_away_is_not_kept(provider, fault, status):
    provider.misbehave(fault)
    assert post(provider).status_code == status
    assert (provider.kept(), provider.misbehaved(fault)) == ([], 1)
    assert [request.to for request in provider.turned_away()] == ["+15550001"]


def test_a_busy_provider_says_when_to_come_again(provider):
    provider.misbehave(Fault.BUSY)
    assert post(provider).headers["Retry-After"] == str(RETRY_AFTER)


def test_an_answer_that_ends_in_the_middle_leaves_the_request_kept(provider):
    provider.misbehave(Fault.CLOSES)
    with pytest.raises(httpx.RemoteProtocolError):
        post(provider)
    assert len(provider.kept()) == 1


def test_nonsense_is_a_success_that_means_nothing(provider):
    provider.misbehave(Fault.NONSENSE)
    answer = post(provider)
    assert (answer.status_code, answer.text) == (200, "<html>It works!</html>")


def test_one_receiver_may_wait_for_ever_while_others_are_answered(provider):
    provider.misbehave(Fault.HANGS, at=lambda request: request.form["To"] == "+15550002")
    with pytest.raises(httpx.ReadTimeout):
        post(provider, to="+15550002", timeout=0.3)
    assert post(provider).status_code == 201
    assert len(provider.kept()) == 1


def test_one_that_is_slow_has_the_message_long_before_it_says_so(provider):
    provider.misbehave(Fault.SLOW)
    with pytest.raises(httpx.ReadTimeout):
        post(provider, timeout=0.3)
    assert len(provider.kept()) == 1


def test_a_fault_of_the_first_request_of_each_number_spares_the_second(provider):
    provider.misbehave(Fault.BROKEN, at=first_of_each())
    numbers = ("+15550001", "+15550001", "+15550002")
    assert [post(provider, to=number).status_code for number in numbers] == [500, 201, 500]


def test_a_fault_that_was_asked_for_once_is_over_after_that(provider):
    provider.misbehave(Fault.BROKEN, times=1)
    assert [post(provider).status_code, post(provider).status_code] == [500, 201]
