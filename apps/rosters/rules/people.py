"""Who takes turns in a layer: somebody, or it is none; or a calendar says who, and then nothing else does."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from apps.core.errors import Invalid

#: What a calendar says in place of its layer, whose own people, restrictions and fields of these names count for
#: nothing.
LEFT_TO_CALENDARS = frozenset(
    {"people", "restrictions", "rotation", "length", "at_once", "handoff_weekday", "holidays_of"}
)


def check_takes_turns(people: Collection[object], *, from_calendar: bool) -> None:
    """Raise Invalid, naming ``people``, for a layer in which nobody takes turns.

    Those of a layer whose turns come from a calendar stand there, so that it has no people of its own.
    """
    if not people and not from_calendar:
        raise Invalid("Nobody takes turns in this layer: add people, or a calendar.", field="people")


def check_left_to_calendar(layer: str, changed: Iterable[str]) -> None:
    """Raise Invalid, naming it, for what of ``changed`` the calendar of the layer of that name says in its place."""
    for name in changed:
        if name in LEFT_TO_CALENDARS:
            raise Invalid(said_by_calendar(layer), field=name)


def said_by_calendar(layer: str) -> str:
    """Why the turns of the layer of that name are not changed here."""
    return f"The turns of {layer} come from a calendar: change them there."
