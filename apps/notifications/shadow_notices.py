"""Notices to shadows: what somebody sees who looks over the shoulder of whoever is on call, and is not to act."""

from __future__ import annotations

from collections.abc import Sequence

from apps.core.events import on
from apps.incidents import queries as incidents
from apps.notifications import actions, messages
from apps.notifications.models import Notification, NotificationKind, Until, Urgency
from apps.rosters import queries as rosters
from apps.rosters.actions import SHADOW_ADDED
from apps.rosters.models import Shadow
from apps.teams.models import User

#: What the steps of these notices begin with.
STEP = "shadow:"


def tell(pages: Sequence[int]) -> None:
    """Tell the shadows of those who got these pages, which are of one occasion, as it was when they were paged.

    Only who may see the incident, once each, and not who is paged themselves. What nobody needs to answer any more
    wakes no shadow.
    """
    sent = list(
        Notification.objects.filter(pk__in=pages)
        .select_related("person", "incident__severity", "incident__team")
        .order_by("pk")
    )
    if not sent or sent[0].incident is None:
        return
    incident, people = sent[0].incident, {page.person_id: page.person for page in sent}
    watching: dict[User, list[tuple[Shadow, User]]] = {}
    for shadow, watched in rosters.shadows_of(people, sent[0].created_at):
        watching.setdefault(shadow.person, []).append((shadow, people[watched]))
    allowed = incidents.who_may_see(incident, watching) - people.keys()
    is_answered = all(not page.is_wanted for page in sent)
    for is_woken in (True, False):
        told = {
            person: messages.shadowed(incident, dict.fromkeys(watched for _, watched in seen), roster=seen[0][0].roster)
            for person, seen in watching.items()
            if person.pk in allowed and (not is_answered and any(shadow.is_woken for shadow, _ in seen)) is is_woken
        }
        actions.notify_all(
            told,
            incident=incident,
            kind=NotificationKind.NOTICE,
            urgency=Urgency.HIGH if is_woken else Urgency.LOW,
            until=Until.ACKNOWLEDGED if is_woken else Until.SENT,
            step=f"{STEP}{sent[0].pk}",
            subject=messages.subject(incident, "paged, you are a shadow"),
        )


@on(SHADOW_ADDED)
def tell_who_became_one(shadow: Shadow) -> None:
    """Tell whoever was made a shadow by somebody else."""
    if shadow.person_id != shadow.created_by_id:
        actions.notify(
            shadow.person,
            incident=None,
            kind=NotificationKind.NOTICE,
            step=f"shadow_added:{shadow.pk}",
            subject=f"You are a shadow for {shadow.roster}",
            text=messages.shadow_added(shadow),
        )
