"""The hint that goes through the broker: sent when it is there, cheap when it is not."""

from __future__ import annotations

import json
import os
import socket
import time

import pytest
import redis
from celery import current_app

from apps.engine.models import Lane


@pytest.fixture
def silent_server():
    """A server that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


def seconds(call, *arguments):
    begun = time.monotonic()
    call(*arguments)
    return time.monotonic() - begun


def test_a_wake_up_reaches_the_queue_of_its_lane_as_a_tick(use_broker):
    url = os.environ["TEST_REDIS_URL"]
    with redis.Redis.from_url(url) as broker:
        broker.flushdb()
        use_broker(url).now(Lane.PAGES)
        message = json.loads(broker.rpop("pages"))
    assert message["headers"]["task"] == "engine.tick"
    assert message["headers"]["expires"] is not None


def test_a_broker_that_hangs_costs_its_limit_once_and_then_nothing(use_broker, silent_server):
    waker = use_broker(silent_server)
    assert seconds(waker.now, Lane.PAGES) < 0.6
    assert seconds(waker.now, Lane.PAGES) < 0.01


def test_a_broker_that_is_gone_costs_nothing_and_raises_nothing(use_broker):
    waker = use_broker("redis://127.0.0.1:1/0")
    assert seconds(waker.now, Lane.PAGES) < 0.6
    assert seconds(waker.now, Lane.PAGES) < 0.01


def test_a_broker_that_is_back_is_used_again_after_the_rest(use_broker, silent_server, settings):
    waker = use_broker(silent_server)
    waker.now(Lane.PAGES)
    waker._rests_until = time.monotonic()
    url = os.environ["TEST_REDIS_URL"]
    current_app.conf.broker_url = settings.REDIS_URL = url
    with redis.Redis.from_url(url) as broker:
        broker.flushdb()
        waker.now(Lane.BULK)
        assert broker.llen("bulk") == 1


def test_without_a_broker_nothing_is_tried(use_broker):
    assert seconds(use_broker("").now, Lane.PAGES) < 0.01
