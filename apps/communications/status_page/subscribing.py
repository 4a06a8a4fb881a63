"""Who gets mail of what is published: they ask, confirm by a link in a mail, and leave by one (R26).

Nobody is told who subscribes: whatever was asked before, the answer is the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.db import transaction

from apps.communications.models import Component, Subscriber
from apps.communications.status_page.documents import address
from apps.core import clock
from apps.core.errors import Invalid
from apps.engine import actions as engine
from apps.notifications.channels.email import mail_server

ASK = "communications.ask_subscriber"
_SALT = "communications.subscriber"
#: An address is asked once within this, however often it is entered.
AGAIN_AFTER = timedelta(hours=1)
#: Who has not confirmed by then is forgotten.
FORGOTTEN_AFTER = timedelta(days=2)


@transaction.atomic
def ask(entered: str, components: Iterable[int] = ()) -> None:
    """Let the engine mail the address a link by which it confirms; one that did already keeps what it chose.

    Raises Invalid for what is no address. Of whoever is asked nothing else is told.
    """
    wanted, now = entered.strip().lower(), clock.now()
    try:
        Subscriber._meta.get_field("address").clean(wanted, None)
    except ValidationError as error:
        raise Invalid("This is no mail address.", field="address") from error
    subscriber, is_new = Subscriber.objects.get_or_create(address=wanted, defaults={"asked_at": now})
    if subscriber.confirmed_at is not None:
        return
    subscriber.components.set(Component.objects.filter(pk__in=components, is_shown=True))
    if is_new or subscriber.asked_at <= now - AGAIN_AFTER:
        subscriber.asked_at = now
        subscriber.save(update_fields=["asked_at"])
        engine.schedule(ASK, key=f"{ASK}:{subscriber.pk}", payload={"subscriber": subscriber.pk})


@transaction.atomic
def confirm(token: str) -> bool:
    """Let the address that the link was sent to have mail; False for a link that does not work any more."""
    subscriber = of_token(token)
    if subscriber is None:
        return False
    if subscriber.confirmed_at is None:
        subscriber.confirmed_at = clock.now()
        subscriber.save(update_fields=["confirmed_at"])
    return True


@transaction.atomic
def leave(token: str) -> None:
    """Forget the address that the link was sent to. Twice is once."""
    subscriber = of_token(token)
    if subscriber is not None:
        subscriber.delete()


def of_token(token: str) -> Subscriber | None:
    """Whom the link was made for, as long as they are there."""
    try:
        code = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        return None
    return Subscriber.objects.filter(code=code).first()


def token_of(subscriber: Subscriber) -> str:
    """What the links in mails to the subscriber name them by."""
    return signing.dumps(subscriber.code, salt=_SALT)


def send_question(subscriber_id: int) -> None:
    """Mail the link by which an address confirms, unless it did meanwhile. Raises ProviderError."""
    subscriber = Subscriber.objects.filter(pk=subscriber_id, confirmed_at=None).first()
    if subscriber is None:
        return
    link = address("status_confirm", token_of(subscriber))
    body = (
        f"Somebody, you we hope, wants mail to this address whenever {settings.STATUS_PAGE_NAME} tells of an incident."
        f"\n\nFollow this link to have it:\n\n{link}\n\nIf it was not you, do nothing: the address is forgotten in"
        f" {FORGOTTEN_AFTER.days} days.\n"
    )
    with mail_server() as hand_over:
        hand_over(_mail(subscriber, f"Mail of {settings.STATUS_PAGE_NAME} status?", body, key=f"ask-{subscriber.code}"))


def forget(subscriber_id: int) -> None:
    """Forget an address that could not be asked, so that it may be entered anew; one that confirmed stays."""
    Subscriber.objects.filter(pk=subscriber_id, confirmed_at=None).delete()


def mail_for(subscriber: Subscriber, *, subject: str, body: str, key: str) -> EmailMessage:
    """A mail to a subscriber, with the way to leave in its text and in its headers (RFC 2369, RFC 8058)."""
    leaving = address("status_unsubscribe", token_of(subscriber))
    mail = _mail(subscriber, subject, f"{body}\n\n--\nNo more of this: {leaving}\n", key=key)
    mail.extra_headers |= {"List-Unsubscribe": f"<{leaving}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    return mail


def _mail(subscriber: Subscriber, subject: str, body: str, *, key: str) -> EmailMessage:
    host = urlsplit(settings.SITE_URL).hostname
    headers = {"Message-ID": f"<{key}@{host}>", "Auto-Submitted": "auto-generated", "X-ADO-Kind": "update"}
    return EmailMessage(subject, body, to=[subscriber.address], headers=headers)
