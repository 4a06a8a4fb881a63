"""Tells whoever was given access to a private incident, and tells them no more once it was taken back."""

from __future__ import annotations

from apps.core.events import on
from apps.incidents.models import AccessGrant, EventKind, TimelineEvent
from apps.notifications import actions, messages
from apps.notifications.models import Notification, NotificationKind
from apps.teams import access
from apps.teams.models import User


@on(EventKind.ACCESS_GIVEN)
def tell_who_was_given_access(event: TimelineEvent) -> None:
    """A notice to whoever sees the incident since now, with the reason."""
    grant = AccessGrant.objects.select_related("person", "given_by").get(pk=event.data["grant"])
    actions.notify(
        grant.person,
        incident=event.incident,
        kind=NotificationKind.NOTICE,
        step=f"access:{grant.pk}",
        subject=messages.subject(event.incident, "you were given access"),
        text=messages.about(event.incident, f"{grant.given_by} gave you access: {grant.reason}"),
    )


@on(EventKind.ACCESS_TAKEN_BACK)
def stop_what_is_not_theirs_any_more(event: TimelineEvent) -> None:
    """Nothing that waits to be sent about the incident goes to somebody who may not see it."""
    person = User.objects.get(pk=event.data["person"])
    if not access.may(person, access.Permission.VIEW, event.incident):
        actions.stop(Notification.objects.filter(incident=event.incident, person=person))
