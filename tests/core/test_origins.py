"""Which address history and audit write down, with and without proxies in front."""

from __future__ import annotations

import pytest
import structlog
from django.http import HttpResponse

from apps.core import origins


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, None, "192.0.2.1"),
        (0, "203.0.113.9", "192.0.2.1"),  # written by the client itself
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.7, 203.0.113.9", "203.0.113.9"),  # the first was written by the client
        (2, "198.51.100.7, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (2, "203.0.113.9", "192.0.2.1"),  # one proxy was passed by
        (1, "2001:db8::1", "2001:db8::1"),
        (1, "<script>", ""),
        (1, "203.0.113.9:4711", "203.0.113.9"),  # some proxies write the port as well
        (1, "[2001:db8::1]:4711", "2001:db8::1"),
        (1, "[2001:db8::1]", "2001:db8::1"),
        (1, ":", ""),
    ],
)
def test_an_address_is_believed_as_far_as_proxies_are_trusted(rf, settings, proxies, forwarded, address):
    settings.TRUSTED_PROXIES = proxies
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    request = rf.get("/", REMOTE_ADDR="192.0.2.1", headers=headers)
    assert origins.address_of(request) == address


def test_the_origin_is_known_while_a_request_is_answered_and_gone_after_it(rf):
    seen = []
    answer = origins.OriginMiddleware(lambda _: seen.append(origins.current()) or HttpResponse())
    with structlog.contextvars.bound_contextvars(request_id="a" * 100):
        response = answer(rf.get("/", REMOTE_ADDR="192.0.2.1"))
    assert seen == [origins.Origin("192.0.2.1", "a" * origins.LONGEST_REQUEST_ID)]
    assert response["X-Request-ID"] == "a" * origins.LONGEST_REQUEST_ID
    assert origins.current() == origins.NOWHERE
