"""The key by which push services know this house (VAPID, RFC 8292): its public half is what a browser subscribes to."""

from __future__ import annotations

import base64
import binascii

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from py_vapid import Vapid02

#: A private key is a number of so many octets.
OCTETS = 32


def public_key() -> str:
    """The public key of VAPID_PRIVATE_KEY as browsers take it (base64url, uncompressed point).

    Empty without a private key, or where what is set is none: nobody could subscribe to it.
    """
    private = str(getattr(settings, "VAPID_PRIVATE_KEY", "")).rstrip("=")
    try:
        octets = base64.b64decode(private + "=" * (-len(private) % 4), altchars=b"-_", validate=True)
        if len(octets) != OCTETS:
            return ""
        key = Vapid02.from_raw(private.encode()).public_key
    except (ValueError, binascii.Error):
        return ""
    point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()
