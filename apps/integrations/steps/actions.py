"""Writes of steps: what is made for an incident, and what became of it. None talks to a provider."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from apps.core import clock
from apps.core.errors import RuleViolation
from apps.engine import actions as engine
from apps.incidents import timeline
from apps.incidents.actions.locking import locked
from apps.incidents.models import EventKind, Incident, Via
from apps.integrations.models import Step, StepState
from apps.integrations.steps import queries
from apps.integrations.tools import Made, StepKind
from apps.teams import access
from apps.teams.models import User

#: The kind of the timer that looks what is to be made for an incident.
LOOK = "integrations.look"
#: The kinds of the timers that tell providers, one for each kind of step: where one hangs the others go on.
BRING = {kind: f"integrations.bring_{kind}" for kind in StepKind}


def look_later(incident: Incident) -> None:
    """Let the engine look what is to be made for the incident, and who is to be told what happened."""
    number = incident.pk
    engine.schedule(LOOK, key=f"{LOOK}:{number}", subject=f"incident:{number}", payload={"incident": number})


@transaction.atomic
def look(incident_id: int) -> None:
    """Plan what is not planned yet, and bring every provider up to date. Nothing is begun for what is over."""
    incident = locked(incident_id)
    known = {step.kind: step for step in queries.steps_of(incident)}
    for kind, connection in queries.connections_for(incident).items():
        if kind not in known and queries.is_wanted(incident, kind):
            known[kind] = Step.objects.create(incident=incident, kind=kind, connection=connection)
    for step in known.values():
        _take_up(step, incident)
        if step.state in (StepState.PLANNED, StepState.MADE):
            bring_later(step)


def _take_up(step: Step, incident: Incident) -> None:
    """What ended is begun anew once the incident goes on; what failed is tried again where it has to be taken away."""
    if step.state == StepState.ENDED and queries.goes_on(step, incident):
        step.state, step.ref, step.label, step.url = StepState.PLANNED, "", "", ""
        step.made_at, step.ended_at = None, None
        # It is looked for first, and told what happened from the reopening on.
        step.followed = queries.last_of(incident, EventKind.REOPENED) - 1
    elif step.state == StepState.FAILED and step.begun_at and queries.is_to_be_taken_away(step, incident):
        step.state = StepState.MADE if step.made_at else StepState.PLANNED
    else:
        return
    step.save(update_fields=["state", "ref", "label", "url", "made_at", "ended_at", "followed"])


def bring_later(step: Step, *, after: timedelta | None = None) -> None:
    """Let the engine bring the step's provider to where the incident is, ``after`` a while."""
    kind = BRING[StepKind(step.kind)]
    engine.schedule(
        kind, key=f"{kind}:{step.pk}", subject=f"incident:{step.incident_id}", payload={"step": step.pk},
        due_at=clock.now() + after if after else None,
    )  # fmt: skip


@transaction.atomic
def retry(step_id: int, *, by: User | None) -> Step:
    """Try a step that failed once more, now; ``by`` None is whoever works at the house's own command line.

    Raises NotAllowed for who does not respond, RuleViolation for a step that did not fail.
    """
    incident, step = _locked(step_id)
    if by is not None:
        access.require(by, access.Permission.RESPOND, incident)
    if step.state != StepState.FAILED and not step.error:
        raise RuleViolation(f"{step} did not fail.")
    if step.state == StepState.FAILED:
        step.state = StepState.MADE if step.made_at else StepState.PLANNED
        step.save(update_fields=["state"])
    bring_later(step)
    return step


@transaction.atomic
def begin(step_id: int) -> bool:
    """Note that the provider is asked to make it from here on; True if it may have been before."""
    step = Step.objects.select_for_update(no_key=True).get(pk=step_id)
    began_before = step.begun_at is not None
    if not began_before:
        step.begun_at = clock.now()
        step.save(update_fields=["begun_at"])
    return began_before


@transaction.atomic
def note_made(step_id: int, made: Made, *, followed: int) -> None:
    """Record what the provider made, which knows what happened up to the event ``followed``."""
    incident, step = _locked(step_id)
    step.state, step.made_at, step.error, step.followed = StepState.MADE, clock.now(), "", followed
    step.ref, step.label, step.url = made.ref[:255], made.label[:255], made.url[:1000]
    step.save(update_fields=["state", "made_at", "error", "followed", "ref", "label", "url"])
    _tell(incident, EventKind.STEP_MADE, step, f"{step.get_kind_display()} {step.label} is there.")


@transaction.atomic
def note_followed(step_id: int, event: int) -> None:
    """Record that the provider knows what happened up to that event."""
    step = Step.objects.select_for_update(no_key=True).get(pk=step_id)
    step.followed, step.error = max(step.followed, event), ""
    step.save(update_fields=["followed", "error"])


@transaction.atomic
def note_ended(step_id: int, *, followed: int) -> None:
    """Record that the provider ended it, or was not asked to make it any more."""
    incident, step = _locked(step_id)
    if step.state == StepState.ENDED:
        return
    step.state, step.ended_at, step.error, step.followed = StepState.ENDED, clock.now(), "", followed
    step.save(update_fields=["state", "ended_at", "error", "followed"])
    if step.made_at is not None:
        _tell(incident, EventKind.STEP_ENDED, step, f"{step.get_kind_display()} {step.label} is ended.")


@transaction.atomic
def note_failure(step_id: int, error: str, *, for_good: bool) -> None:
    """Show why it did not work; ``for_good``: it is not tried again by itself, and the timeline says so."""
    incident, step = _locked(step_id)
    step.error = error[:500]
    if for_good and step.state != StepState.FAILED:
        step.state = StepState.FAILED
        _tell(incident, EventKind.STEP_FAILED, step, f"{step.get_kind_display()}: {step.error}")
    step.save(update_fields=["error", "state"])


def _locked(step_id: int) -> tuple[Incident, Step]:
    """The incident and the step, locked in this order."""
    incident = locked(Step.objects.values_list("incident", flat=True).get(pk=step_id))
    return incident, Step.objects.select_for_update(no_key=True).get(pk=step_id)


def _tell(incident: Incident, kind: EventKind, step: Step, text: str) -> None:
    data = {"step": step.kind, "url": step.url}
    timeline.record(incident, kind, text=text, via=Via.ENGINE, data=data)
