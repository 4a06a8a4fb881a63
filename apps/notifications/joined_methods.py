"""Keeps the steps of a method that becomes one with another."""

from __future__ import annotations

from apps.contacts.actions import METHODS_JOINED, Joined
from apps.core.events import on
from apps.notifications.models import NotificationRule


@on(METHODS_JOINED)
def keep_steps(joined: Joined) -> None:
    """The steps of the one that goes are the other's, but for those that it has at the same moment already.

    So is what is on its way to it: a page that runs loses nothing by it.
    """
    joined.gone.deliveries.update(method=joined.into)
    has = set(NotificationRule.objects.filter(method=joined.into).values_list("urgency", "after"))
    for step in NotificationRule.objects.filter(method=joined.gone):
        if (step.urgency, step.after) not in has:
            step.method = joined.into
            step.save(update_fields=["method"])
