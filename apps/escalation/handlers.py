"""What the engine calls when a level is due."""

from __future__ import annotations

from apps.engine.models import Timer
from apps.engine.registry import Lane, handler
from apps.escalation import actions


@handler(actions.FIRE, lane=Lane.PAGES)
def level_is_due(timer: Timer) -> None:
    """Page everyone on the level that is due, or say why nobody could be (R12)."""
    actions.fire_when_due(timer.payload["level"])
