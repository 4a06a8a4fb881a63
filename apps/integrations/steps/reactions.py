"""What providers hear of when something happens to an incident: each event only lets the engine look (law 4)."""

from __future__ import annotations

from apps.core.events import on
from apps.incidents.models import EventKind, TimelineEvent
from apps.integrations.steps import actions

#: What any provider may want to know.
FOLLOWED = (
    EventKind.DECLARED, EventKind.ACKNOWLEDGED, EventKind.STATUS_CHANGED, EventKind.SEVERITY_CHANGED,
    EventKind.DESCRIBED, EventKind.ROLE_ASSIGNED, EventKind.RESPONDER_ACCEPTED, EventKind.LEVEL_FIRED, EventKind.NOTE,
    EventKind.UPDATE_SENT, EventKind.PUBLISHED, EventKind.TAKEN_OFF, EventKind.RESOLVED, EventKind.REOPENED,
    EventKind.CLOSURE_CONFIRMED, EventKind.CLOSED, EventKind.CANCELLED, EventKind.MERGED, EventKind.ACCESS_GIVEN,
    EventKind.ACCESS_TAKEN_BACK,
)  # fmt: skip


@on(*FOLLOWED)
def let_providers_follow(event: TimelineEvent) -> None:
    """Make what is to be made, and tell what happened."""
    actions.look_later(event.incident)
