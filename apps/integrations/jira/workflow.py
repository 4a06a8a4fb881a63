"""Which way a ticket goes when an incident does: its statuses are called as its project likes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from apps.incidents.models import Status as Ours
from apps.integrations.jira.client import Status, Transition

NEW, WORKING, DONE = "new", "indeterminate", "done"
#: What Jira insists on where a way has a screen with it, though it names values of its own.
RESOLUTION = "resolution"
_ENDS_WELL = ("Resolved", "Completed", "Done", "Closed")
_ENDS_OTHERWISE = ("Cancelled", "Canceled", "Declined", "Won't do")


@dataclass(frozen=True, slots=True)
class Goal:
    """A status of ours there: called ``names[0]``, else one of the same ``category``, by preference one of ``names``.

    What is called one of ``never`` is not it, whatever its category.
    """

    names: tuple[str, ...]
    category: str
    never: tuple[str, ...] = ()


def goal(status: str) -> Goal:
    """What a ticket is to be when the incident is ``status``."""
    ours = Ours(status)
    if ours in (Ours.RESOLVED, Ours.CLOSED):
        return Goal((ours.label, *_ENDS_WELL), DONE, never=_ENDS_OTHERWISE)
    if ours in (Ours.CANCELLED, Ours.MERGED):
        return Goal((ours.label, *_ENDS_OTHERWISE), DONE)
    return Goal((ours.label, "In progress", "Work in progress"), WORKING)


def goal_of_item(state: str) -> Goal:
    """What the issue of an action item is to be when the item is ``open``, ``done`` or ``cancelled``."""
    if state == "done":
        return Goal(_ENDS_WELL, DONE, never=_ENDS_OTHERWISE)
    if state == "cancelled":
        return Goal(_ENDS_OTHERWISE, DONE)
    return Goal(("To do", "Open", "Backlog"), NEW)


def is_open(status: Status) -> bool:
    """Whether there is still something to be done."""
    return status.category != DONE


def is_done_well(status: Status) -> bool:
    """Whether it was done, and not given up."""
    return status.category == DONE and not _is(status, _ENDS_OTHERWISE)


def way(wanted: Goal, stands: Status, ways: Iterable[Transition]) -> Transition | None:
    """The way to go; None where the ticket is there already, or no way leads there that we could take."""
    if _is(stands, wanted.names[:1]):
        return None
    open_to_us = [each for each in ways if not _asks_for_more(each) and not _is(each.to, wanted.never)]
    exactly = next((each for each in open_to_us if _is(each.to, wanted.names[:1])), None)
    if exactly or stands.category == wanted.category:
        return exactly
    alike = [each for each in open_to_us if each.to.category == wanted.category]
    by_name = (each for name in wanted.names for each in alike if _is(each.to, (name,)))
    return next(by_name, alike[0] if alike else None)


def told_on(transition: Transition) -> dict[str, Any]:
    """The fields that the way asks for and we can tell: a resolution, the first of those that mean it is done."""
    asked = transition.fields.get(RESOLUTION)
    if not asked or not asked.get("required"):
        return {}
    names = [value["name"] for value in asked.get("allowedValues") or ()]
    good = [name for name in names if name.casefold() in ("done", "fixed", "resolved")]
    return {RESOLUTION: {"name": (good or names)[0]}} if names else {}


def _asks_for_more(transition: Transition) -> bool:
    """Whether it takes fields of which we know nothing."""
    asked: Mapping[str, Mapping[str, Any]] = transition.fields
    return any(
        field.get("required") and not field.get("hasDefaultValue")
        for name, field in asked.items()
        if name != RESOLUTION
    )


def _is(status: Status, names: Iterable[str]) -> bool:
    return status.name.casefold() in {name.casefold() for name in names}
