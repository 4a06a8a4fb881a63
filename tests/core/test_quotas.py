"""Requests are counted in the broker, and nobody waits for it."""

from __future__ import annotations

import os
import secrets
import socket
import time

import pytest
import redis

from apps.core import quotas
from apps.core.quotas import Policy, Spent


@pytest.fixture
def counter(settings, monkeypatch):
    """A counter on the test's broker, with three requests of each kind a minute."""
    settings.REDIS_URL = os.environ["TEST_REDIS_URL"]
    settings.QUOTAS = dict.fromkeys(Policy, 3)
    fresh = quotas.Counter()
    monkeypatch.setattr(quotas, "_counter", fresh)
    return fresh


@pytest.fixture
def somebody() -> str:
    return secrets.token_hex(8)


def test_each_request_is_counted_until_there_are_no_more(counter, somebody):
    found = [quotas.spend(Policy.READ, somebody) for _ in range(4)]
    assert [(spent.remaining, spent.is_exceeded) for spent in found] == [(2, False), (1, False), (0, False), (0, True)]
    assert all(0 < spent.seconds <= 60 for spent in found)


def test_one_does_not_spend_what_is_anothers_nor_of_another_policy(counter, somebody):
    for _ in range(4):
        quotas.spend(Policy.READ, somebody)
    assert quotas.spend(Policy.ANSWER, somebody).remaining == 2
    assert quotas.spend(Policy.READ, somebody + "else").remaining == 2


def test_after_the_window_there_are_all_of_them_again(counter, somebody, monkeypatch):
    monkeypatch.setattr(quotas, "WINDOW", 1)
    quotas.spend(Policy.READ, somebody)
    time.sleep(1.05)
    assert quotas.spend(Policy.READ, somebody).remaining == 2


def test_it_takes_one_round_trip(counter, somebody, monkeypatch):
    quotas.spend(Policy.READ, somebody)
    sent = []
    send = redis.Connection.send_packed_command

    def noted(self, *told, **how):
        sent.append(told)
        return send(self, *told, **how)

    monkeypatch.setattr(redis.Connection, "send_packed_command", noted)
    quotas.spend(Policy.READ, somebody)
    assert len(sent) == 1


def test_where_no_number_is_set_nothing_is_counted(counter, somebody, settings):
    settings.QUOTAS = dict.fromkeys(Policy, 0)
    assert quotas.spend(Policy.READ, somebody) is None


@pytest.mark.parametrize("is_there", [True, False])
def test_a_broker_that_is_away_lets_everybody_in_within_50_ms_and_then_at_once(counter, settings, is_there):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.REDIS_URL = f"redis://127.0.0.1:{silent.getsockname()[1] if is_there else 1}/0"
        begun = time.monotonic()
        assert quotas.spend(Policy.READ, "anybody") is None
        waited, begun = time.monotonic() - begun, time.monotonic()
        assert quotas.spend(Policy.READ, "anybody") is None
        again = time.monotonic() - begun
    assert waited < 0.05 + 0.2  # what a busy machine adds
    assert again < 0.005


def test_a_broker_that_is_back_counts_again(counter, settings, somebody):
    there, settings.REDIS_URL = settings.REDIS_URL, "redis://127.0.0.1:1/0"
    quotas.spend(Policy.READ, somebody)
    settings.REDIS_URL, counter._client, counter._rests_until = there, None, 0.0
    assert quotas.spend(Policy.READ, somebody).remaining == 2


def test_the_headers_are_those_of_the_draft():
    assert Spent(Policy.READ, 600, 599, 60, is_exceeded=False).headers() == {
        "RateLimit-Policy": '"read";q=600;w=60',
        "RateLimit": '"read";r=599;t=60',
    }
