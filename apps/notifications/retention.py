"""For how long is kept what people were told, and where. That they were told, when and with what outcome, stays."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from apps.core import retention
from apps.notifications.models import Delivery, DirectPage, Notification


def _span() -> timedelta:
    span: timedelta = settings.KEEP_MESSAGES
    return span


def _notifications(before: datetime) -> QuerySet[Any]:
    """What may still be asked for is not emptied: a page that nobody answered."""
    return Notification.objects.filter(created_at__lt=before, stopped_at__isnull=False).exclude(subject="", text="")


def _deliveries(before: datetime) -> QuerySet[Any]:
    said = ~Q(address="") | ~Q(last_error="")
    return Delivery.objects.filter(said, planned_at__lt=before, notification__stopped_at__isnull=False)


def _direct_pages(before: datetime) -> QuerySet[Any]:
    return DirectPage.objects.filter(created_at__lt=before).exclude(text="")


retention.keep(
    "message_texts", "Words of what people were told", span=_span, rows=_notifications,
    emptied={"subject": "", "text": ""},
)  # fmt: skip
retention.keep(
    "message_addresses", "Where messages went, and why they failed", span=_span, rows=_deliveries,
    emptied={"address": "", "last_error": ""},
)  # fmt: skip
retention.keep("direct_pages", "Words of pages by hand", span=_span, rows=_direct_pages, emptied={"to": "", "text": ""})
