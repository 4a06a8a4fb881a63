"""How much of one thing a schedule may have: more than anybody means, and little enough to be computed at once.

What a document may hold is more than what a roster here may: the latter is what pages and API allow.
"""

from __future__ import annotations

from django.core.exceptions import ValidationError

from apps.core.errors import Invalid
from apps.integrations.importing.document import Place
from apps.integrations.importing.plan import Layer, Roster
from apps.rosters.models import Layer as StoredLayer
from apps.rosters.models.rosters import MOST_LAYERS
from apps.rosters.models.rosters import MOST_PEOPLE as MOST_IN_A_LAYER
from apps.rosters.models.rosters import MOST_RESTRICTIONS as MOST_RANGES

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


def beyond(roster: Roster) -> str:
    """Why no such roster can be kept here; empty if one can."""
    if len(roster.layers) > MOST_LAYERS:
        return f"It would have {len(roster.layers)} layers; a roster has {MOST_LAYERS} at most."
    return next((f"Its layer {layer.name}: {why}" for layer in roster.layers if (why := _beyond(layer))), "")


def _beyond(layer: Layer) -> str:
    if len(layer.people) > MOST_IN_A_LAYER:
        return f"{len(layer.people)} people take turns; {MOST_IN_A_LAYER} are allowed."
    if len(layer.restrictions) > MOST_RANGES:
        return f"it covers {len(layer.restrictions)} parts of the week; {MOST_RANGES} are allowed."
    row = StoredLayer(
        name=layer.name,
        rotation=layer.rotation,
        length=layer.length,
        at_once=layer.at_once,
        handoff_time=layer.handoff_time,
        handoff_weekday=layer.handoff_weekday,
        starts_on=layer.starts_on,
        ends_on=layer.ends_on,
    )
    try:
        row.clean_fields(exclude=["roster"])
        row.clean()
    except ValidationError as wrong:
        field, messages = next(iter(wrong.message_dict.items()))
        return f"{getattr(StoredLayer._meta.get_field(field), 'verbose_name', field)}: {messages[0]}"
    return ""
