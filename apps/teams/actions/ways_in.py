"""Telling of how somebody signs in: to the audit stream, and to the person, in case it was not they."""

from __future__ import annotations

from apps.core import audited, events
from apps.core.audited import Act
from apps.teams.events import WAY_IN_CHANGED, WayIn
from apps.teams.models import User


def note_way_in(person: User, *, act: Act, words: str, told: str, by: User | None) -> None:
    """Note ``words`` in the stream as done by ``by`` (None: nobody who is known for certain), and tell ``told``.

    To be called in the transaction that changes it.
    """
    audited.note(act, words, by=by, about=person)
    tell_of_way_in(person, told)


def tell_of_way_in(person: User, text: str) -> None:
    """Tell ``person`` alone (WAY_IN_CHANGED)."""
    events.publish(WAY_IN_CHANGED, WayIn(person, text))
