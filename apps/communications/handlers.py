"""What the engine calls when a message of the system, a reminder of one or a complaint about one is due."""

from __future__ import annotations

from datetime import datetime

from apps.communications import actions, reactions
from apps.engine.models import Timer
from apps.engine.registry import Lane, handler


@handler(actions.SYSTEM_MESSAGE, lane=Lane.WORK)
def send_system_message(timer: Timer) -> None:
    """Send the message that the system sends by itself (R24)."""
    actions.send_system_message(timer.payload["incident"], phase=timer.payload["phase"])


@handler(reactions.REMINDER, lane=Lane.WORK)
def remind(timer: Timer) -> None:
    """Remind who communicates of the next message (R24)."""
    actions.remind(timer.payload["incident"], due_at=datetime.fromisoformat(timer.payload["due_at"]))


@handler(reactions.OVERDUE, lane=Lane.WORK)
def raise_overdue(timer: Timer) -> None:
    """Raise an overdue message to the commander (R24)."""
    actions.raise_overdue(timer.payload["incident"], due_at=datetime.fromisoformat(timer.payload["due_at"]))
