"""What an import says of itself: what maps, what does not and why, what would be written, and the comparison."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.integrations.importing.apply import Prepared
from apps.integrations.importing.comparison import Compared, Difference, People
from apps.integrations.importing.plan import Outcome
from apps.integrations.importing.steps import ADDED_TO, Change
from apps.integrations.models import ImportedKind

#: So many differing stretches of a schedule are written out; the JSON has them all.
SHOWN = 5
_PLURALS = {
    ImportedKind.PERSON: "people",
    ImportedKind.TEAM: "teams",
    ImportedKind.ROSTER: "rosters",
    ImportedKind.OVERRIDE: "overrides",
    ImportedKind.CHAIN: "chains",
}
_HEADINGS = {
    Outcome.LEFT_OUT: "Left out",
    Outcome.DIFFERS: "Imported, but not as it stands there",
    Outcome.NOTED: "To know",
}


@dataclass(frozen=True, slots=True)
class Report:
    """What an import of the file named ``source`` did, or would do."""

    source: str
    prepared: Prepared
    compared: Sequence[Compared]
    is_written: bool

    @property
    def has_differences(self) -> bool:
        """Whether others would be on call here than there in any hour."""
        return any(each.different for each in self.compared)

    def lines(self) -> Iterator[str]:
        """The report as people read it."""
        yield f"{self.prepared.plan.vendor.label}: {self.source}"
        for kind, plural in _PLURALS.items():
            counted = self._counts(kind)
            said = ", ".join(f"{number} {name}" for name, number in counted.items() if number) or "none"
            yield f"  {plural}: {said}"
        yield from self._notes()
        yield from self._changes()
        yield from self._comparison()

    def _counts(self, kind: ImportedKind) -> dict[str, int]:
        steps = [step for step in self.prepared.steps if step.kind == kind]
        counted = {"new": 0, "changed": 0, "as they are": 0}
        for step in steps:
            counted["new" if step.is_new else "changed" if step.changes else "as they are"] += 1
        return counted

    def _notes(self) -> Iterator[str]:
        for outcome, heading in _HEADINGS.items():
            notes = [note for note in self.prepared.notes if note.outcome == outcome]
            if notes:
                yield f"{heading} ({len(notes)})"
            for note in notes:
                yield f"  {note.where}: {note.text}"

    def _changes(self) -> Iterator[str]:
        if not self.prepared.changes:
            yield "Nothing to change."
            return
        yield "Changed" if self.is_written else "Would change (nothing is written without --apply)"
        for change in self.prepared.changes:
            yield f"  {in_words(change)}"
        if self.prepared.overwrites and not self.is_written:
            count = len(self.prepared.overwrites)
            yield f"{count} of these take back what was edited here; --apply then needs --force."

    def _comparison(self) -> Iterator[str]:
        if not self.compared:
            yield "Comparison: the document has no final schedule to hold the rosters against."
            return
        yield "Comparison of who is on call, hour by hour"
        for each in self.compared:
            yield (
                f"  {each.name}, {_day(each.window.start)} to {_day(each.window.end)} UTC: "
                f"{each.hours} hours compared, {each.equal} equal, {each.different} different"
            )
            for difference in each.differences[:SHOWN]:
                yield f"    {_difference(difference)}"
            if len(each.differences) > SHOWN:
                yield f"    and {len(each.differences) - SHOWN} more stretches"

    def as_data(self) -> dict[str, Any]:
        """The report for ``--json``."""
        return {
            "vendor": str(self.prepared.plan.vendor),
            "written": self.is_written,
            "counts": {plural: self._counts(kind) for kind, plural in _PLURALS.items()},
            "notes": [
                {"where": note.where, "outcome": str(note.outcome), "text": note.text} for note in self.prepared.notes
            ],
            "changes": [as_data(change) for change in self.prepared.changes],
            "comparison": [_compared_as_data(each) for each in self.compared],
        }


def in_words(change: Change) -> str:
    """One change as a line: what appears, goes, or becomes what; what an edit here is lost by is marked."""
    mark = "  (edited here)" if change.overwrites else ""
    if not change.field:
        sign, verb = ("+", "") if change.after is not None else ("-", " goes")
        return f"{sign} {change.what}{verb}{mark}"
    if change.field in ADDED_TO:
        return f"+ {change.what}, {change.field}: {_shown(change.after)}{mark}"
    return f"~ {change.what}, {change.field}: {_shown(change.before)} → {_shown(change.after)}{mark}"


def as_data(change: Change) -> dict[str, Any]:
    """One change for ``--json``."""
    return {
        "what": change.what,
        "field": change.field,
        "before": change.before,
        "after": change.after,
        "overwrites": change.overwrites,
    }


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 160 else f"{text[:160]}…"


def _difference(each: Difference) -> str:
    span = f"{_moment(each.start)} to {_moment(each.end)} UTC"
    return f"{span}: here {_people(each.here)}, there {_people(each.there)}"


def _people(people: People) -> str:
    return ", ".join(people) or "nobody"


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _day(moment: datetime) -> str:
    return _moment(moment).removesuffix(" 00:00")


def _compared_as_data(each: Compared) -> dict[str, Any]:
    return {
        "schedule": each.name,
        "rosters": list(each.rosters),
        "start": each.window.start.isoformat(),
        "end": each.window.end.isoformat(),
        "hours": each.hours,
        "equal": each.equal,
        "different": each.different,
        "differences": [
            {
                "start": difference.start.isoformat(),
                "end": difference.end.isoformat(),
                "here": list(difference.here),
                "there": list(difference.there),
            }
            for difference in each.differences
        ],
    }
