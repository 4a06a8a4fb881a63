"""Lets whoever looks over the shoulder of somebody who is on call be told of their pages."""

from __future__ import annotations

from collections.abc import Sequence

from apps.engine import actions as engine
from apps.notifications.models import Notification
from apps.rosters import queries as rosters

#: The kind of the timer that tells them.
TELL_SHADOWS = "notifications.shadows"


def plan(created: Sequence[Notification]) -> None:
    """Let the engine tell the shadows of those who are paged for an incident; one query where there are none.

    The notifications are of one occasion. Pages by hand are between the two who send and receive them.
    """
    if not created or not created[0].is_page or created[0].incident_id is None:
        return
    first = created[0]
    if not rosters.shadows_of([page.person_id for page in created], first.created_at):
        return
    engine.schedule(
        TELL_SHADOWS,
        key=f"{TELL_SHADOWS}:{first.pk}",
        subject=f"incident:{first.incident_id}:shadows",
        payload={"pages": [page.pk for page in created]},
    )
