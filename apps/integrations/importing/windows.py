"""What of a document concerns all of it: which keys it has, and for which time the vendor computed its schedules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, timedelta

from apps.core.errors import Invalid
from apps.integrations.importing.document import Place
from apps.integrations.importing.plan import Held
from apps.rosters.rules import Window

#: No more than this is held against the vendor's own reckoning.
LONGEST_WINDOW = timedelta(days=366)


def know(document: Place, keys: Sequence[str]) -> None:
    """Raise Invalid where the document has none of ``keys`` or one that is none of them."""
    found = set(document.fields())
    if not found & set(keys):
        raise Invalid(f"The document has none of the keys {', '.join(keys)} (docs/migrating.md says what it holds).")
    if unknown := sorted(found - set(keys)):
        raise Invalid(f"{unknown[0][:60]}: not a key of such a document; they are {', '.join(keys)}.")


def window_of(document: Place, *, start: str, end: str) -> Window | None:
    """The time for which the vendor computed its schedules, from ``window``; None where it says none.

    Days without a time begin at midnight UTC. Raises Invalid for one that ends before it starts or is too long.
    """
    place = document.at("window")
    if place.value is None:
        return None
    return checked(Window(place.moment(start, zone=UTC), place.moment(end, zone=UTC)), place)


def checked(window: Window, place: Place) -> Window:
    """Return ``window``. Raises Invalid, naming ``place``, unless it ends after it starts, within LONGEST_WINDOW."""
    if window.end <= window.start:
        place.refuse("a window that ends after it starts")
    if window.end - window.start > LONGEST_WINDOW:
        place.refuse(f"a window of at most {LONGEST_WINDOW.days} days")
    return window


def around(held: Sequence[Held]) -> Window | None:
    """The time that ``held`` spans, LONGEST_WINDOW at most; None where there is nothing."""
    if not held:
        return None
    start = min(each.start for each in held)
    return Window(start, min(max(each.end for each in held), start + LONGEST_WINDOW))
