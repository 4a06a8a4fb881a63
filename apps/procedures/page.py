"""The procedures as a person reads them: what a revision says, part by part, without a word lost (R36)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.core import durations
from apps.incidents.models import ProceduresRevision
from apps.procedures import structure
from apps.procedures.document import Document

#: What stands in the head of the page.
HEAD = ("title", "version", "last_updated", "next_review", "remind_before", "owner")

#: Parts whose names would be read wrongly as they are.
_TITLES = {"wsjf": "WSJF", "sla": "SLA", "url": "URL", "cto": "CTO", "ceo": "CEO", "ai": "AI"}


#: A list of so many letters stands in one line.
SHORT = 60


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that is said: a text, or what stands below a name; ``name`` is empty in a list."""

    name: str
    text: str = ""
    entries: list[Entry] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the document with the name that its address ends with."""

    anchor: str
    title: str
    entries: list[Entry]


def document_of(revision: ProceduresRevision) -> Mapping[str, Any]:
    """What ``revision`` says, in the order of the procedures file: the database forgets the order of what it keeps.

    One that this version of the code does not understand any more is given as it is kept.
    """
    try:
        return dict(structure.plain(structure.build(Document, revision.document)))
    except (TypeError, ValueError, KeyError, durations.DurationError):
        return dict(revision.document)


def parts_of(document: Mapping[str, Any]) -> list[Part]:
    """The parts of a revision's document in its order; what its head says is not among them."""
    return [
        Part(key.replace("_", "-"), _title(key), list(_entries(value)))
        for key, value in document.items()
        if key not in HEAD and value not in ({}, [], None)
    ]


def _entries(value: Any) -> Iterator[Entry]:
    if isinstance(value, Mapping):
        for key, content in value.items():
            yield _entry(_title(str(key)), content)
    elif isinstance(value, list):
        for content in value:
            yield _entry("", content)
    else:
        yield Entry("", _text(value))


def _entry(name: str, content: Any) -> Entry:
    if isinstance(content, list) and name and _are_short(content):
        return Entry(name, ", ".join(map(_text, content)))
    if isinstance(content, Mapping | list):
        return Entry(name, entries=list(_entries(content)))
    return Entry(name, _text(content))


def _are_short(contents: list[Any]) -> bool:
    """Whether they are plain, and read better in one line."""
    plain = not any(isinstance(each, Mapping | list) for each in contents)
    return plain and sum(len(_text(each)) for each in contents) < SHORT


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)


def _title(key: str) -> str:
    words = key.replace("_", " ").replace("-", " ").split()
    told = " ".join(_TITLES.get(word, word) for word in words)
    return told[:1].upper() + told[1:]
