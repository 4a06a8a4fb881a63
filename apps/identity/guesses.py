"""How many wrong passwords an account bears, from wherever they come: no more than ASVS 2.2.1 allows."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from apps.core import audited, clock
from apps.core.audited import Act
from apps.identity.models import Guesses
from apps.teams import actions as teams
from apps.teams.models import User

#: So many wrong passwords within an HOUR; then no password is taken where nobody signed in to the account before.
MOST = 100
HOUR = timedelta(hours=1)


@transaction.atomic
def count(person: User) -> None:
    """Count a wrong password. An hour begins with the first one, and the next with the first after it."""
    now = clock.now()
    Guesses.objects.get_or_create(person=person, defaults={"began_at": now})
    found = Guesses.objects.select_for_update().get(person=person)
    if found.began_at + HOUR <= now:
        found.began_at, found.wrong, found.told_at = now, 0, None
    found.wrong += 1
    found.save()


def are_spent(person: User) -> bool:
    """Whether there were so many within the hour that no more are looked at."""
    return Guesses.objects.filter(person=person, wrong__gte=MOST, began_at__gt=clock.now() - HOUR).exists()


@transaction.atomic
def tell(person: User) -> None:
    """Tell ``person``, and the audit stream, once in such an hour, that passwords are refused."""
    now = clock.now()
    if not Guesses.objects.filter(person=person, told_at=None).update(told_at=now):
        return
    audited.note(Act.LOCKED_OUT, f"More than {MOST} wrong passwords within an hour", by=None, about=person)
    teams.tell_of_way_in(
        person,
        f"Somebody tried {MOST} wrong passwords for your account within an hour. For up to an hour the password signs "
        "you in only with a browser that you signed in with before; a passkey does everywhere, and so does your "
        "identity provider.",
    )
