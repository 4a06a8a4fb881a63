"""Whether a request comes from Slack ("Verifying requests from Slack" of its reference)."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta

from django.utils.crypto import constant_time_compare

from apps.core import clock

#: What was signed longer ago is refused, whoever sends it again.
LATEST = timedelta(minutes=5)


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 over version, time and body."""
    said = b":".join([b"v0", timestamp.encode(), body])
    return f"v0={hmac.new(secret.encode(), said, hashlib.sha256).hexdigest()}"


def is_slacks(secret: str, *, timestamp: str, signed: str, body: bytes) -> bool:
    """Whether ``signed`` is Slack's, made within LATEST. Without a secret nothing can be told to be."""
    if not secret or not timestamp.isascii() or not timestamp.isdecimal():
        return False
    if abs(clock.now().timestamp() - int(timestamp[:12])) > LATEST.total_seconds():
        return False
    return constant_time_compare(signed, signature(secret, timestamp, body))
