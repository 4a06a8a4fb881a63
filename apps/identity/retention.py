"""For how long is kept who was, or tried to be, signed in from where. The record has it too, and stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from allauth.usersessions.models import UserSession
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.conf import settings
from django.contrib.sessions.models import Session

from apps.core import retention


def _sign_ins() -> timedelta:
    span: timedelta = settings.KEEP_SIGN_INS
    return span


retention.keep(
    "sessions",
    "Sessions that are over",
    span=lambda: timedelta(days=1),
    rows=lambda before: Session.objects.filter(expire_date__lt=before),
)
retention.keep(
    "browsers",
    "From which browsers people were signed in",
    span=lambda: timedelta(seconds=settings.SESSION_COOKIE_AGE),
    rows=lambda before: UserSession.objects.filter(last_seen_at__lt=before),
)


def _keep_attempts(kind: str, what: str, model: Any) -> None:
    retention.keep(kind, what, span=_sign_ins, rows=lambda before: model.objects.filter(attempt_time__lt=before))


_keep_attempts("attempts", "Attempts to sign in that count for a lockout", AccessAttempt)
_keep_attempts("failed_sign_ins", "Failed attempts to sign in", AccessFailureLog)
_keep_attempts("sign_ins", "When somebody signed in, from where", AccessLog)
