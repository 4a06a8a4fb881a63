"""Tells the watchers of an incident what becomes of it: each change once, by a job of its own, of low urgency."""

from __future__ import annotations

from datetime import timedelta

from apps.core.events import on
from apps.engine import actions as engine
from apps.engine.models import Timer
from apps.engine.registry import Lane, handler
from apps.incidents import queries as incidents
from apps.incidents.models import EventKind, Incident, TimelineEvent
from apps.notifications import actions, messages
from apps.notifications.models import Notification, NotificationKind
from apps.teams.models import User

TELL = "notifications.watchers"
#: What watchers are told of.
TOLD = (
    EventKind.ACKNOWLEDGED,
    EventKind.STATUS_CHANGED,
    EventKind.SEVERITY_CHANGED,
    EventKind.LEVEL_FIRED,
    EventKind.UPDATE_SENT,
    EventKind.RESOLVED,
    EventKind.REOPENED,
    EventKind.CLOSED,
    EventKind.CANCELLED,
    EventKind.MERGED,
)
#: A status is told once where one act changes it twice: who resolves what nobody acknowledged acknowledges it, too.
OF_STATUS = (EventKind.ACKNOWLEDGED, EventKind.STATUS_CHANGED, EventKind.RESOLVED)
ONE_ACT = timedelta(seconds=1)
#: What a watcher is sent as somebody else: who is paged or receives the update need not read it twice.
_ADDRESSED = "people"


@on(*TOLD)
def plan_to_tell(event: TimelineEvent) -> None:
    """Tell the watchers after the change, if there are any."""
    if event.incident.watchers.exists():
        engine.schedule(
            TELL,
            key=f"{TELL}:{event.pk}",
            subject=f"incident:{event.incident_id}:watchers",
            payload={"event": event.pk},
        )


@handler(TELL, lane=Lane.WORK)
def tell(timer: Timer) -> None:
    """Tell whoever watches and may see the incident at this moment, but not of what they did themselves."""
    event = TimelineEvent.objects.select_related("incident__severity", "incident__team").get(pk=timer.payload["event"])
    if _is_part_of_another(event):
        return
    incident, addressed = event.incident, set(event.data.get(_ADDRESSED, ()))
    told = [
        person
        for person in _watching(incident)
        if person.pk != event.actor_id and person.pk not in addressed and not _was_told(person, event)
    ]
    actions.notify_all(
        dict.fromkeys(told, messages.about(incident, f"{event.text}\n\nYou watch this incident.")),
        incident=incident,
        kind=NotificationKind.NOTICE,
        step=f"watch:{event.pk}",
        subject=messages.subject(incident, _occasion(event)),
    )


def _watching(incident: Incident) -> list[User]:
    """Who watched when it happened: one that ended since has no watchers any more, and these are to hear of the end."""
    people = [watcher.person for watcher in incident.watchers.select_related("person")]
    allowed = incidents.who_may_see(incident, people)
    return [person for person in people if person.pk in allowed]


def _is_part_of_another(event: TimelineEvent) -> bool:
    if event.kind not in OF_STATUS:
        return False
    later = event.incident.timeline.filter(
        pk__gt=event.pk, kind__in=OF_STATUS, actor=event.actor_id, at__lte=event.at + ONE_ACT
    )
    return later.exists()


def _was_told(person: User, event: TimelineEvent) -> bool:
    """Whoever is told that it came back as a member of its response team is told once."""
    told = Notification.objects.filter(person=person, incident=event.incident_id, step=f"reopened:{event.pk}")
    return event.kind == EventKind.REOPENED and told.exists()


def _occasion(event: TimelineEvent) -> str:
    if event.kind == EventKind.LEVEL_FIRED:
        return f"escalated to level {event.data['level']}"
    return event.get_kind_display().lower()
