"""When messages are due and what their templates may say. No database (R24, R27)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from string import Formatter

from apps.core.durations import Delay, Fixed, parse_delay
from apps.core.errors import Invalid

#: What a template may name; ``messages.facts`` says what each becomes.
PLACEHOLDERS = (
    "title",
    "reference",
    "severity",
    "status",
    "impact",
    "next_update",
    "url",
    "services",
    "team",
    "commander",
)


@dataclass(frozen=True, slots=True)
class Cadence:
    """When messages about an incident are due. None: no such message is due; immediately: the system sends it."""

    initial: Delay
    every: Delay | None
    resolution: Delay | None

    @classmethod
    def read(cls, *, initial: str, every: str, resolution: str) -> Cadence:
        """Return the cadence that the texts stand for, an empty one for None. Raises DurationError."""
        return cls(
            initial=parse_delay(initial),
            every=parse_delay(every) if every else None,
            resolution=parse_delay(resolution) if resolution else None,
        )


def is_immediate(delay: Delay | None) -> bool:
    """Whether the message is due at once, so that the system sends it."""
    return isinstance(delay, Fixed) and delay.span == timedelta(0)


#: A severity without a schedule: one initial message, one at resolution (requirements, "P3 communication").
UNSCHEDULED = Cadence(initial=Fixed(timedelta(0)), every=None, resolution=Fixed(timedelta(0)))


def understood() -> str:
    """The placeholders as a person types them, for help texts and errors."""
    return ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)


def check_placeholders(text: str, *, field: str = "") -> None:
    """Raise Invalid, for ``field``, unless every placeholder of ``text`` is a plain name of PLACEHOLDERS.

    Neither attributes nor formats are understood: a template cannot reach into the program.
    """
    try:
        parts = list(Formatter().parse(text))
    except ValueError as error:
        raise Invalid(
            f"Braces do not match ({error}). Write {{{{ and }}}} for braces in the text.", field=field
        ) from error
    for _, name, formatting, conversion in parts:
        if name is None:
            continue
        if name not in PLACEHOLDERS or formatting or conversion:
            raise Invalid(f"Nobody fills {{{name}}}. Understood are {understood()}.", field=field)


def fill(text: str, facts: Mapping[str, str]) -> str:
    """Return ``text`` with each placeholder replaced by its fact; braces within facts stay what they are.

    Raises Invalid for what ``check_placeholders`` refuses.
    """
    check_placeholders(text)
    return text.format_map(facts)
