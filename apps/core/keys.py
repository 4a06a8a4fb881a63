"""Secrets that can be told by looking at them: a prefix says what one opens, a checksum ends it.

The form is the one that GitHub describes on its engineering blog ("Behind GitHub's new authentication token formats",
2021): letters and digits only, so that a double click selects all of it; 40 random ones (238 bits); then the CRC-32 of
what comes before, in base 62 and six characters. So a scanner of repositories finds a secret with hardly a false alarm,
and one that is mistyped, cut off or somebody else's is refused without a look into the database.
"""

from __future__ import annotations

import hashlib
import secrets
import string
import zlib

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
RANDOM, CHECKSUM = 40, 6


def make(prefix: str) -> str:
    """A new secret of the kind that ``prefix`` names."""
    told = prefix + "".join(secrets.choice(ALPHABET) for _ in range(RANDOM))
    return told + _checksum(told)


def is_whole(secret: str, *prefixes: str) -> bool:
    """Whether ``secret`` can have been made here with one of ``prefixes``: the checksum fits. Asks no database."""
    told, checksum = secret[:-CHECKSUM], secret[-CHECKSUM:]
    prefix = next((each for each in prefixes if told.startswith(each)), None)
    if prefix is None or len(told) != len(prefix) + RANDOM or not secret.isascii():
        return False
    return secrets.compare_digest(_checksum(told), checksum)


def pattern(prefix: str) -> str:
    """The regular expression by which a scanner finds secrets of the kind."""
    return rf"\b{prefix}[0-9A-Za-z]{{{RANDOM + CHECKSUM}}}\b"


def digest_of(secret: str) -> str:
    """The form in which a secret is stored: SHA-256, without a key and without salt.

    Nobody can try 238 random bits, so a slow hash or a salt would add nothing; and a key of the installation would end
    all tokens when it is changed, which is when they are needed.
    """
    return hashlib.sha256(secret.encode()).hexdigest()


def _checksum(told: str) -> str:
    rest, digits = zlib.crc32(told.encode()), ""
    for _ in range(CHECKSUM):
        rest, digit = divmod(rest, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits
