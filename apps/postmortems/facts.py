"""What the record already answers of a review: the timeline's times, the latest impact assessment (R29)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.core.spans import in_words
from apps.core.zones import zone_or_utc
from apps.incidents.models import Clock, ClockName, EventKind, ImpactAssessment, Incident, Status, TimelineEvent
from apps.postmortems.models import Section

Facts = dict[tuple[str, str], str]


@dataclass(frozen=True)
class Course:
    """When the steps of an incident were taken; None for one that was not, or not recorded."""

    declared_at: datetime
    acknowledged_at: datetime | None
    identified_at: datetime | None
    fixed_at: datetime | None
    resolved_at: datetime | None

    @classmethod
    def of(cls, incident: Incident, events: Iterable[TimelineEvent]) -> Course:
        """Read the course from the timeline: the first answer and cause, the fix that held."""
        acknowledged_at = identified_at = fixed_at = None
        for event in events:
            if event.kind == EventKind.ACKNOWLEDGED:
                acknowledged_at = acknowledged_at or event.at
            elif event.kind == EventKind.REOPENED:
                fixed_at = None
            elif event.kind == EventKind.STATUS_CHANGED and event.data.get("status") == Status.IDENTIFIED:
                identified_at = identified_at or event.at
            elif event.kind == EventKind.STATUS_CHANGED and event.data.get("status") == Status.MONITORING:
                fixed_at = event.at
        return cls(
            incident.declared_at, acknowledged_at, identified_at, fixed_at or incident.resolved_at, incident.resolved_at
        )


def facts_of(incident: Incident) -> Facts:
    """The answers that the record gives, by section and key of the question; what nobody recorded is left out."""
    course = Course.of(incident, incident.timeline.select_related("actor"))
    assessment = incident.impact_assessments.first()
    told = {
        (Section.TIMELINE, "detection"): _detection(incident),
        (Section.TIMELINE, "response"): _response(incident, course),
        (Section.TIMELINE, "investigation"): _investigation(course),
        (Section.TIMELINE, "resolution"): _resolution(course),
        (Section.TIMELINE, "recovery"): _recovery(incident, course),
        (Section.IMPACT_ASSESSMENT, "users_affected"): _affected(assessment),
        (Section.IMPACT_ASSESSMENT, "downtime"): _downtime(course, assessment),
        (Section.IMPACT_ASSESSMENT, "revenue_impact"): _revenue(assessment),
        (Section.IMPACT_ASSESSMENT, "reputation_impact"): _reputation(assessment),
    }
    return {(str(section), key): text for (section, key), text in told.items() if text}


def _detection(incident: Incident) -> str:
    declared_at = incident.declared_at.astimezone(zone_or_utc(incident.team.time_zone))
    whom = f" by {incident.declared_by}" if incident.declared_by else ""
    return f"{incident.get_detection_display()}. Declared{whom} at {declared_at:%Y-%m-%d %H:%M %Z}."


def _response(incident: Incident, course: Course) -> str:
    if course.acknowledged_at is None:
        return "Nobody acknowledged it."
    first = incident.clocks.filter(name=ClockName.RESPONSE, started_at=incident.declared_at).last()
    return _against_target("Acknowledged after", course.acknowledged_at - course.declared_at, first)


def _investigation(course: Course) -> str:
    if course.identified_at is None:
        return ""
    return f"The cause was identified {in_words(course.identified_at - course.declared_at)} after the declaration."


def _resolution(course: Course) -> str:
    if course.fixed_at is None:
        return ""
    start, since = course.declared_at, "the declaration"
    if course.identified_at is not None and course.identified_at <= course.fixed_at:
        start, since = course.identified_at, "the cause was identified"
    return f"The fix was in place {in_words(course.fixed_at - start)} after {since}."


def _recovery(incident: Incident, course: Course) -> str:
    if course.resolved_at is None:
        return ""
    last = incident.clocks.filter(name=ClockName.RESOLUTION).last()
    return _against_target("Resolved after", course.resolved_at - course.declared_at, last)


def _against_target(what: str, span: timedelta, clock: Clock | None) -> str:
    """The span, and what the clock recorded: targets may have been edited since."""
    if clock is None:
        return f"{what} {in_words(span)}."
    verdict = "missed" if clock.breached_at else "met"
    return f"{what} {in_words(span)}; the target of {in_words(clock.due_at - clock.started_at)} was {verdict}."


def _affected(assessment: ImpactAssessment | None) -> str:
    if assessment is None:
        return ""
    counts = {"users": assessment.users_affected, "customers": assessment.customers_affected}
    return ", ".join(f"{count} {whom}" for whom, count in counts.items() if count is not None)


def _downtime(course: Course, assessment: ImpactAssessment | None) -> str:
    if course.resolved_at is None:
        return ""
    lasted = f"{in_words(course.resolved_at - course.declared_at)} from declaration to resolution"
    if assessment is None or assessment.availability_percent is None:
        return f"{lasted}."
    return f"{lasted}, at {assessment.availability_percent:f} % availability."


def _revenue(assessment: ImpactAssessment | None) -> str:
    return "" if assessment is None or assessment.revenue_impact is None else f"{assessment.revenue_impact:f}"


def _reputation(assessment: ImpactAssessment | None) -> str:
    return "Attention of the media." if assessment is not None and assessment.media_attention else ""
