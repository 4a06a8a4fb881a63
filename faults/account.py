"""Pages expected against pages sent: the end of every case.

What is expected comes from the facts in the database (which incidents there are, of which team and severity) and from
who is on call in the organisation, and not from what the house planned. What was sent is what the mail server and the
provider of text messages got.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from faults.organisation import LEVELS, person, receiver


class Page(NamedTuple):
    """One page that one person (named by their first address) should get once, by whichever address."""

    incident: str
    level: int
    person: str


class Way(NamedTuple):
    """A page on its way to one of its person's addresses."""

    page: Page
    address: str


class Arrival(Protocol):
    """What somebody got: ``covers`` are the incidents and levels that it pages for."""

    @property
    def at(self) -> datetime: ...
    @property
    def to(self) -> str: ...
    @property
    def covers(self) -> tuple[tuple[str, int], ...]: ...


class Fact(NamedTuple):
    """An incident that was declared and that nobody answered."""

    incident: str
    team: str
    severity: str


@dataclass(frozen=True)
class Account:
    """``wrong`` are pages that came to somebody who should not get them. ``unknown`` is how many attempts
    are marked *outcome unknown*: each may have sent a page that another attempt sent too. ``copies`` is how many pages
    came more than once for that reason. ``latest`` is the longest (seconds) that one came after it was due."""

    expected: int
    sent: int
    lost: tuple[Page, ...] = ()
    twice: tuple[Page, ...] = ()
    wrong: tuple[Page, ...] = ()
    unknown: int = 0
    copies: int = 0
    latest: float = 0.0

    @property
    def complaints(self) -> list[str]:
        """What does not balance."""
        named = {"lost": self.lost, "sent twice": self.twice, "sent to nobody who was to be paged": self.wrong}
        return [f"{len(pages)} {how}, as {tuple(pages[0])}" for how, pages in named.items() if pages]

    def __str__(self) -> str:
        second = f" ({self.copies} pages more than once for it)" if self.copies else ""
        return (
            f"pages: {self.expected} expected = {self.sent} sent, {len(self.lost)} lost, {len(self.twice)} twice, "
            f"{self.unknown} outcome unknown{second}; the slowest came {self.latest:.1f} s after it was due"
        )


def settle(
    facts: Iterable[Fact],
    arrivals: Iterable[Arrival],
    *,
    unknown: Mapping[Way, int],
    due: dict[tuple[str, int], datetime],
) -> Account:
    """Compare. ``unknown`` is how many attempts on a way ended so that nobody knows their outcome; ``due`` is when each
    level was due.
    """
    expected = {
        Page(fact.incident, level, receiver(fact.team, level)) for fact in facts for level in LEVELS[fact.severity]
    }
    first: dict[Page, datetime] = {}
    received: defaultdict[Page, Counter[str]] = defaultdict(Counter)
    for arrival in arrivals:
        for incident, level in arrival.covers:
            page = Page(incident, level, person(arrival.to))
            received[page][arrival.to] += 1
            first[page] = min(first.get(page, arrival.at), arrival.at)
    more = {page: came for page, came in received.items() if came.total() > 1}
    excused = {page for page, came in more.items() if _is_excused(page, came, unknown)}
    ages = [(at_ - due[page.incident, page.level]).total_seconds() for page, at_ in first.items() if page in expected]
    return Account(
        expected=len(expected),
        sent=len(expected & received.keys()),
        lost=tuple(sorted(expected - received.keys())),
        twice=tuple(sorted(more.keys() - excused)),
        wrong=tuple(sorted(received.keys() - expected)),
        unknown=sum(unknown.values()),
        copies=len(excused),
        latest=max(ages, default=0.0),
    )


def _is_excused(page: Page, came: Counter[str], unknown: Mapping[Way, int]) -> bool:
    """Whether each copy but one is: by an attempt whose outcome is unknown, on a way that has such attempts."""
    doubtful = {address: number for address in came if (number := unknown.get(Way(page, address), 0))}
    known = sum(number for address, number in came.items() if address not in doubtful)
    return known <= 1 and came.total() <= 1 + sum(doubtful.values())
