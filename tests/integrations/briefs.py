"""Incidents as providers are told of them, and what happens to them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from apps.incidents.models import EventKind
from apps.integrations.tools import Brief, News

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def brief(number: int = 1, **known: Any) -> Brief:
    """The incident of that number, a P0 that was declared a moment ago."""
    url = f"http://127.0.0.1:8000/incidents/INC-{number}/"
    standard: dict[str, Any] = {
        "mark": url, "reference": f"INC-{number}", "title": "Disks full", "summary": "All of them.\nSince ten.",
        "severity": "P0", "impact": "Everybody waits", "status": "declared", "status_label": "Declared",
        "team": "Platform", "services": ("Agents", "Pipeline"), "commander": "Olga", "people": ("olga@example.com",),
        "url": url, "private": False, "drill": False, "declared_at": NOW, "acknowledged_at": None,
    }  # fmt: skip
    return Brief(**{**standard, **known})


def news(kind: EventKind, text: str = "It happened.", *, key: str = "event-1", **data: Any) -> News:
    """A piece of news."""
    return News(key=key, kind=kind, at=NOW, text=text, data=data)
