"""Mails what is published to its subscribers: each once, in batches, and nothing that was taken off meanwhile (R26)."""

from __future__ import annotations

import time
from collections.abc import Iterable

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

PLAN, SEND = "communications.plan_mails", "communications.send_mails"
#: So many are read at once, and for so long (seconds) one run goes on: well below the lease of a timer.
BATCH, BUDGET = 50, 60


def audience(components: Iterable[int]) -> QuerySet[Subscriber]:
    """Who is told of something that affects ``components``: who wants to know of one of them, or of all."""
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
    """Write down who is told of what was published, and let the engine send it. Twice is once."""
    published = PublicUpdate.objects.get(pk=published_id)
    readers = audience([int(component) for component in published.components]).values_list("pk", flat=True)
    SubscriberMail.objects.bulk_create(
        (SubscriberMail(subscriber_id=reader, published=published) for reader in readers.iterator()),
        batch_size=1_000,
        ignore_conflicts=True,
    )
    _send_later(published_id)


def send(published_id: int) -> None:
    """Send what is planned of it, for BUDGET seconds, and let the engine go on with the rest.

    A mail whose outcome is not known is not sent again. Raises ProviderError where the mail server takes none now, or
    not all: those are tried again.
    """
    end, put_off = time.monotonic() + BUDGET, None
    for mail in _planned(published_id)[:BATCH]:
        if time.monotonic() > end or not _still_stands(published_id):
            break
        try:
            _send_one(mail)
        except ProviderError as error:
            if not error.about_one:
                raise
            put_off = error
    if put_off is not None:
        raise put_off
    if _still_stands(published_id) and _planned(published_id).exists():
        _send_later(published_id)


def _send_one(mail: SubscriberMail) -> None:
    """Send it, if nobody else does. Raises ProviderError where another attempt is of use."""
    if not _moved(mail, MailState.PLANNED, MailState.SENDING):
        return
    try:
        with mail_server() as hand_over:
            hand_over(_composed(mail))
    except OutcomeUnknown:
        return
    except ProviderError as error:
        is_final = error.permanent and not error.refuses_us
        _moved(mail, MailState.SENDING, MailState.FAILED if is_final else MailState.PLANNED)
        if not is_final:
            raise
    else:
        _moved(mail, MailState.SENDING, MailState.SENT)


def _composed(mail: SubscriberMail) -> EmailMessage:
    published = mail.published
    link = address("status_incident", published.publication.code)
    return mail_for(
        mail.subscriber,
        subject=f"[{settings.STATUS_PAGE_NAME} status] {published.get_status_display()}: {published.name}",
        body=f"{published.update.message}\n\n{link}",
        key=f"status-{published.code}-{mail.subscriber.code}",
    )


def _moved(mail: SubscriberMail, before: MailState, after: MailState) -> bool:
    return bool(SubscriberMail.objects.filter(pk=mail.pk, state=before).update(state=after, at=clock.now()))


def _planned(published_id: int) -> QuerySet[SubscriberMail]:
    found = SubscriberMail.objects.filter(published=published_id, state=MailState.PLANNED).order_by("pk")
    return found.select_related("subscriber", "published__publication", "published__update")


def _still_stands(published_id: int) -> bool:
    return queries.standing().filter(updates=published_id).exists()


def _send_later(published_id: int) -> None:
    engine.schedule(SEND, key=f"{SEND}:{published_id}", payload={"published": published_id})
