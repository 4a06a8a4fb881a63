"""What the document says of itself and of the organisation as a whole: the one row of ``incidents.Procedures``.

What people read and no machine acts on stands in its field ``resources``. JSON columns forget the order of keys, so
that everything with an order is kept there as a list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from apps.core import durations
from apps.core.errors import Invalid
from apps.incidents.models import Procedures
from apps.procedures import document as said
from apps.procedures import structure
from apps.procedures.document import Document
from apps.procedures.rows import Writer


def row() -> Procedures | None:
    """Return the one row; None before the first procedures were applied."""
    return Procedures.objects.first()


@contextmanager
def _understood() -> Iterator[None]:
    """Raise Invalid where a free-form field holds what no procedures file can say."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Invalid(f"The procedures' own row holds what no procedures file can say: {error!r}") from error


@_understood()
def read(row: Procedures) -> dict[str, Any]:
    """Return the fields of a Document that stand in ``row`` alone. Raises Invalid for what no file can say."""
    resources = row.resources
    return {
        "title": row.title,
        "version": row.version,
        "last_updated": row.last_updated,
        "next_review": row.next_review,
        "remind_before": row.remind_before,
        "owner": row.owner,
        "definition": said.Definition(text=row.definition, areas={area["slug"]: area["name"] for area in row.areas}),
        "detection": _by_key(resources.get("detection", [])),
        "clocks": said.Clocks(warn_before=durations.parse_delay(row.warn_before)),
        "lifecycle": said.Lifecycle(reopen_within=row.reopen_within),
        "business_calendar": structure.build(said.BusinessCalendar, row.business_calendar),
        "verification": tuple(row.verification),
        "guides": {
            guide["key"]: structure.build(said.Guide, {name: told for name, told in guide.items() if name != "key"})
            for guide in resources.get("guides", [])
        },
        "closure": said.Closure(within=row.closure_within, steps=tuple(row.closure_steps)),
        "action_items": said.ActionItems(
            kinds=_by_key(resources.get("action_item_kinds", [])),
            process_improvements=tuple(resources.get("process_improvements", [])),
        ),
        "tools": dict(row.tools),
        "references_at": resources.get("references_at", ""),
        "references": tuple(structure.build(said.Reference, item) for item in resources.get("references", [])),
    }


@_understood()
def external_channels(row: Procedures) -> dict[str, str]:
    """Return how customers are told, by key (R26). Raises Invalid for what no file can say."""
    return _by_key(row.resources.get("external_channels", []))


@_understood()
def times_of_checklists(row: Procedures) -> dict[str, timedelta]:
    """Return how long each checklist may take, by part, where it is said. Raises Invalid for what no file can say."""
    return {part: durations.parse(text) for part, text in row.resources.get("checklists_within", {}).items()}


def write(document: Document, writer: Writer) -> None:
    """Make the row say what ``document`` says."""
    writer.put(
        row() or Procedures(pk=1),
        title=document.title,
        version=document.version,
        last_updated=document.last_updated,
        next_review=document.next_review,
        remind_before=document.remind_before,
        owner=document.owner,
        definition=document.definition.text,
        areas=[{"slug": key, "name": name} for key, name in document.definition.areas.items()],
        tools=dict(document.tools),
        reopen_within=document.lifecycle.reopen_within,
        warn_before=str(document.clocks.warn_before),
        closure_within=document.closure.within,
        closure_steps=list(document.closure.steps),
        review_within=document.review.within,
        business_calendar=structure.plain(document.business_calendar),
        verification=list(document.verification),
        resources=_resources(document),
    )


def _resources(document: Document) -> dict[str, Any]:
    return {
        "detection": _entries(document.detection),
        "external_channels": _entries(document.communication.external_channels),
        "checklists_within": {
            part: structure.plain(checklist.within)
            for part, checklist in document.checklists.by_part().items()
            if checklist.within is not None
        },
        "guides": [{"key": key, **structure.plain(guide)} for key, guide in document.guides.items()],
        "action_item_kinds": _entries(document.action_items.kinds),
        "process_improvements": list(document.action_items.process_improvements),
        "references_at": document.references_at,
        "references": structure.plain(document.references),
    }


def _entries(texts: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "text": text} for key, text in texts.items()]


def _by_key(entries: list[dict[str, str]]) -> dict[str, str]:
    return {entry["key"]: entry["text"] for entry in entries}
