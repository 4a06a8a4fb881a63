"""What a verification of the data says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What is looked at, in the words of the procedures ("Data Validation")."""

    CHECKSUM = "checksum"
    COUNT = "record count"
    REFERENCE = "reference"
    WORKFLOW = "critical workflow"
    PERMISSION = "user permission"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it must be; ``table`` names where, if it is in one."""

    kind: Kind
    component: str
    text: str
    table: str = ""

    def __str__(self) -> str:
        return f"{self.component}, {self.kind}: {self.text}"


@dataclass(slots=True)
class Report:
    """What was found, after so many checks of so many rows."""

    component: str
    findings: list[Finding] = field(default_factory=list)
    checked: int = 0
    rows: int = 0
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """What a program is told."""
        return asdict(self) | {"whole": not self.findings}


Found = Iterator[Finding]


@dataclass(frozen=True, slots=True)
class Check:
    """One look at a component: ``look`` yields what is wrong."""

    component: str
    look: Callable[[str], Found]
