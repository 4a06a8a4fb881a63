"""Mails what is published to its subscribers: each once, in batches, and nothing that was taken off meanwhile (R26)."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q, QuerySet

from apps.communications.models import MailState, PublicUpdate, Subscriber, SubscriberMail
from apps.communications.status_page import queries
from apps.communications.status_page.documents import address
from apps.communications.status_page.subscribing import mail_for
from apps.core import clock
from apps.core.errors import OutcomeUnknown, ProviderError
from apps.engine import actions as engine
from apps.notifications.channels.email import mail_server

log = structlog.get_logger(__name__)

PLAN, SEND = "communications.plan_mails", "communications.send_mails"
#: So many are read at once, and for so long (seconds) one run goes on: well below the lease of a timer.
BATCH, BUDGET = 50, 60
#: An address that will not take it now is tried again after so long, each time longer, and so often at most.
PAUSE, TRIES = timedelta(minutes=5), 8
#: Who could not be told within this is not told any more: it is on the page.
WITHIN = timedelta(days=1)


def audience(components: Iterable[int]) -> QuerySet[Subscriber]:
    """Who is told of what affects or affected ``components``: who wants to know of one of them, or of all."""
    chosen = Subscriber.components.through.objects
    by_choice = chosen.filter(component__in=components).values("subscriber")
    return Subscriber.objects.filter(confirmed_at__isnull=False).filter(
        Q(pk__in=by_choice) | ~Q(pk__in=chosen.values("subscriber"))
    )


def plan_later(published_id: int) -> None:
    """Let the engine find out who is to be told."""
    engine.schedule(PLAN, key=f"{PLAN}:{published_id}", payload={"published": published_id})


@transaction.atomic
def plan(published_id: int) -> None:
    """Write down who is told of what was published, and let the engine send it. Twice is once.

    Whoever heard of an incident by a component hears how it ends, though that component is well by then.
    """
    published = PublicUpdate.objects.select_related("publication").get(pk=published_id)
    readers = audience(queries.affected_ever(published.publication)).values_list("pk", flat=True)
    SubscriberMail.objects.bulk_create(
        (SubscriberMail(subscriber_id=reader, published=published) for reader in readers.iterator()),
        batch_size=1_000,
        ignore_conflicts=True,
    )
    _send_later(published_id)


def send(published_id: int) -> None:
    """Send what is due of it, for BUDGET seconds, and let the engine go on with the rest.

    A mail whose outcome is not known is not sent again. What an address will not take now is tried again, TRIES times
    at most, and holds no other back; while the mail server takes nothing everything waits, up to WITHIN.
    """
    end = time.monotonic() + BUDGET
    for mail in _planned(published_id).filter(next_try_at__lte=clock.now())[:BATCH]:
        if time.monotonic() > end or not _still_stands(published_id):
            break
        try:
            _send_one(mail)
        except ProviderError as error:
            log.warning("subscribers_wait", published=published_id, error=str(error))
            _go_on(published_id, not_before=clock.now() + PAUSE)
            return
    _go_on(published_id)


def _go_on(published_id: int, *, not_before: datetime | None = None) -> None:
    """Let the engine send what is left when it is due; what nobody wants to read any more is given up."""
    if not _still_stands(published_id):
        return
    planned = _planned(published_id)
    planned.filter(published__at__lte=clock.now() - WITHIN).update(state=MailState.FAILED, at=clock.now())
    due_at = planned.values_list("next_try_at", flat=True).first()
    if due_at is not None:
        due_at = max(due_at, not_before or due_at)
        _send_later(published_id, due_at=due_at if due_at > clock.now() else None)


def _send_one(mail: SubscriberMail) -> None:
    """Send it, if nobody else does. Raises ProviderError where the mail server takes no other either."""
    if not _moved(mail, MailState.PLANNED, MailState.SENDING):
        return
    try:
        with mail_server() as hand_over:
            hand_over(_composed(mail))
    except OutcomeUnknown:
        return
    except ProviderError as error:
        if error.about_one and not error.permanent:
            _put_off(mail)
        elif error.permanent and not error.refuses_us:
            _moved(mail, MailState.SENDING, MailState.FAILED)
        else:
            _moved(mail, MailState.SENDING, MailState.PLANNED)
            raise
    else:
        _moved(mail, MailState.SENDING, MailState.SENT)


def _put_off(mail: SubscriberMail) -> None:
    tried = mail.attempts + 1
    after = MailState.PLANNED if tried < TRIES else MailState.FAILED
    _moved(mail, MailState.SENDING, after, attempts=tried, next_try_at=clock.now() + PAUSE * tried)


def _composed(mail: SubscriberMail) -> EmailMessage:
    published = mail.published
    link = address("status_incident", published.publication.code)
    return mail_for(
        mail.subscriber,
        subject=f"[{settings.STATUS_PAGE_NAME} status] {published.get_status_display()}: {published.name}",
        body=f"{published.update.message}\n\n{link}",
        key=f"status-{published.code}-{mail.subscriber.code}",
    )


def _moved(mail: SubscriberMail, before: MailState, after: MailState, **known: Any) -> bool:
    return bool(SubscriberMail.objects.filter(pk=mail.pk, state=before).update(state=after, at=clock.now(), **known))


def _planned(published_id: int) -> QuerySet[SubscriberMail]:
    found = SubscriberMail.objects.filter(published=published_id, state=MailState.PLANNED).order_by("next_try_at", "pk")
    return found.select_related("subscriber", "published__publication", "published__update")


def _still_stands(published_id: int) -> bool:
    return queries.standing().filter(updates=published_id).exists()


def _send_later(published_id: int, *, due_at: datetime | None = None) -> None:
    engine.schedule(SEND, due_at=due_at, key=f"{SEND}:{published_id}", payload={"published": published_id})
