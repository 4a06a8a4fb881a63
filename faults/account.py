"""Pages expected against pages sent: the end of every case.

What is expected comes from the facts in the database (which incidents there are, of which team and severity) and from
who is on call in the organisation, and not from what the house planned. What was sent is what the mail server got.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from faults.mail import Mail
from faults.organisation import LEVELS, receiver


class Page(NamedTuple):
    """One page that one person should get once."""

    incident: str
    level: int
    to: str


class Fact(NamedTuple):
    """An incident that was declared and that nobody answered."""

    incident: str
    team: str
    severity: str


@dataclass(frozen=True)
class Account:
    """``unknown`` is how many pages are marked *outcome unknown*: each of them may have been sent twice."""

    expected: int
    sent: int
    lost: tuple[Page, ...] = ()
    twice: tuple[Page, ...] = ()
    wrong: tuple[Page, ...] = field(default=(), metadata={"help": "Got by somebody who should not be paged for it."})
    unknown: int = 0
    copies: int = 0
    latest: float = 0.0

    @property
    def complaints(self) -> list[str]:
        """What does not balance."""
        named = {"lost": self.lost, "sent twice": self.twice, "sent to nobody who was to be paged": self.wrong}
        return [f"{len(pages)} {how}, as {tuple(pages[0])}" for how, pages in named.items() if pages]

    def __str__(self) -> str:
        second = f" ({self.copies} of them twice)" if self.copies else ""
        return (
            f"pages: {self.expected} expected = {self.sent} sent, {len(self.lost)} lost, {len(self.twice)} twice, "
            f"{self.unknown} outcome unknown{second}; the slowest came {self.latest:.1f} s after it was due"
        )


def settle(
    facts: Iterable[Fact],
    mails: Iterable[Mail],
    *,
    unknown: frozenset[Page],
    due: dict[tuple[str, int], datetime],
    moved: dict[str, str] | None = None,
) -> Account:
    """Compare. ``unknown`` may have come twice; ``due`` is when each level was due; ``moved`` is which address a
    person's pages go to in place of their first one, for a case that takes that away."""
    at = moved or {}
    expected = {
        Page(fact.incident, level, at.get(to, to))
        for fact in facts
        for level in LEVELS[fact.severity]
        for to in (receiver(fact.team, level),)
    }
    first: dict[Page, datetime] = {}
    received: Counter[Page] = Counter()
    for mail in mails:
        page = Page(mail.incident, mail.level, mail.to)
        received[page] += 1
        first.setdefault(page, mail.at)
    more = [page for page, number in received.items() if number > 1]
    ages = [(at_ - due[page.incident, page.level]).total_seconds() for page, at_ in first.items() if page in expected]
    return Account(
        expected=len(expected),
        sent=len(expected & received.keys()),
        lost=tuple(sorted(expected - received.keys())),
        twice=tuple(sorted(page for page in more if page not in unknown or received[page] > 2)),
        wrong=tuple(sorted(received.keys() - expected)),
        unknown=len(unknown),
        copies=sum(page in unknown for page in more),
        latest=max(ages, default=0.0),
    )
