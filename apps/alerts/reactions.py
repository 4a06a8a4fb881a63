"""What alerts do when something happens to their incident, or to a service that is watched."""

from __future__ import annotations

from apps.alerts import actions
from apps.alerts.models import Alert
from apps.catalog.actions import HEALTH_TURNED
from apps.catalog.models import HealthCheck
from apps.core.events import on
from apps.incidents.models import EventKind, TimelineEvent


@on(EventKind.MERGED)
def go_along_when_merged(event: TimelineEvent) -> None:
    """The alerts of an incident that was merged are those of the one it became a part of."""
    Alert.objects.filter(incident=event.incident, is_current=True).update(incident=event.incident.merged_into)


@on(HEALTH_TURNED)
def tell_of_health(check: HealthCheck) -> None:
    """A health check failed too often in a row, or works again."""
    actions.tell_of_health_later(check)
