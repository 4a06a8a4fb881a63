"""What a running incident asks of the person who looks at it: a page to answer, and who else can be woken."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from apps.escalation import outlook
from apps.escalation import queries as escalation
from apps.escalation.models import RunLevel
from apps.incidents import queries as incidents
from apps.incidents.models import Incident, RequestState, ResponderRequest
from apps.notifications import queries as notifications
from apps.teams.models import User


@dataclass(frozen=True, slots=True)
class AskedOfViewer:
    """What was asked of the viewer, who was paged. ``waiting``: a page of theirs has no answer yet.

    ``woken`` are those whom escalating now would page, on ``next_level``; None where nothing is left to climb.
    """

    waiting: bool
    request: ResponderRequest | None
    next_level: RunLevel | None
    woken: list[User]

    @property
    def agreed(self) -> str:
        """What a form sends that was confirmed by somebody who read those names."""
        return agreed(self.woken)


def agreed(woken: Iterable[User]) -> str:
    """What stands in a form for exactly those people, so that nobody else is woken by it."""
    return ",".join(str(person.pk) for person in woken) or "nobody"


def asked_of(incident: Incident, viewer: User) -> AskedOfViewer | None:
    """What is asked of ``viewer``; None for whoever was not paged for the open incident, or has nothing left to say."""
    if not incident.is_open or not notifications.was_paged(viewer, incident):
        return None
    level, waiting = escalation.next_by_hand(incident), notifications.waits_for_answer(viewer, incident)
    request = incidents.requests_of(incident).filter(person=viewer, state=RequestState.PENDING).first()
    if not waiting and request is None and level is None:
        return None
    return AskedOfViewer(
        waiting=waiting,
        request=request,
        next_level=level,
        woken=outlook.prospects(incident, [level])[level.pk].people if level else [],
    )
