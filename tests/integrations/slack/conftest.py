"""Slack as the sandbox speaks it, an incident as it is told of, and what Slack shows of its channel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from slack_sdk import WebClient

from apps.integrations.slack.known import members
from apps.integrations.slack.room import Channel, opened
from apps.integrations.tools import Brief
from launcher.sandbox import sandbox_variables
from tests.integrations.provider import nobody_there
from tests.sandbox.conftest import Product, Running, end, start


@dataclass(frozen=True)
class Workspace:
    """What Slack's own client sees."""

    running: Running

    @property
    def token(self) -> str:
        return self.running.environment["SLACK_BOT_TOKEN"]

    @property
    def client(self) -> WebClient:
        return WebClient(token=self.token, base_url=self.running.environment["SLACK_API_URL"])

    @property
    def channels(self) -> dict[str, dict[str, Any]]:
        """By their names all that there are."""
        told = self.client.conversations_list(types="public_channel,private_channel")["channels"]
        return {channel["name"]: channel for channel in told}

    def messages(self, ref: str) -> list[str]:
        """What was said in the channel, oldest first."""
        return [message["text"] for message in self.client.conversations_history(channel=ref)["messages"]][::-1]

    def people(self, ref: str) -> set[str]:
        """The ids of who is in the channel, but for the bot."""
        return set(self.client.conversations_members(channel=ref)["members"]) - {"U0ADOBOT"}

    def member(self, email: str) -> str:
        return str(self.client.users_lookupByEmail(email=email)["user"]["id"])

    def opened(self) -> AbstractContextManager[Channel]:
        return opened({"token": self.token})


@pytest.fixture
def workspace(tmp_path: Path, settings: Any) -> Iterator[Workspace]:
    variables = sandbox_variables(tmp_path, {})
    running = Running(Path(variables["SANDBOX_DIR"]), variables, Product(nobody_there()))
    process = start(running)
    settings.SLACK_API_URL = variables["SLACK_API_URL"]
    settings.SLACK_BOT_TOKEN = variables["SLACK_BOT_TOKEN"]
    members.forget()
    yield Workspace(running)
    end(process)


@pytest.fixture
def brief() -> Callable[..., Brief]:
    """An incident as a provider is told of it; it was declared now."""

    def told(number: int = 1, **known: Any) -> Brief:
        standard: dict[str, Any] = {
            "mark": f"https://ado.example/incidents/INC-{number}/",
            "reference": f"INC-{number}",
            "title": "Pipeline <down> & out",
            "summary": "Nothing runs.",
            "severity": "P0",
            "impact": "Everybody",
            "status": "declared",
            "status_label": "Declared",
            "team": "Platform",
            "services": ("Agents",),
            "commander": "",
            "people": ("olga@example.com", "ben@example.com"),
            "url": f"https://ado.example/incidents/INC-{number}/",
            "private": False,
            "drill": False,
            "declared_at": datetime.now(UTC),
            "acknowledged_at": None,
        }
        return Brief(**(standard | known))

    return told
