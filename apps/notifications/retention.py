"""For how long is kept what people were told, and where. That they were told, when and with what outcome, stays."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.core import retention
from apps.notifications.models import PAGES, Delivery, DeliveryState, DirectPage, Notification, Until


def _span() -> timedelta:
    span: timedelta = settings.KEEP_MESSAGES
    return span


def _notifications(before: datetime) -> QuerySet[Any]:
    return Notification.objects.filter(~_lasting(), created_at__lt=before).exclude(subject="", text="")


def _deliveries(before: datetime) -> QuerySet[Any]:
    said = ~Q(address="") | ~Q(last_error="")
    over = ~Exists(Notification.objects.filter(_lasting(), pk=OuterRef("notification")))
    return Delivery.objects.filter(said, over, planned_at__lt=before)


def _direct_pages(before: datetime) -> QuerySet[Any]:
    over = ~Exists(Notification.objects.filter(_lasting(), direct=OuterRef("pk")))
    return DirectPage.objects.filter(over, created_at__lt=before).exclude(to="", text="")


def _lasting() -> Q:
    """What fits whatever is still sent, or asks for an answer for an incident: its words and addresses are needed.

    Nobody waits any more for an answer to an old page by hand, and what is of unknown outcome by then stays so.
    """
    under_way = Delivery.objects.filter(
        notification=OuterRef("pk"), state__in=(DeliveryState.PLANNED, DeliveryState.SENDING)
    )
    asks = Q(~Q(until=Until.SENT) | Q(kind__in=PAGES), incident__isnull=False)
    return Q(asks | Q(Exists(under_way)), stopped_at__isnull=True)


retention.keep(
    "message_texts", "Words of what people were told", span=_span, rows=_notifications,
    emptied={"subject": "", "text": ""},
)  # fmt: skip
retention.keep(
    "message_addresses", "Where messages went, and why they failed", span=_span, rows=_deliveries,
    emptied={"address": "", "last_error": ""},
)  # fmt: skip
retention.keep("direct_pages", "Words of pages by hand", span=_span, rows=_direct_pages, emptied={"to": "", "text": ""})
