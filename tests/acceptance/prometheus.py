"""Debian's Alertmanager, sending to one webhook, and the rules of ADO that make Prometheus fire."""

from __future__ import annotations

import json
import subprocess
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType

import httpx

from launcher.ports import free_port
from tests.acceptance.living import eventually

PROGRAM = "prometheus-alertmanager"


@dataclass(frozen=True)
class Rule:
    """An alerting rule of ADO: its labels, and its summary."""

    name: str
    severity: str
    component: str
    team: str
    summary: str

    @property
    def labels(self) -> dict[str, str]:
        return {
            "alertname": self.name,
            "severity": self.severity,
            "component": self.component,
            "team": self.team,
            "instance": "ado-1:9090",
        }


class Alertmanager(AbstractContextManager["Alertmanager"]):
    """A running Alertmanager that tells ``webhook`` of each alert by itself, a second after it heard of it."""

    def __init__(self, folder: Path, webhook: str) -> None:
        self._folder = folder
        self._webhook = webhook
        self._address = f"127.0.0.1:{free_port()}"
        self._firing_since = datetime.now(UTC)

    def __enter__(self) -> Alertmanager:
        configuration = {
            "route": {
                "receiver": "ado-incidents",
                "group_by": ["..."],
                "group_wait": "1s",
                "group_interval": "1s",
                "repeat_interval": "1h",
            },
            "receivers": [
                {"name": "ado-incidents", "webhook_configs": [{"url": self._webhook, "send_resolved": True}]}
            ],
        }
        file = self._folder / "alertmanager.yml"
        file.write_text(json.dumps(configuration))  # JSON is YAML
        with (self._folder / "alertmanager.log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    PROGRAM,
                    f"--config.file={file}",
                    f"--storage.path={self._folder / 'state'}",
                    f"--web.listen-address={self._address}",
                    "--cluster.listen-address=",
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._folder,
            )
        eventually(self._answers, within=20)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(10)

    def fire(self, *rules: Rule) -> None:
        """Say, as Prometheus does, that the rules fire."""
        self._tell(rules, ends_at=datetime.now(UTC) + timedelta(hours=1))

    def end(self, *rules: Rule) -> None:
        """Say that the rules no longer fire."""
        self._tell(rules, ends_at=datetime.now(UTC))

    def _tell(self, rules: tuple[Rule, ...], *, ends_at: datetime) -> None:
        alerts = [
            {
                "labels": rule.labels,
                "annotations": {"summary": rule.summary},
                "startsAt": self._firing_since.isoformat(),
                "endsAt": ends_at.isoformat(),
            }
            for rule in rules
        ]
        url = f"http://{self._address}/api/v2/alerts"
        httpx.post(url, json=alerts, trust_env=False).raise_for_status()

    def _answers(self) -> bool:
        assert self._process.poll() is None, (self._folder / "alertmanager.log").read_text()
        try:
            return httpx.get(f"http://{self._address}/-/ready", trust_env=False).is_success
        except httpx.TransportError:
            return False
