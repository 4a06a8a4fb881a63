"""Another password for whoever forgot theirs, by a link that is mailed to the address that they sign in with."""

from __future__ import annotations

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from axes.utils import reset as forget_attempts
from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse

from apps.core import clock
from apps.core.errors import ProviderError
from apps.engine import actions as engine
from apps.identity.invitations import HEADERS
from apps.identity.models import Guesses
from apps.teams.models import User
from apps.teams.queries import can_be_signed_in

#: The kind of the timer that mails the link.
MAIL = "identity.mail_password_link"


def ask(address: str) -> None:
    """Let the link be mailed to whoever signs in by that address and a password; for everybody else nothing happens.

    It is asked for and mailed apart, so that nobody tells by the time it takes which addresses there are.
    """
    person = User.objects.filter(can_be_signed_in(), email__iexact=address.strip()).first()
    if person is not None and person.has_usable_password():
        engine.schedule(MAIL, due_at=clock.now(), key=f"{MAIL}:{person.pk}", payload={"person": person.pk})


def mail(person_id: int) -> None:
    """Mail the link, which works once and for an hour (``PASSWORD_RESET_TIMEOUT``). Raises ProviderError."""
    person = User.objects.filter(can_be_signed_in(), pk=person_id).first()
    if person is None or not person.has_usable_password():
        return
    named = {"uidb36": user_pk_to_url_str(person), "key": default_token_generator.make_token(person)}
    link = settings.SITE_URL + reverse("account_reset_password_from_key", kwargs=named)
    body = (
        f"Somebody, you we hope, forgot the password of {person} at ADO Incidents. Choose another one within an hour:"
        f"\n\n{link}\n\nIf it was not you, there is nothing to do: without this mail nobody gets any further.\n"
    )
    try:
        EmailMessage("Another password for ADO Incidents", body, to=[person.email], headers=HEADERS).send()
    except OSError as error:
        raise ProviderError(f"The mail server did not take the link: {error}") from error


def forget_wrong_passwords(person: User) -> None:
    """Whoever proved that the address is theirs is not kept out by what was typed before."""
    Guesses.objects.filter(person=person).delete()
    forget_attempts(username=person.email.lower())
