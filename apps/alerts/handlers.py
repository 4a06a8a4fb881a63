"""What the engine calls when something was posted, and what it looks after now and then."""

from __future__ import annotations

import time
from datetime import timedelta

from apps.alerts import inbox
from apps.alerts.inbox import Outcome
from apps.core import clock
from apps.engine import actions as engine
from apps.engine.models import Timer
from apps.engine.registry import Lane, handler, recurring

PROCESS_INBOX = "alerts.process_inbox"

#: For how long one timer goes on; the next one, due at once, takes over.
BUDGET = timedelta(seconds=10)

#: When to look again while another process is at it: what it has read as the end may have been followed by more.
SOON = timedelta(milliseconds=500)


@handler(PROCESS_INBOX, lane=Lane.PAGES, transactional=False)
def process_inbox(timer: Timer) -> None:
    """Handle what waits in the inbox. Not one transaction: each entry's effect is there as soon as it is handled."""
    until = time.monotonic() + BUDGET.total_seconds()
    while time.monotonic() < until:
        match inbox.handle_next(inbox.waiting()):
            case Outcome.NOTHING_LEFT:
                return
            case Outcome.SOMEBODY_ELSE_IS_AT_IT:
                engine.schedule(PROCESS_INBOX, key=PROCESS_INBOX, due_at=clock.now() + SOON)
                return
    engine.schedule(PROCESS_INBOX, key=PROCESS_INBOX)


@recurring("alerts.try_inbox_again", every=timedelta(seconds=15), lane=Lane.PAGES, transactional=False)
def try_inbox_again(timer: Timer) -> None:
    """Give every entry that failed another try, and look after what a process left behind that died while posting."""
    process_inbox(timer)
    for pk in list(inbox.failing().values_list("pk", flat=True)):
        inbox.handle_next(inbox.failing().filter(pk=pk))


@recurring("alerts.forget_old_entries", every=timedelta(days=1), lane=Lane.BULK)
def forget_old_entries(timer: Timer) -> None:
    """Delete bodies that were handled long ago."""
    inbox.forget_old()
