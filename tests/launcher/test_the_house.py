"""The whole product as ``make run`` starts it."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.launcher.houses import House

PROJECT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]


@pytest.fixture
def house(open_folder: Path) -> Iterator[House]:
    house = House(PROJECT, open_folder / "data")
    yield house
    house.end()


def test_a_fresh_house_is_ready_to_page_and_to_sign_in_and_ends_completely(house: House) -> None:
    run = house.start()
    run.until("Ctrl-C ends everything.", within=240)

    with httpx.Client(base_url=f"http://127.0.0.1:{house.port}", trust_env=False, follow_redirects=True) as browser:
        assert browser.get("/healthz").status_code == 200
        assert browser.get("/readyz").json()["status"] == "ready"
        assert browser.get("/sandbox/outbox.json").json() == []
        assert "Nothing was sent yet" in browser.get("/sandbox/").text
        token = house.manage("create_token", "--user", "commander@example.com", "--name", "trial").strip()
        me = browser.get("/api/v1/me/", headers={"Authorization": f"Bearer {token}"})
        assert me.json()["email"] == "commander@example.com"
    assert house.manage("procedures", "diff", "procedures/ado.yml") == "Nothing changes.\n"
    assert json.loads(house.manage("engine", "status", "--json"))

    run.process.send_signal(signal.SIGTERM)
    assert run.finished() == 0
    assert house.alive() == []
