"""Pages backups for the roles that nobody took, and stops once somebody did (R6).

Who acknowledges an incident takes no role by that: the page of a backup stops at their own answer, when the roles they
were asked for are taken, or when the incident is over.
"""

from __future__ import annotations

from apps.core.events import on
from apps.incidents import queries as incidents
from apps.incidents.models import EventKind, Incident, ResponseRole, RoleInvitation, TimelineEvent
from apps.notifications import actions, messages
from apps.notifications.models import Notification, NotificationKind, Until
from apps.teams.models import User

#: What the occasions of these pages begin with; the instant at which the response began follows.
STEP = "role_page:"


@on(EventKind.ROLE_INVITED)
def page_the_backup(event: TimelineEvent) -> None:
    """A backup gets one page for all the roles that they are asked for, while they have not answered and one is vacant.

    Asked for another one after those were taken, they get another.
    """
    if not event.data["page"]:
        return
    incident, person = event.incident, User.objects.get(pk=event.data["person"])
    wanted = _vacant_of(incident, [person.pk])[person.pk]
    step = f"{STEP}{incident.response_started_at.isoformat()}"
    before = Notification.objects.filter(incident=incident, person=person, step=step).first()
    if before is not None and not before.is_wanted and not before.is_answered:
        step = f"{step}:{event.pk}"  # the roles of that page were taken, and this one was not
    actions.notify(
        person,
        incident=incident,
        kind=NotificationKind.ROLE_PAGE,
        step=step,
        subject=messages.subject(incident, f"nobody took {' and '.join(map(str, wanted))}"),
        text=messages.invitation(incident, wanted),
        until=Until.RESOLVED,
    )


@on(EventKind.ROLE_ASSIGNED)
def stop_for_taken_roles(event: TimelineEvent) -> None:
    """Nobody is called for a role that somebody took."""
    pages = Notification.objects.filter(
        incident=event.incident, kind=NotificationKind.ROLE_PAGE, step__startswith=STEP, stopped_at__isnull=True
    )
    waiting = list(pages.values_list("pk", "person"))
    vacant = _vacant_of(event.incident, [person for _, person in waiting]) if waiting else {}
    actions.stop(Notification.objects.filter(pk__in=[page for page, person in waiting if not vacant[person]]))


def _vacant_of(incident: Incident, people: list[int]) -> dict[int, list[ResponseRole]]:
    """The roles that nobody holds, of those that each was asked for since the response began."""
    asked = RoleInvitation.objects.filter(
        incident=incident, person__in=people, invited_at__gte=incident.response_started_at
    )
    vacant = {holder.role for holder in incidents.holders(incident) if holder.person is None}
    roles: dict[int, list[ResponseRole]] = {person: [] for person in people}
    for invitation in asked.select_related("role"):
        if invitation.role in vacant:
            roles[invitation.person_id].append(invitation.role)
    return roles
