"""What somebody writes after ``/incident``, read. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

HELP = """\
*/incident declare* P1 What you would say first – with `service=SLUG` or `team=SLUG`, `--private`, `--drill`
*/incident ack* INC-1 – you take it on
*/incident resolve* INC-1
*/incident note* INC-1 What you saw – it stands on the timeline
*/incident who* SLUG – who is on call, everywhere or for a team or a service
In the channel of an incident its number may be left out."""


class Verb(StrEnum):
    """What can be asked for."""

    DECLARE = "declare"
    ACKNOWLEDGE = "ack"
    RESOLVE = "resolve"
    NOTE = "note"
    WHO = "who"
    HELP = "help"


_VERBS = {verb.value: verb for verb in Verb} | {"acknowledge": Verb.ACKNOWLEDGE, "oncall": Verb.WHO}
_REFERENCE = re.compile(r"(?:inc-)?([1-9][0-9]{0,17})", re.IGNORECASE)
_OPTION = re.compile(r"(service|team)=(\S+)|--(private|drill)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wish:
    """A command as it was understood. ``number`` is the incident's, None where none was named."""

    verb: Verb
    text: str = ""
    number: int | None = None
    severity: str = ""
    options: dict[str, str] = field(default_factory=dict)


def read(text: str) -> Wish:
    """What is asked for; HELP where that cannot be told."""
    word, _, rest = text.strip().partition(" ")
    verb, rest = _VERBS.get(word.lower(), Verb.HELP), rest.strip()
    if verb == Verb.DECLARE:
        return _declaration(rest)
    if verb in (Verb.WHO, Verb.HELP):
        return Wish(verb, rest)
    word, _, after = rest.partition(" ")
    named = _REFERENCE.fullmatch(word)
    # A note may well begin with a number: without the letters it is none of an incident.
    if named is None or (verb == Verb.NOTE and word.isdecimal()):
        return Wish(verb, rest)
    return Wish(verb, after.strip(), number=int(named[1]))


def _declaration(text: str) -> Wish:
    """The severity first, then options before or after the title; none within it."""
    severity, _, rest = text.partition(" ")
    words, options = rest.split(), {}
    for end in (0, -1):
        while words and (option := _OPTION.fullmatch(words[end])):
            name, slug, flag = option.groups()
            options[(name or flag).lower()] = (slug or flag).lower()
            words.pop(end)
    return Wish(Verb.DECLARE, " ".join(words), severity=severity.upper(), options=options)
