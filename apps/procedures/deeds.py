"""How one writes what people do meanwhile, in a simulation: ``12m decline by tom@example.com``. No database.

After how long, what, and by whom. Without ``by`` whoever was paged first does it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from apps.core import durations
from apps.core.durations import DurationError
from apps.core.errors import Invalid

EXAMPLE = "12m decline by tom@example.com"


class DeedError(Invalid):
    """A text is no deed; the message says what was expected and what was found."""


class Word(StrEnum):
    """What one can do about an incident."""

    ACKNOWLEDGE = "acknowledge"
    DECLINE = "decline"
    ESCALATE = "escalate"
    HOLD = "hold"
    GO_ON = "go-on"
    REASSIGN = "reassign"
    ASK = "ask"
    TAKE = "take"
    IMPACT = "impact"
    SEVERITY = "severity"
    NOTE = "note"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Takes:
    """How many things a word takes besides, and what they are; ``most`` is None where it is any number."""

    least: int = 0
    most: int | None = 0
    what: str = "nothing"


@dataclass(frozen=True, slots=True)
class Deed:
    """What is done so long ``after`` the declaration; ``by`` is an address, None: whoever was paged first.

    ``what`` is that which the word takes, as it was written. Its text reads back as the same deed.
    """

    after: timedelta
    word: Word
    what: tuple[str, ...] = ()
    by: str | None = None

    def __str__(self) -> str:
        said = [durations.format(self.after), self.word.value, *self.what]
        return " ".join([*said, "by", self.by] if self.by is not None else said)


#: What ``escalate`` takes for a level.
LEVEL = re.compile(r"[Ll]?([1-5])")
#: What ``reassign`` takes before the number of a policy.
CHAIN = "chain"
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")

TAKES: Mapping[Word, Takes] = {
    Word.ACKNOWLEDGE: Takes(),
    Word.DECLINE: Takes(),
    Word.ESCALATE: Takes(0, 1, "a level such as L3, or the key of a trigger; without one it is the next level"),
    Word.HOLD: Takes(1, 1, "for how long, such as 30m"),
    Word.GO_ON: Takes(),
    Word.REASSIGN: Takes(1, None, f"one or more addresses, or {CHAIN} and the number of a policy"),
    Word.ASK: Takes(1, None, "one or more addresses"),
    Word.TAKE: Takes(1, 1, "the key of a response role"),
    Word.IMPACT: Takes(1, None, "one or more facts, such as security"),
    Word.SEVERITY: Takes(1, 1, "the code of a severity, such as P1"),
    Word.NOTE: Takes(),
    Word.RESOLVE: Takes(),
    Word.REOPEN: Takes(),
    Word.CANCEL: Takes(),
}


def parse(text: str) -> Deed:
    """Return the deed that ``text`` says. Raises DeedError, which says what was expected and which words are known."""
    first, *rest = text.split() or [""]
    try:
        after = durations.parse(first)
    except DurationError as error:
        raise DeedError(f'{error}; what is done is written as "{EXAMPLE}"') from None
    if not rest:
        raise DeedError(f"expected what is done after {first}, one of {', '.join(Word)}; got nothing")
    if rest[0] not in list(Word):
        raise DeedError(f"expected one of {', '.join(Word)}; got {rest[0]!r}")
    word, what, by = Word(rest[0]), rest[1:], None
    if "by" in what:
        at = what.index("by")
        what, by = what[:at], _address(what[at + 1 :])
    _check(word, what)
    return Deed(after, word, tuple(what), by)


def _address(said: list[str]) -> str:
    if len(said) != 1 or not _ADDRESS.fullmatch(said[0]):
        raise DeedError(f"expected one address at the end, after by; got {_listed(said)}")
    return said[0]


def _check(word: Word, what: list[str]) -> None:
    """Raise DeedError unless the word takes these."""
    takes = TAKES[word]
    if len(what) < takes.least or (takes.most is not None and len(what) > takes.most):
        raise DeedError(f"{word} takes {takes.what}; got {_listed(what)}")
    if word == Word.HOLD:
        _check_span(what[0])
    is_chain = word == Word.REASSIGN and what[0] == CHAIN
    if is_chain and (len(what) != 2 or not what[1].isdecimal()):
        number = "the number of a policy, as in its address /policies/12/"
        raise DeedError(f"{CHAIN} takes {number}; got {_listed(what[1:])}")
    if word in (Word.REASSIGN, Word.ASK) and not is_chain:
        wrong = [each for each in what if not _ADDRESS.fullmatch(each)]
        if wrong:
            raise DeedError(f"{word} takes {takes.what}; got {wrong[0]!r}")


def _check_span(said: str) -> None:
    try:
        durations.parse(said)
    except DurationError as error:
        raise DeedError(f"{Word.HOLD}: {error}") from None


def _listed(said: list[str]) -> str:
    return repr(" ".join(said)) if said else "nothing"
