"""How the health of an incident's services was looked at from it: read from the timeline (R16)."""

from __future__ import annotations

from dataclasses import dataclass

from apps.incidents.models import EventKind, Incident, TimelineEvent


@dataclass(frozen=True, slots=True)
class HealthRun:
    """The last time that somebody asked, if ever, and what was seen; ``answer`` is None while it is looked at."""

    asked: TimelineEvent | None = None
    answer: TimelineEvent | None = None

    @property
    def is_under_way(self) -> bool:
        return self.asked is not None and self.answer is None


def latest_run(incident: Incident) -> HealthRun:
    """How the health was looked at last; two queries at most."""
    asked = incident.timeline.filter(kind=EventKind.HEALTH_ASKED).select_related("actor").order_by("-pk").first()
    return HealthRun(asked, answer_to(asked)) if asked else HealthRun()


def answer_to(asked: TimelineEvent) -> TimelineEvent | None:
    """What was seen when somebody asked."""
    later = TimelineEvent.objects.filter(incident=asked.incident_id, kind=EventKind.HEALTH_CHECKED, pk__gt=asked.pk)
    return later.filter(data__asked=asked.pk).first()
