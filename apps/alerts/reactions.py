"""What alerts do when something happens to their incident."""

from __future__ import annotations

from apps.alerts.models import Alert
from apps.core.events import on
from apps.incidents.models import EventKind, TimelineEvent


@on(EventKind.MERGED)
def go_along_when_merged(event: TimelineEvent) -> None:
    """The alerts of an incident that was merged are those of the one it became a part of."""
    Alert.objects.filter(incident=event.incident, is_current=True).update(incident=event.incident.merged_into)
