"""Takes away by what somebody can sign in."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount

from apps.core import audited
from apps.core.audited import Act
from apps.teams.models import User


def take_all(person: User, *, by: User) -> None:
    """Leave ``person`` no password, no factor, no recovery code, and let no provider know them any more."""
    person.set_unusable_password()
    person.save(update_fields=["password"])
    Authenticator.objects.filter(user=person).delete()
    SocialAccount.objects.filter(user=person).delete()
    audited.note(Act.FACTOR_REMOVED, "Took every way of signing in from them", by=by, about=person)
