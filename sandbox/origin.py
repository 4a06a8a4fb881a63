"""What the product says about a message in headers of its own, the same in a mail and in a request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

KINDS = ("page", "role_page", "notice", "update")
LEVELS = range(1, 6)


@dataclass(frozen=True)
class Origin:
    """Kind, incident and level of a message; a summary of several pages has ``incidents`` (incident, level) instead."""

    kind: str = "other"
    incident: str | None = None
    level: int | None = None
    incidents: tuple[tuple[str, int | None], ...] = ()


def read_origin(header: Callable[[str], object]) -> Origin:
    """Read the ``X-ADO-…`` headers that ``header`` looks up. Unknown or missing ones are "other" and None."""

    def value(name: str) -> str:
        return str(header(f"X-ADO-{name}") or "").strip()

    kind, summary = value("Kind"), value("Incidents")
    pairs = (each.strip().partition(":") for each in summary.split(",") if each.strip())
    return Origin(
        kind=kind if kind in KINDS else "other",
        incident=None if summary else value("Incident") or None,
        level=_level(value("Level")),
        incidents=tuple((incident, _level(level)) for incident, _, level in pairs),
    )


def _level(text: str) -> int | None:
    return int(text) if text.isdecimal() and int(text) in LEVELS else None
