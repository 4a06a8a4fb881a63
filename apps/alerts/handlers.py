"""What the engine calls when something was posted, and what it looks after now and then."""

from __future__ import annotations

import time
from datetime import timedelta

from django.conf import settings

from apps.alerts import actions, inbox
from apps.alerts.actions.health import HEALTH
from apps.alerts.actions.heartbeats import HEARTBEAT
from apps.alerts.inbox import Outcome
from apps.alerts.models import Change, InboxEntry
from apps.core import clock, retention
from apps.engine import actions as engine
from apps.engine.checks import check
from apps.engine.models import Timer
from apps.engine.registry import Lane, handler, recurring

PROCESS_INBOX = "alerts.process_inbox"

#: For how long one timer goes on; the next one, due at once, takes over.
BUDGET = timedelta(seconds=10)

#: By then an alert that was accepted is an incident, or something is wrong.
LATE = timedelta(minutes=1)

#: When to look again while another process is at it: what it has read as the end may have been followed by more.
SOON = timedelta(milliseconds=500)


@handler(PROCESS_INBOX, lane=Lane.PAGES, transactional=False)
def process_inbox(timer: Timer) -> None:
    """Handle what waits in the inbox, the senders in turn: one that posts thousands of alerts holds up no other.

    Not one transaction: the effect of a few alerts is there as soon as they are taken in.
    """
    until = time.monotonic() + BUDGET.total_seconds()
    while senders := inbox.integrations_waiting():
        for sender in senders:
            if inbox.handle_next(inbox.waiting().filter(integration=sender)) is Outcome.SOMEBODY_ELSE_IS_AT_IT:
                engine.schedule(PROCESS_INBOX, key=PROCESS_INBOX, due_at=clock.now() + SOON)
                return
            if time.monotonic() > until:
                engine.schedule(PROCESS_INBOX, key=PROCESS_INBOX)
                return


@recurring("alerts.try_inbox_again", every=timedelta(seconds=15), lane=Lane.PAGES, transactional=False)
def try_inbox_again(timer: Timer) -> None:
    """Give every entry that failed another try, and look after what a process left behind that died while posting."""
    process_inbox(timer)
    for pk in list(inbox.failing().values_list("pk", flat=True)):
        inbox.handle_next(inbox.failing().filter(pk=pk))


@handler(HEARTBEAT, lane=Lane.PAGES)
def heartbeat_is_due(timer: Timer) -> None:
    """Raise or end the alert of a heartbeat, in one transaction with its state."""
    actions.judge(timer.payload["heartbeat"], at=timer.due_at)


@handler(HEALTH, lane=Lane.PAGES)
def tell_of_health(timer: Timer) -> None:
    """Raise or end the alert of a health check."""
    actions.tell_of_health(timer.payload["check"])


@recurring("alerts.plan_overdue_heartbeats", every=timedelta(minutes=1), lane=Lane.PAGES)
def plan_overdue_heartbeats(timer: Timer) -> None:
    """Look after heartbeats whose timer was lost or given up: silence must not be silent."""
    actions.plan_what_is_overdue(by=LATE)


@check("inbox")
def inbox_is_worked_off() -> str:
    """Whether alerts become incidents."""
    age = inbox.age_of_oldest()
    return f"An alert has waited for {age.total_seconds():.0f} s to be looked at." if age > LATE else ""


retention.keep(
    "alert_bodies",
    "What monitoring systems sent, as it came, since it was handled",
    span=lambda: settings.KEEP_ALERT_BODIES,
    rows=lambda before: InboxEntry.objects.filter(handled_at__lt=before),
)
retention.keep(
    "changes",
    "What was deployed or committed, since it was told",
    span=lambda: settings.KEEP_CHANGES,
    rows=lambda before: Change.objects.filter(received_at__lt=before),
)
