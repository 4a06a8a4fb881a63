"""The whole product as ``make run`` starts it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.launcher.houses import REPLACED, House

PROJECT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]


@pytest.fixture
def house(open_folder: Path) -> Iterator[House]:
    house = House(PROJECT, open_folder / "data")
    yield house
    house.end()


def manage(house: House, *arguments: str) -> str:
    """Run ``manage.py`` with nothing but DATA_DIR, as a person does beside a running house."""
    environment = {name: value for name, value in os.environ.items() if name not in REPLACED}
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=PROJECT,
        env=environment | {"DATA_DIR": str(house.data_dir)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_fresh_house_is_ready_to_page_and_to_sign_in_and_ends_completely(house: House) -> None:
    run = house.start()
    run.until("Ctrl-C ends everything.", within=240)

    with httpx.Client(base_url=f"http://127.0.0.1:{house.port}", trust_env=False, follow_redirects=True) as browser:
        assert browser.get("/healthz").status_code == 200
        assert browser.get("/readyz").json()["status"] == "ready"
        assert browser.get("/sandbox/outbox.json").json() == []
        assert "Nothing was sent yet" in browser.get("/sandbox/").text
        token = manage(house, "create_token", "--user", "commander@example.com", "--name", "trial").strip()
        me = browser.get("/api/v1/me/", headers={"Authorization": f"Bearer {token}"})
        assert me.json()["email"] == "commander@example.com"
    assert manage(house, "procedures", "diff", "procedures/ado.yml") == "Nothing changes.\n"
    assert json.loads(manage(house, "engine", "status", "--json"))

    run.process.send_signal(signal.SIGTERM)
    assert run.finished() == 0
    assert house.alive() == []
