"""Events: how one app hears of what happened in another, in the same transaction, without being imported by it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

Reaction = Callable[[Any], None]

_reactions: dict[str, list[Reaction]] = defaultdict(list)


def on(*kinds: str) -> Callable[[Reaction], Reaction]:
    """Register the decorated function for events of ``kinds``. A reaction never talks to the network."""

    def register(reaction: Reaction) -> Reaction:
        for kind in kinds:
            if reaction not in _reactions[kind]:
                _reactions[kind].append(reaction)
        return reaction

    return register


def publish(kind: str, subject: Any) -> None:
    """Call every reaction to ``kind`` with ``subject``, in the order of registration, in the caller's transaction.

    What a reaction raises reaches the caller and rolls the whole change back: a reaction either belongs to the
    change or schedules a job of its own.
    """
    for reaction in _reactions[kind]:
        reaction(subject)
