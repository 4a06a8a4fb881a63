"""The installation's key for push services (VAPID, RFC 8292)."""

from __future__ import annotations

import base64
from functools import lru_cache

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from py_vapid import Vapid02

from apps.core.errors import ProviderError

#: Of a private key of the curve P-256, in bytes.
LENGTH = 32


def public_key() -> str:
    """What a browser subscribes with (``applicationServerKey``): base64url; empty where push is not configured.

    Raises ProviderError where VAPID_PRIVATE_KEY is no key.
    """
    if not settings.VAPID_PRIVATE_KEY:
        return ""
    point = signer().public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


def signer() -> Vapid02:
    """What signs requests. Raises ProviderError where VAPID_PRIVATE_KEY is no key."""
    return _signer(settings.VAPID_PRIVATE_KEY)


@lru_cache(maxsize=2)
def _signer(private: str) -> Vapid02:
    written = private.strip().rstrip("=")
    try:
        raw = base64.b64decode(written + "=" * (-len(written) % 4), altchars=b"-_", validate=True)
        if len(raw) != LENGTH:
            raise ValueError(f"it has {len(raw)} bytes in place of {LENGTH}")
        return Vapid02.from_raw(written.encode())
    except ValueError as error:
        raise ProviderError(f"VAPID_PRIVATE_KEY is no key: {error}", permanent=True) from error
