"""Who is meant by what a calendar says. No database."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from apps.core.texts import folded
from apps.rosters.calendars.expansion import Occurrence

_WORD = re.compile(r"\w+")
Name = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Directory:
    """Who can be meant: persons by mail address and by the words of their name; None where several share it."""

    by_address: Mapping[str, int]
    by_name: Mapping[Name, int | None]
    longest: int

    @classmethod
    def of(cls, people: Iterable[tuple[int, str, str]]) -> Directory:
        """The directory of ``people``: id, mail address and name of each. Case does not matter, nor do signs."""
        by_address: dict[str, int] = {}
        by_name: dict[Name, int | None] = {}
        for person, address, name in people:
            by_address[address.lower()] = person
            if words := _words(name):
                by_name[words] = None if words in by_name else person
        return cls(by_address, by_name, max(map(len, by_name), default=0))


def meant(occurrence: Occurrence, directory: Directory) -> tuple[list[int], str]:
    """The persons whose turn it is, each once and in order, or none and why.

    Mail addresses count before names, and of them the first group in which somebody is known.
    """
    for group in occurrence.addresses:
        known = [directory.by_address[address] for address in group if address in directory.by_address]
        if known:
            return list(dict.fromkeys(known)), ""
    return _named(occurrence.summary, directory, has_addresses=bool(occurrence.addresses))


def _named(summary: str, directory: Directory, *, has_addresses: bool) -> tuple[list[int], str]:
    """The persons whose full names stand in ``summary``: of names that contain one another the longest."""
    words, found, place, several = _words(summary), [], 0, False
    while place < len(words):
        step = 1
        for length in range(min(directory.longest, len(words) - place), 0, -1):
            name = words[place : place + length]
            if name in directory.by_name:
                person = directory.by_name[name]
                several = several or person is None
                found += [person] if person is not None else []
                step = length
                break
        place += step
    if several:
        return [], "Several people have this name."
    if not found:
        return [], "Nobody on call here has this address." if has_addresses else "Nobody on call here has this name."
    return list(dict.fromkeys(found)), ""


def _words(text: str) -> Name:
    return tuple(_WORD.findall(folded(text)))
