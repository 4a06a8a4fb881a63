"""What the engine calls when a delivery is due."""

from __future__ import annotations

from apps.engine.models import Timer
from apps.engine.registry import Lane, handler, on_dead
from apps.notifications import delivery
from apps.notifications.actions import DELIVER
from apps.notifications.models import Urgency

#: Half of the lanes' threads: a mail server that hangs keeps no level and no alert waiting.
PAGES_AT_ONCE, NOTICES_AT_ONCE = 2, 1


@handler(DELIVER[Urgency.HIGH], lane=Lane.PAGES, transactional=False, at_once=PAGES_AT_ONCE)
@handler(DELIVER[Urgency.LOW], lane=Lane.WORK, transactional=False, at_once=NOTICES_AT_ONCE)
def deliver(timer: Timer) -> None:
    """Make one attempt; the engine tries again with growing pauses while that is of use."""
    delivery.attempt(timer.payload["delivery"])


@on_dead(DELIVER[Urgency.HIGH])
@on_dead(DELIVER[Urgency.LOW])
def delivery_given_up(timer: Timer, error: str) -> None:
    """After the last attempt the next contact method is tried, and failing that the timeline says so."""
    delivery.give_up(timer.payload["delivery"], error)
