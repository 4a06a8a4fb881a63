"""How much of one thing a schedule may have: more than anybody means, and little enough to be computed at once."""

from __future__ import annotations

from apps.core.errors import Invalid
from apps.integrations.importing.document import Place

#: Rotations or shifts that are compared with one another.
MOST_ROTATIONS = 100
MOST_PEOPLE = 500
MOST_RESTRICTIONS = 50
MOST_OVERRIDES = 1_000
#: Entries of a final schedule: of an hour each, a year and more.
MOST_HELD = 20_000
MOST_LEVELS = 100


def not_too_many(overrides: list[Place], schedule: Place) -> list[Place]:
    """Return the overrides of a schedule. Raises Invalid for more than MOST_OVERRIDES."""
    if len(overrides) > MOST_OVERRIDES:
        raise Invalid(f"{schedule.where}: more than {MOST_OVERRIDES:,} overrides of one schedule were not meant.")
    return overrides
