"""What can go wrong, in the house's own words. The API and the pages each translate these in one place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Missing:
    """One thing that an open gate waits for. ``item_id`` names the checklist item, if it is one."""

    gate: str
    item_id: int | None
    text: str


class HouseError(Exception):
    """Base of all expected failures; its text is written for the person who reads it."""


class RuleViolation(HouseError):
    """The domain's rules do not allow this now (409). ``missing`` lists what an open gate waits for."""

    def __init__(self, message: str, *, missing: tuple[Missing, ...] = ()) -> None:
        super().__init__(message)
        self.missing = missing


class Invalid(HouseError):
    """The input cannot be understood (400). ``field`` names where; within lists as in ``layers.1.people``."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class NotAllowed(HouseError):
    """This person may not do this (403)."""


class Conflict(HouseError):
    """Somebody else was first, or the same key came with other content (409)."""


class Busy(HouseError):
    """Somebody else is at it just now; the same may be tried again in a moment (503)."""


class ProviderError(HouseError):
    """Something outside the house failed.

    ``permanent``: trying again is of no use. ``retry_after``: it asked to be left alone for so many seconds.
    ``about_one``: it answered, and what it will not take now is this one message or address (a full mailbox); of the
    provider itself that says nothing. ``refuses_us``: it does not take our credentials or our account, whatever it is
    sent. ``of_the_circuit``: the provider is known to fail, and was not called, or called to see whether it still does:
    of what was to be sent that says nothing.
    """

    of_the_circuit = False

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        retry_after: float | None = None,
        about_one: bool = False,
        refuses_us: bool = False,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after = retry_after
        self.about_one = about_one
        self.refuses_us = refuses_us


class Unreachable(ProviderError):
    """Nobody answered: nothing was sent."""


class OutcomeUnknown(ProviderError):
    """The exchange ended after the handing over began and before the other side said that it has the message."""


class AddressForbidden(ProviderError):
    """The address is none, or leads where nothing may be sent to; another attempt is of no use."""

    def __init__(self, message: str) -> None:
        super().__init__(message, permanent=True)
