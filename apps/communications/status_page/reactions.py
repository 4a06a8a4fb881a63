"""What the status page does when something happens to an incident: it never puts anything there by itself."""

from __future__ import annotations

from apps.communications.status_page import mailing, queries
from apps.core.events import on
from apps.engine import actions as engine
from apps.incidents.models import EventKind, TimelineEvent

WITHDRAW = "communications.withdraw"


@on(EventKind.PUBLISHED)
def tell_subscribers(event: TimelineEvent) -> None:
    """Who wants mail gets it, by jobs of their own."""
    mailing.plan_later(event.data["published"])


@on(EventKind.MERGED)
def withdraw_what_is_a_part_of_a_private_one(event: TimelineEvent) -> None:
    """An incident that is a part of a private one, or of a drill, leaves the page, and so do its own parts."""
    for number in queries.with_parts(event.incident_id):
        engine.schedule(
            WITHDRAW, key=f"{WITHDRAW}:{number}", subject=f"incident:{number}:page", payload={"incident": number}
        )
