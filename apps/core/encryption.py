"""What is secret at rest is encrypted here, with keys that are no part of the database (``FIELD_KEYS``)."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache
from urllib.parse import urlsplit

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.crypto import salted_hmac

_SALT = "core.encryption.concealed"
_SEPARATOR = ":"
_KEY_ID_LENGTH = 8
_DIGEST_LENGTH = 12
_CONCEALED = re.compile(rf"(\w[\w+.-]*://[^/\s]+/)?…#[0-9a-f]{{{_DIGEST_LENGTH}}}")


class CannotDecrypt(Exception):
    """None of the keys opens it: its key was taken out of FIELD_KEYS, or it was tampered with."""


def encrypt(text: str) -> str:
    """``text`` under the newest key: the key's id, a colon, and a token of Fernet, never twice the same.

    Raises ImproperlyConfigured where FIELD_KEYS holds no key, or something that is none.
    """
    key_id, fernet = next(iter(_keyring().items()))
    return f"{key_id}{_SEPARATOR}{fernet.encrypt(text.encode()).decode()}"


def decrypt(stored: str) -> str:
    """What ``encrypt`` was given. Raises CannotDecrypt, ImproperlyConfigured where there are no keys."""
    key_id, _, token = stored.partition(_SEPARATOR)
    fernet = _keyring().get(key_id)
    if fernet is None:
        raise CannotDecrypt("It was encrypted with a key that FIELD_KEYS does not hold.")
    try:
        return fernet.decrypt(token).decode()
    except InvalidToken as error:
        raise CannotDecrypt("It is not what was encrypted.") from error


def newest_key_prefix() -> str:
    """How everything begins that is encrypted with the newest key."""
    return next(iter(_keyring())) + _SEPARATOR


def key_ids() -> list[str]:
    """The ids of the keys of FIELD_KEYS, newest first; nothing can be opened by them. Empty where there are none."""
    return list(_keyring()) if settings.FIELD_KEYS else []


def concealed(text: str) -> str:
    """What may be shown of a secret, and told apart by: of an address its host, and a digest under the house's own key.

    Empty for empty text.
    """
    if not text:
        return ""
    digest = salted_hmac(_SALT, text, secret=settings.SECRET_KEY, algorithm="sha256").hexdigest()[:_DIGEST_LENGTH]
    try:
        parts = urlsplit(text)
    except ValueError:
        return f"…#{digest}"
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}/…#{digest}" if parts.scheme and host else f"…#{digest}"


def is_concealed(text: str) -> bool:
    """Whether ``text`` is what ``concealed`` makes of a secret, and not one itself."""
    return _CONCEALED.fullmatch(text) is not None


def _keyring() -> dict[str, Fernet]:
    return _keyring_of(tuple(settings.FIELD_KEYS))


@lru_cache(maxsize=4)
def _keyring_of(keys: tuple[str, ...]) -> dict[str, Fernet]:
    """The keys by their ids, newest first."""
    if not keys:
        raise ImproperlyConfigured("FIELD_KEYS is not set: nothing secret can be kept. See README, Configuration.")
    try:
        return {_id_of(key): Fernet(key) for key in keys}
    except ValueError as error:
        raise ImproperlyConfigured(f"FIELD_KEYS holds something that is no key: {error}") from error


def _id_of(key: str) -> str:
    return hashlib.sha256(base64.urlsafe_b64decode(key)).hexdigest()[:_KEY_ID_LENGTH]
