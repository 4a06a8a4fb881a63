"""The reason for which somebody's data are taken away, in either sense: it stays in the record, so it names nobody."""

from __future__ import annotations

import re

from apps.core.errors import Invalid
from apps.privacy import mentions
from apps.teams.models import User

#: Parts of a name that are shorter are found in other words.
_SHORTEST_PART = 3


def checked(reason: str, person: User) -> str:
    """The reason, without blanks around it. Raises Invalid for one that is empty or names ``person``."""
    reason = reason.strip()
    if not reason:
        raise Invalid("Say why.", field="reason")
    parts = {part for name in (*mentions.names_of(person), person.name) for part in name.split()}
    words = {word for word in mentions.addresses_of(person) if len(word) >= mentions.SHORTEST}
    pattern = mentions.pattern_of(words | {part for part in parts if len(part) >= _SHORTEST_PART})
    if pattern and re.search(pattern, reason, re.IGNORECASE):
        raise Invalid("Do not name them: the reason stays in the record.", field="reason")
    return reason
