"""Makes of deliveries what their receiver is sent: one notification, or a summary of several."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.db.models import prefetch_related_objects

from apps.contacts.actions import code_of
from apps.contacts.models import ContactMethod, MethodSource, Verification
from apps.notifications import links, messages
from apps.notifications.models import Channel, Delivery, Notification, NotificationKind, Urgency
from apps.notifications.transports import Message

#: A summary names so many; the others are counted.
NAMED = 20


def compose(deliveries: Sequence[Delivery]) -> Message:
    """The message of a delivery with those that are bundled into it; the first gives key and address."""
    lead = deliveries[0]
    covers = tuple(delivery.notification for delivery in deliveries)
    if len(covers) > 1 or lead.channel != Channel.EMAIL:  # a mail says what its notification does, and no more
        prefetch_related_objects(covers, "incident__severity", "incident__team")
    return _one(lead, covers[0]) if len(covers) == 1 else _summary(lead, covers)


def compose_code(verification: Verification) -> Message:
    """The message with the code by which a contact method is verified."""
    method, code = verification.method, code_of(verification)
    return Message(
        key=verification.nonce,
        address=method.destination,
        kind=NotificationKind.OTHER,
        urgency=Urgency.LOW,
        subject=f"{code} is your code",
        text=messages.code(method, code),
        brief=f"{code} is your code to verify this contact method of ADO Incidents.",
        url=f"{settings.SITE_URL}/profile/",
        method=method.pk,
        details=method.details,
    )


def _one(lead: Delivery, notification: Notification) -> Message:
    incident = notification.incident
    discreet = _is_discreet(lead, notification)
    asks = notification.is_page and (incident is not None or notification.direct_id is not None)
    token = links.token([notification]) if asks and not discreet else ""
    if incident is not None and lead.channel == Channel.WEBHOOK:
        prefetch_related_objects([incident], "services")
    subject = messages.discreet_subject(notification) if discreet else notification.subject
    return Message(
        key=lead.message_id,
        address=_address(lead),
        kind=NotificationKind(notification.kind),
        urgency=Urgency(notification.urgency),
        subject=subject,
        text=subject if discreet else notification.text,
        brief=messages.brief(subject),
        discreet=discreet,
        covers=(notification,),
        url=f"{settings.SITE_URL}{incident.get_absolute_url()}" if incident else "",
        acknowledge_url=links.url_of(token) if token else "",
        acknowledge_token=token,
        method=lead.method_id,
        details=_details(lead.method),
    )


def _summary(lead: Delivery, covers: tuple[Notification, ...]) -> Message:
    hidden = {notification.pk for notification in covers if _is_discreet(lead, notification)}
    pages = [notification for notification in covers if notification.is_page]
    answered = [notification for notification in pages if notification.pk not in hidden]
    token = links.token(answered) if answered else ""
    return Message(
        key=lead.message_id,
        address=_address(lead),
        kind=NotificationKind(pages[0].kind if pages else covers[0].kind),
        urgency=Urgency(covers[0].urgency),
        subject=messages.summary_subject(covers),
        text=messages.summary(covers, named=NAMED, hidden=hidden),
        brief=messages.brief(messages.summary_subject(covers)),
        covers=covers,
        url=f"{settings.SITE_URL}/incidents/",
        acknowledge_url=links.url_of(token) if token else "",
        acknowledge_token=token,
        method=lead.method_id,
        details=_details(lead.method),
    )


def _is_discreet(lead: Delivery, notification: Notification) -> bool:
    """Of a private incident a program that a chain posts to gets neither words nor a link that shows and answers it.

    It is nobody who is involved: who reads along there, nobody knows.
    """
    incident, method = notification.incident, lead.method
    to_a_program = method is not None and method.source == MethodSource.ENDPOINT
    return to_a_program and incident is not None and incident.private


def _address(lead: Delivery) -> str:
    """Where it goes: what the delivery itself keeps of a webhook or a device only tells it from others."""
    return lead.method.destination if lead.method is not None else lead.address


def _details(method: ContactMethod | None) -> dict[str, object]:
    return method.details if method is not None else {}
