"""The runbooks of the procedures, and how far an incident has come with those that were started (R15, R20, R23)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import urljoin

from apps.incidents.models import ChecklistItem, ChecklistPart, DataIntegrity, Incident, Procedures

#: As what the procedures mark the runbook for data that may not be whole.
DATA_INTEGRITY = "data_integrity"


@dataclass(frozen=True, slots=True)
class RunbookStep:
    """What is to be done, its command ready to copy where there is one."""

    text: str
    command: str = ""


@dataclass(frozen=True, slots=True)
class Runbook:
    """A guide of the procedures: what it is for, in which phase, and its steps in order."""

    key: str
    name: str
    phase: str
    suggested_by: str
    steps: tuple[RunbookStep, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """A runbook in an incident: the ``items`` to tick once it was started, the steps to look up before."""

    key: str
    name: str
    phase: str
    steps: Sequence[RunbookStep]
    items: Sequence[ChecklistItem]
    is_suggested: bool = False

    @property
    def is_started(self) -> bool:
        return bool(self.items)

    @property
    def settled(self) -> int:
        return sum(item.is_settled for item in self.items)


@dataclass(frozen=True, slots=True)
class Reference:
    """Further reading; ``url`` is empty where nobody said where the document lies."""

    text: str
    url: str


def runbooks_of(procedures: Procedures) -> list[Runbook]:
    """The runbooks in force, in the order of the procedures."""
    return [_runbook(guide) for guide in procedures.resources.get("guides", [])]


def references_of(procedures: Procedures) -> list[Reference]:
    """What the procedures refer to; their paths are relative to where the procedures themselves lie."""
    place = procedures.resources.get("references_at", "")
    return [
        Reference(each["text"], _address(place, each["path"])) for each in procedures.resources.get("references", [])
    ]


def progress_of(incident: Incident, procedures: Procedures) -> list[Progress]:
    """Every runbook in force, and those that were started and are in force no longer; two queries.

    One that was started has the steps that it had then.
    """
    ticked = incident.checklist.filter(part=ChecklistPart.RUNBOOK).select_related("by").order_by("pk")
    started = {key: list(items) for key, items in groupby(ticked, key=lambda item: item.runbook)}
    doubted = _is_data_in_question(incident)
    known = [
        Progress(
            book.key, book.name, book.phase, book.steps, started.pop(book.key, []),
            is_suggested=doubted and book.suggested_by == DATA_INTEGRITY,
        )
        for book in runbooks_of(procedures)
    ]  # fmt: skip
    retired = [Progress(key, items[0].runbook_name, "", (), items) for key, items in started.items()]
    return known + retired


def _is_data_in_question(incident: Incident) -> bool:
    latest = incident.impact_assessments.first()
    return latest is not None and latest.data_integrity == DataIntegrity.COMPROMISED


def _runbook(guide: Mapping[str, Any]) -> Runbook:
    steps = tuple(RunbookStep(step["text"], step.get("command", "")) for step in guide["steps"])
    return Runbook(guide["key"], guide["name"], guide.get("phase", ""), guide.get("suggested_by", ""), steps)


def _address(place: str, path: str) -> str:
    address = urljoin(place, path)
    return address if address.startswith(("https://", "http://")) else ""
