"""An incident as it was at an instant, put together from what is written once, and the policy in force then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q, QuerySet

from apps.communications.models import Update
from apps.core.errors import Invalid
from apps.escalation.models import LevelState, Run, RunLevel
from apps.incidents.models import (
    ChecklistItem,
    Clock,
    ImpactAssessment,
    Incident,
    ProceduresRevision,
    Resolution,
    RoleAssignment,
    TimelineEvent,
)

#: So many of the last events are shown.
EVENTS = 20


@dataclass(frozen=True, slots=True)
class Level:
    """One level of the chain: what had become of it, and whom it was to page."""

    title: str
    name: str
    due_at: datetime
    state: str
    targets: list[str]


@dataclass(frozen=True, slots=True)
class Target:
    """A clock as it stood: ``state`` in a word, ``at`` the time of it; none of one that ran on."""

    label: str
    due_at: datetime
    state: str
    at: datetime | None = None
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class AsOf:
    """What was known of an incident at ``at``. ``state`` is the record of its history that held then."""

    incident: Incident
    at: datetime
    state: Any
    services: list[str]
    roles: list[Any]
    checklist: list[Any]
    clocks: list[Target]
    impact: ImpactAssessment | None
    resolution: Any
    updates: list[Update]
    events: list[TimelineEvent]
    levels: list[Level]
    policy: str
    has_stood_still: bool
    procedures: ProceduresRevision

    @property
    def settled(self) -> int:
        """How many lines of the checklist were done or waived."""
        return sum(item.done or bool(item.waived_reason) for item in self.checklist)


def as_of(incident: Incident, at: datetime) -> AsOf:
    """The incident as it was at ``at`` (UTC), inclusive. Raises Invalid for a time before there was one.

    A fixed number of queries, however much happened.
    """
    state = next(iter(_states(Incident, at, id=incident.pk)), None)
    if state is None:
        raise Invalid(f"{incident.reference} was declared later.", field="at")
    run = (
        incident.escalation_runs.filter(created_at__lte=at)
        .select_related("policy__severity", "policy__team", "policy__service")
        .order_by("-pk")
        .first()
    )
    events = incident.timeline.filter(at__lte=at).select_related("actor").order_by("-pk")
    return AsOf(
        incident=incident,
        at=at,
        state=state,
        services=_services(state),
        roles=list(_roles(incident, at)),
        checklist=sorted(_states(ChecklistItem, at, incident=incident.pk, related=("by",)), key=lambda item: item.id),
        clocks=[_target(each, at) for each in _clocks(incident, at)],
        impact=incident.impact_assessments.filter(at__lte=at).select_related("by").first(),
        resolution=next(iter(_states(Resolution, at, incident=incident.pk)), None),
        updates=list(incident.updates.filter(at__lte=at).select_related("by")),
        events=list(events[:EVENTS]),
        levels=list(_levels(run, at)),
        policy="" if run is None or run.policy is None else str(run.policy),
        has_stood_still=run is not None and bool(run.stood_still),
        procedures=state.procedures,
    )


def _states(model: type[models.Model], at: datetime, *, related: Iterable[str] = (), **wanted: Any) -> QuerySet[Any]:
    """The rows of ``model`` that there were at ``at`` and that were ``wanted`` then, as records of its history."""
    history = model.history.model  # type: ignore[attr-defined]  # put there by simple-history
    key = model._meta.pk.attname
    newest = history.objects.filter(history_date__lte=at, **wanted).order_by(key, "-history_date", "-history_id")
    latest = newest.distinct(key).values("history_id")
    found: QuerySet[Any] = history.objects.filter(history_id__in=latest).exclude(history_type="-")
    return found.select_related(*related)


def _services(state: Any) -> list[str]:
    links = type(state).services.model.objects.filter(history=state.history_id).select_related("service")
    return [str(link.service) for link in links]


def _roles(incident: Incident, at: datetime) -> Iterator[Any]:
    """Who held which role, in the order of the roles."""
    held = _states(RoleAssignment, at, incident=incident.pk, related=("role", "person"))
    open_then = held.filter(Q(until=None) | Q(until__gt=at))
    yield from sorted(open_then, key=lambda each: each.role.position)


def _clocks(incident: Incident, at: datetime) -> list[Clock]:
    """The newest clock of each name that had begun to run by then: it is the one that counted."""
    newest = incident.clocks.filter(made_at__lte=at).order_by("name", "-pk").distinct("name")
    return sorted(newest, key=lambda each: each.pk)


def _target(clock: Clock, at: datetime) -> Target:
    label, met, stopped = clock.get_name_display(), clock.met_at, clock.stopped_at
    if met is not None and met <= at:
        is_late = met > clock.due_at
        return Target(label, clock.due_at, "met late" if is_late else "met", met, is_late)
    if stopped is not None and stopped <= at:
        return Target(label, clock.due_at, "stopped", stopped)
    ran_out = clock.due_at <= at
    return Target(label, clock.due_at, "ran out" if ran_out else "running", is_late=ran_out)


def _levels(run: Run | None, at: datetime) -> Iterator[Level]:
    if run is None:
        return
    for level in run.levels.filter(made_at__lte=at):
        yield Level(level.title, level.name, level.due_at, _state(level, at), _targets(level))


def _state(level: RunLevel, at: datetime) -> str:
    """What had become of it: whether it was held at some time before it was decided is not kept."""
    decided = level.at is not None and level.at <= at
    return LevelState(level.state).label if decided else "Not decided"


def _targets(level: RunLevel) -> list[str]:
    return [str(target.get("label", "")) for target in level.targets]
