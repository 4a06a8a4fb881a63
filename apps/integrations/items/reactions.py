"""What ticket systems hear of when an action item is saved (law 4)."""

from __future__ import annotations

from apps.core.events import on
from apps.integrations.items import actions
from apps.postmortems.events import ACTION_ITEM_SAVED
from apps.postmortems.models import ActionItem


@on(ACTION_ITEM_SAVED)
def let_its_ticket_follow(item: ActionItem) -> None:
    """Make its ticket, or change it."""
    actions.tell_later(item)
