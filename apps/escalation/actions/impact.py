"""Raises by what an assessment of the impact says (R10)."""

from __future__ import annotations

from apps.core import clock as house_clock
from apps.core.errors import HouseError
from apps.escalation import queries, rules
from apps.escalation.actions.raising import escalate
from apps.escalation.models import Run, Trigger
from apps.incidents import timeline
from apps.incidents.models import EventKind, ImpactAssessment, Via

REASON = "Impact assessed"


def raise_by_impact(assessment: ImpactAssessment, *, via: Via) -> None:
    """Escalate by each trigger whose fact is new since the response began, in the name of who assessed.

    Once per trigger and run, and only to a level above all that were paged in the current round. Never fails: what
    keeps a trigger from raising is said on the timeline. The incident's row is locked by the caller.
    """
    run = queries.current_run(assessment.incident)
    if run is None:
        return
    asked: set[int] = set()
    for trigger in _newly_true(assessment, run):
        levels = list(run.levels.all())
        if trigger.level not in asked and rules.may_raise_by_itself(levels, trigger.level, now=house_clock.now()):
            asked.add(trigger.level)
            _raise(assessment, trigger, via=via)


def _newly_true(assessment: ImpactAssessment, run: Run) -> list[Trigger]:
    """The triggers that did not raise within the run yet, the lowest level first."""
    # Not since the run began: one that was begun by a reassignment began later than the response.
    since = assessment.incident.response_started_at
    in_this_response = ImpactAssessment.objects.filter(incident=run.incident_id, at__gte=since)
    before = in_this_response.filter(pk__lt=assessment.pk).first()
    raised = run.incident.timeline.filter(kind=EventKind.ESCALATED, data__run=run.pk)
    used = set(raised.values_list("data__trigger", flat=True))
    new = rules.newly_true(assessment, before=before) - used
    return list(queries.triggers().filter(key__in=new).order_by("level", "position"))


def _raise(assessment: ImpactAssessment, trigger: Trigger, *, via: Via) -> None:
    try:
        escalate(assessment.incident_id, trigger=trigger.key, reason=REASON, by=assessment.by, via=via)
    except HouseError as refused:
        timeline.record(assessment.incident, EventKind.NOTE, text=f"{trigger.text}, but it does not raise: {refused}")
