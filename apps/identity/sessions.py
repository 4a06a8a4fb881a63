"""Where somebody is signed in, and ending it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session as StoredSession
from django.db.models import QuerySet
from django.utils import timezone

from apps.core import audited
from apps.core.audited import Act
from apps.teams.models import User

#: What a browser calls itself → what people call it; the first that is found counts, for most name others too.
_BROWSERS = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari"}
_SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS": "macOS",
    "Linux": "Linux",
}


@dataclass(frozen=True, slots=True)
class Session:
    """A session as its person reads of it."""

    pk: int
    since: datetime
    address: str
    device: str
    is_current: bool


def of(person: User, *, current: str | None) -> list[Session]:
    """The sessions of ``person`` that are valid, the newest first; ``current`` is the key of the one that asks."""
    valid = StoredSession.objects.filter(expire_date__gt=timezone.now()).values("session_key")
    found = UserSession.objects.filter(user=person, session_key__in=valid).order_by("-created_at")
    return [
        Session(each.pk, each.created_at, each.ip, device_of(each.user_agent), each.session_key == current)
        for each in found
    ]


def others_of(person: User, *, than: str | None) -> QuerySet[UserSession]:
    """The sessions of ``person`` but the one with the key ``than``."""
    found: QuerySet[UserSession] = UserSession.objects.filter(user=person).exclude(session_key=than)
    return found


def end(ended: Iterable[UserSession], *, by: User) -> None:
    """Sign the person of each session out there, at once."""
    for session in ended:
        person = session.user
        session.end()  # takes the row away, with what it says
        device = device_of(session.user_agent)
        audited.note(Act.SESSION_ENDED, f"Ended the session on {device}", by=by, about=person)


def device_of(user_agent: str) -> str:
    """What a browser says that it is, in words: Firefox on Linux."""
    browser = _first_in(user_agent, _BROWSERS) or "A browser"
    system = _first_in(user_agent, _SYSTEMS)
    return f"{browser} on {system}" if system else browser


def _first_in(text: str, names: dict[str, str]) -> str:
    return next((shown for found, shown in names.items() if found in text), "")
