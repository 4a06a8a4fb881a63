"""What ends for whoever leaves."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session

from apps.core import clock
from apps.core.events import on
from apps.teams.events import DEACTIVATED
from apps.teams.models import User


@on(DEACTIVATED)
def end_their_sessions(person: User) -> None:
    """Whoever comes back signs in anew. Every session is looked at, for only its content says whose it is."""
    for session in Session.objects.filter(expire_date__gt=clock.now()).iterator():
        if session.get_decoded().get(SESSION_KEY) == str(person.pk):
            session.delete()
    UserSession.objects.filter(user=person).delete()
