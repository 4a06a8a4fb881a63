"""What the engine calls so that nothing stays on the status page which nobody outside may read of."""

from __future__ import annotations

from datetime import timedelta

from apps.communications.status_page import actions, queries, reactions
from apps.engine.models import Timer
from apps.engine.registry import Lane, handler, recurring

#: The page itself asks each incident whenever it is read; this is for what was told elsewhere, and for the record.
LOOKED_AT_EVERY = timedelta(minutes=1)


@handler(reactions.WITHDRAW, lane=Lane.WORK)
def withdraw(timer: Timer) -> None:
    """Take one incident off the page, if it has to be."""
    actions.withdraw_what_nobody_may_see(timer.payload["incident"])


@recurring("communications.withdraw_all", every=LOOKED_AT_EVERY, lane=Lane.WORK)
def withdraw_all(timer: Timer) -> None:
    """Take off every incident that became private or a drill."""
    for incident in queries.hidden_since().values_list("incident", flat=True):
        actions.withdraw_what_nobody_may_see(incident)
