"""Brings the secrets of second factors under the newest key (``manage.py rotate_keys``)."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.db import transaction

from apps.core.encryption import CannotDecrypt, decrypt, encrypt, newest_key_prefix
from apps.core.rotation import Rotated, elsewhere

#: By these names a factor keeps what is secret: that of an app, the seed of recovery codes. Passkeys keep nothing.
SECRETS = ("secret", "seed")


@elsewhere
def rotate(batch: int) -> Rotated:
    """Encrypt them anew, in transactions of ``batch`` rows; what no key opens stays as it is, and is named."""
    anew, unreadable, last = 0, list[object](), 0
    while found := _next(batch, after=last):
        for pk, was_renewed in found:
            anew += was_renewed is True
            unreadable += [pk] if was_renewed is None else []
        last = found[-1][0]
    return Rotated("mfa.Authenticator.data", anew, tuple(unreadable))


@transaction.atomic
def _next(batch: int, *, after: int) -> list[tuple[int, bool | None]]:
    """The next rows, and whether each was encrypted anew; None for one that no key opens."""
    rows = Authenticator.objects.filter(pk__gt=after).order_by("pk").select_for_update(no_key=True)[:batch]
    return [(row.pk, _renew(row)) for row in rows]


def _renew(row: Authenticator) -> bool | None:
    old = {name: row.data[name] for name in SECRETS if name in row.data}
    old = {name: stored for name, stored in old.items() if not stored.startswith(newest_key_prefix())}
    try:
        row.data |= {name: encrypt(decrypt(stored)) for name, stored in old.items()}
    except CannotDecrypt:
        return None
    if old:
        row.save(update_fields=["data"])
    return bool(old)
