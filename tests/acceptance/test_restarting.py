"""The quick restart of the procedures document, of a house at work."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.acceptance.conftest import PROJECT
from tests.acceptance.living import LivingHouse, eventually

pytestmark = [pytest.mark.processes, pytest.mark.timeout(400), pytest.mark.xdist_group("house")]


def test_a_restart_starts_everything_anew_and_loses_nothing(living: LivingHouse) -> None:
    def pids(*names: str) -> set[int]:
        return {process.pid for process in living._processes(names)}

    before, kept = pids("web", "worker", "beat", "standby"), pids("broker", "sandbox")
    declared = living.post("incidents/", {"title": "Before", "severity": "P3", "team": "product"}, key="restart")
    for _ in range(2):
        done = subprocess.run(
            ["sh", "scripts/emergency-restart.sh"], check=False, capture_output=True, text=True, cwd=PROJECT,
            env=os.environ | {"DATA_DIR": str(living.house.data_dir)},
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Ready again" in done.stdout
    assert not before & pids("web", "worker", "beat", "standby")
    assert pids("broker", "sandbox") == kept
    assert living.get(f"incidents/{declared['id']}/")["title"] == "Before"
    after = living.post("incidents/", {"title": "After", "severity": "P3", "team": "product"}, key="restarted")["id"]
    eventually(lambda: living.outbox(incident=after), within=60)
