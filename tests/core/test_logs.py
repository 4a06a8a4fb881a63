"""No secret stands in a log: neither behind the parts of addresses that open something, nor in a wrong place."""

from __future__ import annotations

import pytest

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
