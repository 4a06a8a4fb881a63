"""What leads pages to a roster: told by those who know, for rosters stand below the chains that name them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from apps.rosters.models import Roster
from apps.teams.models import User

#: Given rosters and who asks, says in sentences what pages whoever is on call there.
Teller = Callable[[Sequence[Roster], User], list[str]]

_tellers: list[Teller] = []


def tells_what_pages(teller: Teller) -> Teller:
    """Register the decorated function to be asked."""
    if teller not in _tellers:
        _tellers.append(teller)
    return teller


def what_pages(rosters: Sequence[Roster], *, viewer: User) -> list[str]:
    """Whatever pages those who are on call in ``rosters``, in sentences; what ``viewer`` may not see is counted."""
    return [line for teller in _tellers for line in teller(rosters, viewer)]
