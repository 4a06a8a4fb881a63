"""The reason for which somebody's data are taken away, in either sense: it stays in the record, so it names nobody."""

from __future__ import annotations

import re

from apps.core.errors import Invalid
from apps.privacy import belongings, mentions
from apps.teams.models import User

#: Parts of a name that are shorter are found in other words.
_SHORTEST_PART = 3
#: Parts of names that are words of their own; whoever is called so is named by all of their name.
_WORDS = frozenset(
    [
        "abu",
        "and",
        "bin",
        "was",
        "been",
        "before",
        "company",
        "del",
        "den",
        "der",
        "die",
        "dos",
        "for",
        "former",
        "from",
        "had",
        "has",
        "have",
        "her",
        "his",
        "left",
        "mark",
        "may",
        "per",
        "person",
        "restored",
        "san",
        "she",
        "the",
        "their",
        "them",
        "they",
        "till",
        "van",
        "von",
        "who",
        "will",
        "with",
    ]
)


def checked(reason: str, person: User) -> str:
    """The reason, without blanks around it. Raises Invalid for one that is empty or names ``person``."""
    reason = reason.strip()
    if not reason:
        raise Invalid("Say why.", field="reason")
    names = {*mentions.names_of(person), person.name} - {belongings.pseudonym_of(person)}
    words = {word for word in (*mentions.addresses_of(person), *names) if len(word) >= mentions.SHORTEST}
    parts = {part for name in names for part in name.split() if part.lower() not in _WORDS or part == name}
    pattern = mentions.pattern_of(words | {part for part in parts if len(part) >= _SHORTEST_PART})
    if pattern and re.search(pattern, reason, re.IGNORECASE):
        raise Invalid("Do not name them: the reason stays in the record.", field="reason")
    return reason
