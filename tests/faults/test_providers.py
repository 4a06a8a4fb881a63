"""The provider that misbehaves does what it says: else a case that leans on it proves nothing."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from faults.providers import RETRY_AFTER, Fault, Provider


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as running:
        yield running


def post(provider: Provider, *, to: str = "+15550001", timeout: float = 5.0) -> httpx.Response:
    with httpx.Client(trust_env=False, timeout=timeout) as client:
        return client.post(f"{provider.url}/Messages.json", data={"To": to}, headers={"Idempotency-Key": "k"})


def test_a_good_request_is_kept_with_its_key_and_answered(provider):
    assert post(provider).json() == {"sid": "k", "status": "queued"}
    (request,) = provider.kept()
    assert (request.path, request.key, request.form) == ("/Messages.json", "k", {"To": "+15550001"})


@pytest.mark.parametrize(("fault", "status"), [(Fault.BROKEN, 500), (Fault.BUSY, 429), (Fault.REFUSES, 400)])
def test_what_is_turned_away_is_not_kept(provider, fault, status):
    provider.misbehave(fault)
    assert post(provider).status_code == status
    assert (provider.kept(), provider.misbehaved(fault)) == ([], 1)


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


def test_a_fault_that_was_asked_for_once_is_over_after_that(provider):
    provider.misbehave(Fault.BROKEN, times=1)
    assert [post(provider).status_code, post(provider).status_code] == [500, 201]
