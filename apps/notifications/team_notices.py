"""Tells the response team of a declared incident: a notice to whoever is asked to take a role (R6, R14)."""

from __future__ import annotations

from django.db.models import prefetch_related_objects

from apps.core import clock
from apps.engine import actions as engine
from apps.incidents.models import Incident, ResponseRole, RoleInvitation
from apps.incidents.queries import PRIMARY
from apps.notifications import actions, messages
from apps.notifications.models import NotificationKind
from apps.teams.models import User

TELL = "notifications.response_team"


def plan(incident: Incident) -> None:
    """Let the engine tell the team of the incident, after the first page."""
    engine.schedule(
        TELL,
        due_at=clock.now() + engine.AFTER_THE_PAGE,
        key=f"{TELL}:{incident.pk}",
        subject=f"incident:{incident.pk}",
        payload={"incident": incident.pk},
    )


def tell(incident: Incident) -> None:
    """A notice to whoever was asked first to take a role, outside the chain's counts; one a person, however often.

    Of what is over meanwhile nobody is told; backups get a page of their own.
    """
    if not incident.is_open:
        return
    prefetch_related_objects([incident], "services")
    asked: dict[User, list[ResponseRole]] = {}
    for invitation in RoleInvitation.objects.filter(incident=incident, position=PRIMARY).select_related(
        "person", "role"
    ):
        asked.setdefault(invitation.person, []).append(invitation.role)
    actions.notify_all(
        {person: messages.invitation(incident, roles) for person, roles in asked.items()},
        incident=incident,
        kind=NotificationKind.NOTICE,
        step="declared",
        subject=messages.subject(incident, "declared"),
    )
