"""Which people a page gets to. How people are reached is known a floor above, which says so when the house starts."""

from __future__ import annotations

from collections.abc import Callable, Collection

from apps.teams.models import User

#: Which of some people can be paged.
WhoCanBePaged = Callable[[Collection[User]], Collection[User]]


def active(people: Collection[User]) -> Collection[User]:
    """Those of ``people`` who are active: as much as is known here of who can be paged."""
    return [person for person in people if person.is_active]


_answers: list[WhoCanBePaged] = [active]


def told_by(answer: WhoCanBePaged) -> None:
    """Let ``answer`` say from now on who can be paged."""
    _answers[:] = [answer]


def who_can_be_paged(people: Collection[User]) -> Collection[User]:
    """Those of ``people`` whom a page gets to, as far as the house knows."""
    return _answers[0](people)
