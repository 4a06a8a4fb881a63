"""Who takes turns in a layer: somebody, or it is none."""

from __future__ import annotations

from collections.abc import Collection

from apps.core.errors import Invalid


def check_takes_turns(people: Collection[object], *, from_calendar: bool) -> None:
    """Raise Invalid, naming ``people``, for a layer in which nobody takes turns.

    Those of a layer whose turns come from a calendar stand there, so that it has no people of its own.
    """
    if not people and not from_calendar:
        raise Invalid("Nobody takes turns in this layer: add people, or a calendar.", field="people")
