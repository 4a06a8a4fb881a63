"""Brings a provider to where an incident is: makes what is not made, tells what happened since, ends what is over.

One at a time for each step, whatever happens meanwhile, and always from what the step remembers: whatever was broken
off is taken up where it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta

import structlog
from django.db.models import Max

from apps.core import locks
from apps.core.errors import ProviderError
from apps.engine import breakers
from apps.incidents.models import EventKind, TimelineEvent
from apps.integrations.models import Step, StepState
from apps.integrations.steps import actions, queries
from apps.integrations.steps.briefing import brief_of
from apps.integrations.tools import PUBLIC, Brief, Made, News, Provider, StepKind, Tool, provider_of

log = structlog.get_logger(__name__)

#: When it is tried again while somebody is at it.
IN_A_MOMENT = timedelta(seconds=1)


def bring(step_id: int) -> None:
    """See the module. Raises ProviderError where another attempt is of use; what is refused for good is recorded."""
    with locks.alone("integrations.step", step_id) as mine:
        if mine:
            _bring_alone(step_id)
        else:
            actions.bring_later(Step.objects.get(pk=step_id), after=IN_A_MOMENT)


def _bring_alone(step_id: int) -> None:
    step = Step.objects.select_related("incident__severity", "incident__team", "connection").get(pk=step_id)
    if step.state not in (StepState.PLANNED, StepState.MADE) or not step.connection.is_active:
        return
    provider = provider_of(step.connection.provider)
    try:
        with breakers.through(_circuit(step)), _opened(provider, step) as tool:
            _bring(step, provider, tool)
    except ProviderError as error:
        actions.note_failure(step_id, str(error), for_good=error.permanent)
        if not error.permanent:
            raise


def _opened(provider: Provider, step: Step) -> AbstractContextManager[Tool]:
    if provider.opened is None:
        raise ProviderError(f"{provider.label} makes nothing any more.", permanent=True)
    return provider.opened(step.connection.settings)


def _circuit(step: Step) -> str:
    """Each connection fails by itself: another team's has other credentials, or another house."""
    return f"{step.connection.provider}:{step.connection_id}"


def _bring(step: Step, provider: Provider, tool: Tool) -> None:
    known = _last_event(step)  # read before the brief: what happens in between is told once more, and never lost
    kind = StepKind(step.kind)
    brief, is_public = brief_of(step.incident, kind), kind in PUBLIC
    if (step.made_at is None or is_public) and not queries.is_wanted(step.incident, kind):
        _take_back(step, brief, tool)
        return
    made, known = _made_or_found(step, brief, tool, known=known)
    end = 0 if is_public else queries.end_of(step.incident)
    for event in TimelineEvent.objects.filter(incident=step.incident_id, pk__gt=known).order_by("pk"):
        if event.pk == end:
            tool.end(made, brief)
            actions.note_ended(step.pk, followed=event.pk)
            return
        if event.kind in provider.follows:
            with _heeding(step, event):
                tool.follow(made, brief, _news(event))
        actions.note_followed(step.pk, event.pk)


@contextmanager
def _heeding(step: Step, event: TimelineEvent) -> Iterator[None]:
    """A refusal for good ends it, unless something has to be taken away later: that must not wait for words."""
    try:
        yield
    except ProviderError as error:
        takes_away = event.kind == EventKind.ACCESS_TAKEN_BACK
        if not error.permanent or takes_away or not queries.is_to_be_taken_away(step, step.incident):
            raise
        log.warning("step_not_told", step=step.pk, event=event.pk, error=str(error))


def _made_or_found(step: Step, brief: Brief, tool: Tool, *, known: int) -> tuple[Made, int]:
    """What was made, and up to which event it knows what happened: what is made now knows everything until then.

    What is begun anew, after the incident ended and was opened again, is told of that.
    """
    if step.made_at:
        return _made(step), step.followed
    since = step.followed or known
    return _make(step, brief, tool, known=since), since


def _made(step: Step) -> Made:
    return Made(step.ref, step.label, step.url)


def _make(step: Step, brief: Brief, tool: Tool, *, known: int) -> Made:
    """What was made before and the answer was lost, else what is made now: it knows what happened until then."""
    may_be_there = actions.begin(step.pk)
    made = (tool.find(brief) if may_be_there else None) or tool.make(brief, key=f"step-{step.pk}")
    actions.note_made(step.pk, made, followed=known)
    return made


def _take_back(step: Step, brief: Brief, tool: Tool) -> None:
    """It is not wanted any more; what was made, or may have been made all the same, is ended."""
    made = _made(step) if step.made_at else tool.find(brief) if step.begun_at else None
    if made is not None:
        tool.end(made, brief)
    actions.note_ended(step.pk, followed=step.followed)


def _last_event(step: Step) -> int:
    return TimelineEvent.objects.filter(incident=step.incident_id).aggregate(last=Max("pk"))["last"] or 0


def _news(event: TimelineEvent) -> News:
    return News(key=f"event-{event.pk}", kind=event.kind, at=event.at, text=event.text, data=event.data)
