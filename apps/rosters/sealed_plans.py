"""What an import would do, signed and carried by pages and the API: just what was shown is done when it comes back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core import signing

from apps.core.errors import Invalid
from apps.rosters.actions import LayersImport, PlannedTurns
from apps.rosters.models import Roster, ShiftSource
from apps.rosters.rules import Stretch

#: A plan that was looked at is carried out within this time, or made anew.
PLAN_HOLDS = timedelta(hours=1)
_LAYERS = "rosters.tables.layers"


def seal_layers(text: bytes, plan: LayersImport) -> str:
    """What stands for the table of layers ``text``, and for what it was said to do."""
    return signing.dumps((text.decode("utf-8"), plan.seal), salt=_LAYERS, compress=True)


def unseal_layers(sealed: str) -> tuple[bytes, str]:
    """The table for which ``sealed`` stands, and what it was said to do. Raises Invalid as ``unseal_turns`` does."""
    text, seal = _opened(sealed, salt=_LAYERS)
    return text.encode(), seal


def seal_turns(planned: Mapping[int, PlannedTurns], *, of: Roster | None = None) -> str:
    """What stands for the turns that are ``planned``, by the id of the roster; ``of`` one roster, or a table's."""
    rows = [
        (
            roster,
            each.seen,
            [(turn.seat, turn.person, *_seconds(turn), reason) for turn, reason in each.turns],
        )
        for roster, each in planned.items()
    ]
    return signing.dumps(rows, salt=_salt(of), compress=True)


def unseal_turns(sealed: str, *, of: Roster | None = None) -> dict[int, PlannedTurns]:
    """The turns for which ``sealed`` stands. Raises Invalid, naming ``plan``, for what was not shown, or long ago."""
    return {
        roster: PlannedTurns(tuple(_turn(*turn) for turn in turns), seen)
        for roster, seen, turns in _opened(sealed, salt=_salt(of))
    }


def _opened(sealed: str, *, salt: str) -> Any:
    try:
        return signing.loads(sealed, salt=salt, max_age=PLAN_HOLDS)
    except signing.BadSignature as error:
        raise Invalid(
            "What was shown is too old, or was not shown here: choose the file again.", field="plan"
        ) from error


def _salt(of: Roster | None) -> str:
    return "rosters.tables.overrides" if of is None else f"rosters.import:{of.pk}"


def _seconds(turn: Stretch) -> tuple[float, float]:
    return turn.start.timestamp(), turn.end.timestamp()


def _turn(seat: int, person: int, start: float, end: float, reason: str) -> tuple[Stretch, str]:
    begins, ends = (datetime.fromtimestamp(second, UTC) for second in (start, end))
    return Stretch(seat, person, begins, ends, ShiftSource.OVERRIDE), reason
