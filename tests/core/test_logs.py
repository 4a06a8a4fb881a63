"""No secret stands in a log: neither behind the parts of addresses that open something, nor in a wrong place."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.urls import URLResolver, get_resolver

from apps.core import keys
from apps.core.logs import without_tokens


@pytest.mark.parametrize("prefix", ["adop_", "ados_"])
def test_a_token_is_taken_out_wherever_it_stands(prefix):
    secret = keys.make(prefix)
    entry = {
        "event": f"Not Found: /api/v1/tokens/{secret}/",
        "alone": secret,
        "sent": {"name": [f"my {secret}"], "deeper": ({"token": secret},)},
        "code": 404,
    }
    told = without_tokens(None, "info", entry)
    assert secret not in str(told)
    assert told["alone"] == f"{prefix}…"
    assert told["code"] == 404


def test_addresses_in_lists_are_cleared_too():
    assert "hunter2" not in str(without_tokens(None, "info", {"links": ["https://a.example/?token=hunter2"]}))


def test_other_words_stay():
    entry = {"event": "saved", "path": "/incidents/INC-1/", "items": [1, "two"], "name": "adop_short"}
    assert without_tokens(None, "info", dict(entry)) == entry


def routes_with_tokens(resolver: URLResolver, before: str = "/") -> Iterator[str]:
    for each in resolver.url_patterns:
        here = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from routes_with_tokens(each, here)
        elif "<str:token>" in here:
            yield here.replace("<str:token>", "hunter2:1a:x-Y_z")


def test_no_address_that_opens_something_by_itself_is_logged_with_its_token():
    routes = list(routes_with_tokens(get_resolver()))
    assert len(routes) > 5
    for route in routes:
        told = without_tokens(None, "info", {"event": f"GET {route}", "path": route})
        assert "hunter2" not in str(told), route


def test_a_report_in_the_admin_keeps_its_number():
    entry = {"path": "/admin/reports/report/12/change/", "event": "/api/v1/incidents/INC-1/report/?as=pdf"}
    assert without_tokens(None, "info", dict(entry)) == entry
