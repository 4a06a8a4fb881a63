"""What follows when somebody gets another address: by it they are known to providers, and reset what they forgot."""

from __future__ import annotations

from django.core.mail import EmailMessage

from apps.core import audited, clock
from apps.core.audited import Act
from apps.core.errors import ProviderError
from apps.core.events import on
from apps.engine import actions as engine
from apps.identity.invitations import HEADERS
from apps.identity.leaving import end_their_sessions
from apps.teams.events import ADDRESS_CHANGED, AddressChange
from apps.teams.models import User

#: The kind of the timer that mails the old address.
TELL = "identity.tell_old_address"


@on(ADDRESS_CHANGED)
def follow(change: AddressChange) -> None:
    """End every session, note it, and let the old address hear of it: whoever did not expect it complains there."""
    person = change.person
    held = person.memberships.exclude(team=None).values_list("team", flat=True)
    audited.note(
        Act.ADDRESS_CHANGED,
        "Signs in by another address from now on; their sessions are ended",
        by=change.by,
        about=person,
        teams=tuple(sorted(set(held))),
    )
    end_their_sessions(person)
    if person.is_active and not person.is_service_account:
        known = {"person": person.pk, "was": change.was}
        now = clock.now()  # and not the address, which nobody would ever take out of a key
        engine.schedule(TELL, due_at=now, key=f"{TELL}:{person.pk}:{now.isoformat()}", payload=known)


def tell(person_id: int, *, was: str) -> None:
    """Mail ``was`` that the person has another address now. Raises ProviderError."""
    person = User.objects.get(pk=person_id)
    body = (
        f"The address of {person} at ADO Incidents was {was}, and is another one now. Every session of theirs was"
        " ended.\n\nIf you are this person and did not expect it, tell an administrator at once: whoever has the new"
        " address may be taken for you.\n"
    )
    try:
        EmailMessage("Your address at ADO Incidents was changed", body, to=[was], headers=HEADERS).send()
    except OSError as error:
        raise ProviderError(f"The mail server did not take the notice: {error}") from error
