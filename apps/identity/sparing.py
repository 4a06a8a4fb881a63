"""How often a wrong password is worth a row: the record is kept for ever, and anybody types as many as they like."""

from __future__ import annotations

from django.core.cache import cache

from apps.core import origins
from apps.teams.models import User

#: Seconds between two rows of one account and address.
EVERY = 60
#: Seconds for which those that got none are remembered.
_COUNTED_FOR = 24 * 60 * 60


def worth_a_row(person: User | None) -> int | None:
    """How many of the account (None: of none that there is) got no row since the last one; None: nor does this one.

    Counted by address (``origins.counted``), at most one row in EVERY.
    """
    key = f"wrong:{person.pk if person else ''}:{origins.counted(origins.current().address)}"
    if cache.add(f"{key}:row", True, EVERY):
        more: int = cache.get(key, 0)
        cache.delete(key)
        return more
    cache.set(key, cache.get(key, 0) + 1, _COUNTED_FOR)
    return None
