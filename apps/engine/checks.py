"""What else must be well for pages to get out. Apps above register a question; probe and watchdog ask all of them."""

from __future__ import annotations

from collections.abc import Callable

CheckFunction = Callable[[], str]

_checks: dict[str, CheckFunction] = {}


def check(name: str) -> Callable[[CheckFunction], CheckFunction]:
    """Register the decorated function: it answers with a complaint, or an empty string; a few quick queries at most."""

    def register(function: CheckFunction) -> CheckFunction:
        if name in _checks:
            raise ValueError(f"There is a check {name!r} already: {_checks[name]}.")
        _checks[name] = function
        return function

    return register


def complaints() -> dict[str, str]:
    """What each check answers, by its name. Raises a database error while the database is away."""
    return {name: function() for name, function in _checks.items()}
