"""What opens the emergency page without a database: a signed cookie, or the link on the printed sheet.

Either names a person and holds only while they are a reader by the last sheet that was written: whoever is deactivated,
loses their last role, chooses another password or signs out everywhere else is none any more by what they held.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.utils.crypto import constant_time_compare, salted_hmac

from apps.teams import access
from apps.teams.models import User

#: For so long a cookie opens the page after the last visit.
COOKIE_LIFETIME = timedelta(days=14)
#: A cookie that is older is made anew with the next page.
RENEWED_AFTER = timedelta(days=1)

_COOKIE, _LINK = "operation.emergency.cookie", "operation.emergency.link"
_MARK = "operation.emergency.mark"
_DIGEST_LENGTH = 24

#: Readers by the number of the person: what their passes have to say.
Readers = Mapping[str, str]


def cookie_name() -> str:
    """By which name the browser keeps it; over TLS from this host alone."""
    return "__Host-emergency" if settings.SECURE_ORIGIN else "emergency"


def mark_of(person: User) -> str:
    """What changes with the password of ``person`` and when their passes are ended, and tells nothing of either."""
    said = f"{person.get_session_auth_hash()} {person.passes_ended_at and person.passes_ended_at.timestamp()}"
    return str(salted_hmac(_MARK, said).hexdigest())[:_DIGEST_LENGTH]


def readers() -> dict[str, str]:
    """Everybody who may read the sheet: whoever is active and may look people up (``Right.DIRECTORY``)."""
    people = User.objects.filter(is_active=True).prefetch_related("memberships")
    return {str(person.pk): mark_of(person) for person in people if access.belongs_here(person)}


def cookie_for(person: User) -> str:
    """What the cookie of ``person`` says."""
    return signing.dumps([person.pk, mark_of(person)], salt=_COOKIE)


def is_fresh(cookie: str, person: User) -> bool:
    """Whether ``cookie`` is that of ``person`` and need not be made anew yet."""
    return _read(cookie, _COOKIE, RENEWED_AFTER) == [person.pk, mark_of(person)]


def link_for(reader: str, mark: str) -> str:
    """The last part of the address that opens the page to a reader for EMERGENCY_LINK_DAYS."""
    return signing.dumps([int(reader), mark], salt=_LINK)


def reader_by_cookie(cookie: str, known: Readers) -> str | None:
    """Whose ``cookie`` it is, if they may read the sheet."""
    return _reader(_read(cookie, _COOKIE, COOKIE_LIFETIME), known)


def reader_by_link(token: str, known: Readers) -> str | None:
    """Whose link it is, if they may read the sheet."""
    lifetime: timedelta = settings.EMERGENCY_LINK_LIFETIME
    return _reader(_read(token, _LINK, lifetime), known)


def _read(text: str, salt: str, lifetime: timedelta) -> object:
    try:
        return signing.loads(text, salt=salt, max_age=lifetime)
    except signing.BadSignature:
        return None


def _reader(told: object, known: Readers) -> str | None:
    if not isinstance(told, list) or len(told) != 2:
        return None
    reader, mark = str(told[0]), str(told[1])
    return reader if reader in known and constant_time_compare(known[reader], mark) else None
