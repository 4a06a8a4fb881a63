"""Whose turn it is on a level that pages one of its people after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from apps.escalation import rules
from apps.escalation.models import Level, Turn
from apps.teams.models import User

#: The turns that were taken for show, by level: they are neither written nor keep anybody waiting.
_for_show: ContextVar[dict[int, dict[int, int]] | None] = ContextVar("turns_for_show", default=None)


@contextmanager
def for_show() -> Iterator[None]:
    """Within the block turns are taken for show only: for simulations, and for saying who would be paged."""
    token = _for_show.set(dict(_for_show.get() or {}))
    try:
        yield
    finally:
        _for_show.reset(token)


def are_shown() -> bool:
    """Whether turns are taken for show, by what is taken back: nobody is to wait for it."""
    return _for_show.get() is not None


def take(level_id: int | None, people: Sequence[User]) -> User:
    """Whose turn it is among ``people`` (not empty, in the order of the targets); it counts as taken from then on.

    Whoever asks at the same moment waits for this transaction and gets the next one: the level's row is locked.
    A level that is gone has no memory: its first person is paged.
    """
    shown = _for_show.get()
    if level_id is None or not (shown is not None or _lock(level_id)):
        return people[0]
    turns = dict(Turn.objects.filter(level=level_id).values_list("person", "number"))
    if shown is not None:
        turns |= shown.get(level_id, {})
    chosen = rules.whose_turn([person.pk for person in people], turns)
    number = max(turns.values(), default=0) + 1
    if shown is not None:
        shown[level_id] = {**shown.get(level_id, {}), chosen: number}
    else:
        Turn.objects.update_or_create(level_id=level_id, person_id=chosen, defaults={"number": number})
    return next(person for person in people if person.pk == chosen)


def _lock(level_id: int) -> bool:
    """Lock the level's row; False if it is gone."""
    return bool(Level.objects.select_for_update(no_key=True).filter(pk=level_id).order_by("pk"))
