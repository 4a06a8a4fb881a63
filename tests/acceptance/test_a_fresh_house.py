"""The whole product as ``make run`` starts it on a fresh machine. First in its folder: nothing was done with it yet."""

from __future__ import annotations

import json

import httpx
import pytest

from tests.acceptance.living import LivingHouse

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]


def test_a_fresh_house_is_ready_to_page_and_to_sign_in(fresh: LivingHouse) -> None:
    house = fresh.house
    with httpx.Client(base_url=f"http://127.0.0.1:{house.port}", trust_env=False, follow_redirects=True) as browser:
        assert browser.get("/healthz").status_code == 200
        assert browser.get("/readyz").json()["status"] == "ready"
        assert browser.get("/sandbox/outbox.json").json() == []
        assert "Nothing was sent yet" in browser.get("/sandbox/").text
    assert fresh.get("me/")["email"] == "commander@example.com"
    assert house.manage("procedures", "diff", "procedures/ado.yml") == "Nothing changes.\n"
    assert json.loads(house.manage("engine", "status", "--json"))
