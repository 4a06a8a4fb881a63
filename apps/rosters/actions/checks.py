"""What is refused of a roster wherever it is entered, each beside its field."""

from __future__ import annotations

from datetime import datetime

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from apps.core import clock
from apps.core.century import check_moments
from apps.core.errors import Invalid, RuleViolation
from apps.rosters.models import Roster
from apps.rosters.models.rosters import MOST_LAYERS
from apps.teams.models import Team


def check_standing_in(roster: Roster, other: Roster | None, *, start: datetime | None, end: datetime | None) -> None:
    """Raise Invalid, naming the field, unless ``roster``, saved or not, may stand in for ``other`` from when to when.

    All three are known or none is; both are in use; of three rosters none stands in for one that does itself, and no
    two stand in for one at the same time. Once a shift of it has begun, it stands in for the same as before, or for
    none as before: else the record of who was on call would change. ``other`` is what it is in the database, and so is
    ``roster``: whoever writes has locked both.
    """
    _check_the_past_stays(roster, other)
    said = {"stands_in_for": other, "stands_in_from": start, "stands_in_until": end}
    missing = [name for name, value in said.items() if value is None]
    if len(missing) == len(said):
        return
    if missing:
        raise Invalid("A roster that stands in says for which other, from when and until when.", field=missing[0])
    check_moments(stands_in_from=start, stands_in_until=end)
    if start is not None and end is not None and end <= start:
        raise Invalid("It ends after it starts.", field="stands_in_until")
    if other is None or roster.retired_at is not None:
        return
    if other.pk == roster.pk:
        raise Invalid("A roster cannot stand in for itself.", field="stands_in_for")
    if other.retired_at is not None:
        raise Invalid(f"The roster {other} is retired.", field="stands_in_for")
    if other.stands_in_for_id is not None:
        raise Invalid(f"The roster {other} stands in for another itself.", field="stands_in_for")
    if roster.pk is not None and roster.stand_ins.filter(retired_at=None).exists():
        raise Invalid("Another roster stands in for this one; it cannot stand in itself.", field="stands_in_for")
    meanwhile = other.stand_ins.filter(retired_at=None, stands_in_during__overlap=DateTimeTZRange(start, end))
    if found := meanwhile.exclude(pk=roster.pk).first():
        raise Invalid(f"{found} stands in for {other} within that time already.", field="stands_in_from")


def _check_the_past_stays(roster: Roster, other: Roster | None) -> None:
    changes = roster.pk is not None and roster.stands_in_for_id != (other.pk if other is not None else None)
    if changes and roster.shifts.filter(during__startswith__lt=clock.now()).exists():
        raise Invalid(
            f"Shifts of {roster} have begun, and who was on call stays on the record: make a copy of it, and retire it"
            " or let it be.",
            field="stands_in_for",
        )


def check_primary(roster: Roster, *, team: Team | None, stands_in_for: Roster | None) -> None:
    """Raise Invalid, naming ``is_primary``, unless ``roster`` may be the primary one of ``team``."""
    if stands_in_for is not None:
        raise Invalid("A roster that stands in for another is not primary.", field="is_primary")
    others = Roster.objects.filter(team=team, is_primary=True, retired_at=None)
    if roster.retired_at is None and others.exclude(pk=roster.pk).exists():
        raise Invalid("The team already has a primary roster.", field="is_primary")


def check_layers_move(roster: Roster, *, now: datetime) -> None:
    """Raise RuleViolation while the layers of ``roster`` stand still."""
    if roster.frozen_until is not None and roster.frozen_until > now:
        raise RuleViolation(f"The layers of {roster} stand still until {roster.frozen_until:%Y-%m-%d %H:%M} UTC.")


def check_layer_count(roster: Roster, count: int, *, before: int, field: str = "layers") -> None:
    """Raise Invalid, naming ``field``, where ``roster`` gets more layers than one may have: ``count``, not ``before``.

    One that has too many already may keep or lose some.
    """
    if count > max(MOST_LAYERS, before):
        raise Invalid(f"{roster} would have more than {MOST_LAYERS} layers.", field=field)
