"""What providers answer, as far as it can be understood."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from apps.core.errors import OutcomeUnknown


@contextmanager
def understood(provider: str) -> Iterator[None]:
    """Read an answer in the block; one that is not as documented raises OutcomeUnknown: nobody knows what it means."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise OutcomeUnknown(f"{provider}'s answer is not as it should be: {error!r}") from error


def text(given: object) -> str:
    """An id or a text that says something. Raises TypeError for anything else."""
    if isinstance(given, bool) or not isinstance(given, str | int) or given == "":
        raise TypeError(f"{given!r} says nothing")
    return str(given)


def link(given: object) -> str:
    """An address that a person may be led to. Raises ValueError or TypeError for anything else."""
    address = text(given)
    if not address.startswith(("https://", "http://")):
        raise ValueError(f"{address!r} leads nowhere")
    return address
