"""What the engine calls for the status page: to take off what nobody outside may read of, and to mail the rest."""

from __future__ import annotations

from datetime import timedelta

import structlog

from apps.communications.models import Subscriber, SubscriberMail
from apps.communications.status_page import actions, mailing, queries, reactions, subscribing
from apps.core import retention
from apps.core.errors import ProviderError
from apps.engine.models import Timer
from apps.engine.registry import Lane, handler, recurring

log = structlog.get_logger(__name__)

#: So often an address is asked that does not take the mail: for a quarter of an hour or so.
TRIES = 10
#: The page itself asks each incident whenever it is read; this is for what was told elsewhere, and for the record.
LOOKED_AT_EVERY = timedelta(minutes=1)
#: That somebody was sent something is of no use afterwards.
MAILS_KEPT = timedelta(days=30)


@handler(reactions.WITHDRAW, lane=Lane.WORK)
def withdraw(timer: Timer) -> None:
    """Take one incident off the page, if it has to be."""
    actions.withdraw_what_nobody_may_see(timer.payload["incident"])


@recurring("communications.withdraw_all", every=LOOKED_AT_EVERY, lane=Lane.WORK)
def withdraw_all(timer: Timer) -> None:
    """Take off every incident that became private or a drill."""
    for incident in queries.hidden_since().values_list("incident", flat=True):
        actions.withdraw_what_nobody_may_see(incident)


@handler(subscribing.ASK, lane=Lane.BULK, transactional=False, at_once=1)
def ask_subscriber(timer: Timer) -> None:
    """Mail an address the link by which it confirms. Whoever entered it is a stranger: nothing of it wakes anybody."""
    try:
        subscribing.send_question(timer.payload["subscriber"])
    except ProviderError as error:
        if not error.permanent and timer.attempts < TRIES:
            raise
        log.warning("subscriber_not_asked", subscriber=timer.payload["subscriber"], error=type(error).__name__)
        subscribing.forget(timer.payload["subscriber"])


@handler(mailing.PLAN, lane=Lane.BULK)
def plan_mails(timer: Timer) -> None:
    """Find out who is told of what was published (R26)."""
    mailing.plan(timer.payload["published"])


@handler(mailing.SEND, lane=Lane.BULK, transactional=False, at_once=1)
def send_mails(timer: Timer) -> None:
    """Send a batch of the mails (R26)."""
    mailing.send(timer.payload["published"])


retention.keep(
    "subscribers_unconfirmed",
    "Addresses that were entered for mail and never confirmed",
    span=lambda: subscribing.FORGOTTEN_AFTER,
    rows=lambda before: Subscriber.objects.filter(confirmed_at=None, asked_at__lt=before),
)
retention.keep(
    "subscriber_mails",
    "To whom mail of what was published was sent",
    span=lambda: MAILS_KEPT,
    rows=lambda before: SubscriberMail.objects.filter(at__lt=before),
)
