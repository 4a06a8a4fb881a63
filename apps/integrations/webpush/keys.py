"""Signs requests to push services (VAPID, RFC 8292); the public half of the key is ``notifications.vapid``'s."""

from __future__ import annotations

import base64
from functools import lru_cache

from django.conf import settings
from py_vapid import Vapid02

from apps.core.errors import ProviderError
from apps.notifications.vapid import OCTETS


def signer() -> Vapid02:
    """What signs requests. Raises ProviderError where VAPID_PRIVATE_KEY is no key."""
    return _signer(settings.VAPID_PRIVATE_KEY)


@lru_cache(maxsize=2)
def _signer(private: str) -> Vapid02:
    written = private.strip().rstrip("=")
    try:
        raw = base64.b64decode(written + "=" * (-len(written) % 4), altchars=b"-_", validate=True)
        if len(raw) != OCTETS:
            raise ValueError(f"it has {len(raw)} bytes in place of {OCTETS}")
        return Vapid02.from_raw(written.encode())
    except ValueError as error:
        raise ProviderError(f"VAPID_PRIVATE_KEY is no key: {error}", permanent=True) from error
