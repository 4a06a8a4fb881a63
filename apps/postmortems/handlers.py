"""What the engine calls when a review is to be made, or a deadline or an action item is due."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from apps.engine.models import Timer
from apps.engine.registry import Lane, handler
from apps.postmortems import actions, reactions
from apps.postmortems.actions import items


@handler(reactions.REVIEW, lane=Lane.WORK)
def make_review(timer: Timer) -> None:
    """Make the review of a resolved incident, or take it back while the incident is open again (R29)."""
    actions.follow(timer.payload["incident"])


@handler(reactions.REMINDER, lane=Lane.WORK)
def remind(timer: Timer) -> None:
    """Remind of a deadline (R31)."""
    actions.remind(timer.payload["incident"], **_deadline(timer))


@handler(reactions.OVERDUE, lane=Lane.WORK)
def escalate(timer: Timer) -> None:
    """Escalate a deadline that passed (R31)."""
    actions.tell_overdue(timer.payload["incident"], **_deadline(timer))


@handler(items.REMINDER, lane=Lane.WORK)
def remind_of_action_item(timer: Timer) -> None:
    """Remind the owner of an action item (R30)."""
    actions.remind_of_action_item(timer.payload["item"])


@handler(items.OVERDUE, lane=Lane.WORK)
def raise_action_item(timer: Timer) -> None:
    """Raise an overdue action item (R30)."""
    actions.raise_action_item(timer.payload["item"])


def _deadline(timer: Timer) -> dict[str, Any]:
    return {"clock": timer.payload["clock"], "due_at": datetime.fromisoformat(timer.payload["due_at"])}
