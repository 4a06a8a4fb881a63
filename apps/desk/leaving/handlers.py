"""Managers hear what somebody who was deactivated leaves a hole in. Nobody takes over by themselves.

Of what is private nothing is told: its commanders see on its own page that nobody holds the role.
"""

from __future__ import annotations

from collections import defaultdict

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from apps.core import clock
from apps.core.events import on
from apps.desk.leaving.holes import holes_of
from apps.engine import actions as engine
from apps.engine.models import Lane, Timer
from apps.engine.registry import handler
from apps.notifications import actions as notifications
from apps.notifications.coverage_notices import managers_of
from apps.notifications.models import NotificationKind
from apps.teams import access
from apps.teams.events import DEACTIVATED
from apps.teams.models import Team, User

#: The kind of the timer that tells of it.
TELL = "desk.tell_what_somebody_left"


@on(DEACTIVATED)
def plan_to_tell(person: User) -> None:
    """Let the managers be told once it is certain that they left."""
    engine.schedule(TELL, due_at=clock.now(), key=f"{TELL}:{person.pk}", payload={"person": person.pk})


@handler(TELL, lane=Lane.WORK)
def tell_what_somebody_left(timer: Timer) -> None:
    """Tell the managers of each team, unless the person is back by now."""
    person = User.objects.filter(pk=timer.payload["person"], is_active=False).first()
    if person is not None:
        tell(person, step=f"left:{person.pk}:{timer.pk}")


@transaction.atomic
def tell(person: User, *, step: str) -> None:
    """Tell the managers of each team what ``person`` left there, and administrators what is the organisation's."""
    found: dict[Team | None, list[str]] = defaultdict(list)
    for hole in holes_of(person):
        found[hole.team].append(hole.words)
    told = managers_of({team.pk for team in found if team is not None})
    address = settings.SITE_URL + reverse("leaving", args=[person.pk])
    for team, words in found.items():
        people = told[team.pk] if team is not None else list(access.administrators())
        lines = [
            f"{person} was deactivated, and nobody takes over by themselves:",
            "",
            *(f"- {each}" for each in words),
        ]
        notifications.notify_all(
            dict.fromkeys(people, "\n".join([*lines, "", f"Say who takes over: {address}"])),
            incident=None,
            kind=NotificationKind.NOTICE,
            step=f"{step}:{team.pk if team else '-'}",
            subject=f"{person} left: {len(words)} to hand over in {team or 'the organisation'}",
        )
