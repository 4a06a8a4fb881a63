"""What the time zone database did to rosters, in words: beside the field of a zone, on pages, and for managers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.core.spans import in_words
from apps.core.zones import is_known, zone_or_utc
from apps.rosters.models import Layer, Roster, ZoneChange
from apps.rosters.versions import version_of

#: So long after the first shift that moved it is said that some did.
SAID_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class ZoneNews:
    """What happened to ``roster`` because of the zone of that name, in words; ``at`` is when that begins to matter."""

    roster: Roster
    zone: str
    title: str
    text: str
    at: datetime


def unknown(name: str) -> str:
    """That nobody knows the zone ``name``, and what becomes of the shifts."""
    return (
        f"The time zone database does not know {name} any more. The shifts that are planned stay as they are, and none"
        " are planned after them: choose another zone."
    )


def moved(change: ZoneChange) -> str:
    """From when on the clocks of the zone go otherwise than was planned by, and how many shifts moved with them."""
    rules, zone = change.rules, zone_or_utc(change.rules.name)
    shifts = "1 shift" if change.moved == 1 else f"{change.moved} shifts"
    words = f"{shifts} of {change.roster} moved, the first on {change.first_moved_at.astimezone(zone):%a %Y-%m-%d}."
    if rules.differs_from is None:
        return f"The time zone database knows {rules} again. {words}"
    span, way = in_words(rules.differs_by), "ahead of" if rules.differs_by > timedelta(0) else "behind"
    since = f"{rules.differs_from.astimezone(zone):%a %Y-%m-%d %H:%M %Z}"
    return f"The rules of {rules} changed: from {since} on its clocks are {span} {way} what was planned by. {words}"


def of(roster: Roster, layers: Iterable[Layer], *, now: datetime) -> dict[str, str]:
    """What there is to say of the zones of ``roster`` and of its ``layers`` at ``now``, by the zone's name.

    That shifts moved is said until SAID_FOR after the first of them, or until somebody edits the roster. Nothing of a
    retired roster. One query, and another where something was moved.
    """
    if roster.retired_at is not None:
        return {}
    names = dict.fromkeys([roster.time_zone, *(layer.time_zone for layer in layers if layer.time_zone)])
    changes = roster.zone_changes.filter(rules__name__in=names, first_moved_at__gt=now - SAID_FOR)
    recent = {change.rules.name: change for change in changes.select_related("rules", "roster")}
    version = version_of(roster) if recent else ""
    found: dict[str, str] = {}
    for name in names:
        change = recent.get(name)
        if not is_known(name):
            found[name] = unknown(name)
        elif change is not None and change.version == version:
            found[name] = moved(change)
    return found
