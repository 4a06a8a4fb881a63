"""What differs between two documents, place by place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from apps.procedures.problems import Path, dotted
from apps.procedures.schema import shown

ABSENT = object()


@dataclass(frozen=True)
class Change:
    """One place that says something else. ``before`` or ``after`` is ABSENT where it appears or goes."""

    path: Path
    before: Any
    after: Any

    @property
    def where(self) -> str:
        """Return the place as people write it."""
        return dotted(self.path)

    def as_data(self) -> dict[str, Any]:
        """Return the change for ``--json``; what is absent has no key."""
        sides = {"before": self.before, "after": self.after}
        return {"path": self.where, **{name: value for name, value in sides.items() if value is not ABSENT}}

    def __str__(self) -> str:
        if self.before is ABSENT:
            return f"+ {self.where}: {shown(self.after)}"
        if self.after is ABSENT:
            return f"- {self.where}: {shown(self.before)}"
        return f"~ {self.where}: {shown(self.before)} → {shown(self.after)}"


def changes(before: Any, after: Any, path: Path = ()) -> Iterator[Change]:
    """Yield what turns plain data ``before`` into ``after``, in the order of ``after``.

    A list of texts counts as one value; a list of entries is compared place by place.
    """
    if isinstance(before, dict) and isinstance(after, dict):
        gone = [key for key in before if key not in after]
        for key in [*after, *gone]:
            yield from changes(before.get(key, ABSENT), after.get(key, ABSENT), (*path, key))
    elif _is_list_of_entries(before) and _is_list_of_entries(after):
        for index, (first, second) in enumerate(zip_longest(before, after, fillvalue=ABSENT)):
            yield from changes(first, second, (*path, index))
    elif before != after:
        yield Change(path, before, after)


def touching(one: Change, others: list[Change]) -> bool:
    """Return whether any of ``others`` is at the same place as ``one``, within it or around it."""
    return any(one.path[: len(other.path)] == other.path[: len(one.path)] for other in others)


def _is_list_of_entries(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)
