"""Tries the procedures out: declares an incident, lets its time pass, answers when asked to, and takes all of it back.

What happens is what the engine would do, because it is the engine's own handlers that do it, within one transaction
that is rolled back; only the incident's own timers are touched, no message is sent, and nobody loses a turn by it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Max, Q, QuerySet

from apps.catalog.models import Service
from apps.core import clock
from apps.core.errors import HouseError, Invalid
from apps.engine.models import State, Timer
from apps.engine.registry import handler_of
from apps.escalation import actions as holding
from apps.escalation import queries as escalation
from apps.escalation import turns
from apps.escalation.models import TargetKind
from apps.incidents import actions as incidents
from apps.incidents import timeline
from apps.incidents.models import (
    ChecklistItem,
    Detection,
    EventKind,
    Incident,
    RoleCandidate,
    Severity,
    Status,
    Via,
)
from apps.notifications.actions import DELIVER
from apps.notifications.models import Channel, Notification
from apps.rosters.models import Roster
from apps.teams.models import User

#: The number of the simulated incident, far beyond those of the record: none of them is spent on it.
SIMULATED = 10**18 - 1
#: Nothing is simulated for longer after the last level: by then every clock has run out.
HORIZON = timedelta(days=14)
#: A cadence that nobody answers would repeat for ever: after this many moments the picture is complete.
MOST_MOMENTS = 500
#: Targets that ask a roster.
ROSTERED = (TargetKind.ROSTER, TargetKind.NEXT)
#: A declaration further from now than this is a slip of the pen, and its clocks may have no date at all.
FURTHEST = timedelta(days=3660)


@dataclass(frozen=True)
class Told:
    """One person who would be told, and by what."""

    person: str
    kind: str
    channel: str
    address: str


@dataclass(frozen=True)
class Moment:
    """What would happen at one instant: ``minute`` counts from the declaration.

    ``level`` and ``round`` say of which level of the chain it tells, if of any.
    """

    at: datetime
    minute: float
    kind: str
    text: str
    told: tuple[Told, ...] = ()
    level: int | None = None
    round: int | None = None


@dataclass(frozen=True)
class Answer:
    """What somebody does so long ``after`` the declaration."""

    after: timedelta
    act: Callable[[Incident, User], object]


def acknowledged(after: timedelta) -> Answer:
    """Somebody takes it on."""
    return Answer(after, lambda incident, by: incidents.acknowledge(incident.pk, by=by, via=Via.ENGINE))


def resolved(after: timedelta) -> Answer:
    """Somebody resolves it, with everything done that gates the resolution."""
    return Answer(after, _resolve)


def held(after: timedelta, *, minutes: int) -> Answer:
    """Somebody holds the escalation for so many minutes."""
    return Answer(after, lambda incident, by: holding.hold(incident.pk, minutes=minutes, by=by, via=Via.ENGINE))


def simulate(severity: Severity, service: Service, *, at: datetime, answers: Iterable[Answer] = ()) -> list[Moment]:
    """Everything that would happen to an incident of ``severity`` declared for ``service`` at ``at`` (aware), answered
    as ``answers`` say and else left alone, in order, until nothing is due any more. Changes nothing, sends nothing.

    What is due at the instant of an answer happens before it. Where it goes on beyond the shifts that are planned it
    says so. Raises Invalid for an ``at`` ten years from now.
    """
    if abs(at - clock.now()) > FURTHEST:
        raise Invalid(f"{at.isoformat()} is more than ten years from now.", field="at")
    with transaction.atomic(), turns.for_show():
        try:
            return list(_play(severity, service, at, sorted(answers, key=lambda answer: answer.after)))
        finally:
            transaction.set_rollback(True)


def _play(severity: Severity, service: Service, at: datetime, answers: Sequence[Answer]) -> Iterator[Moment]:
    with clock.stands_at(at):
        incident = incidents.declare(
            title=f"Simulated {severity} of {service}",
            severity=severity,
            team=service.team,
            by=None,
            via=Via.ALERT,
            services=[service],
            detection=Detection.MONITORING,
            number=SIMULATED,
        )
        somebody = _somebody(incident)
    for answer in answers:
        _let_pass(incident, until=at + answer.after)
        with clock.stands_at(at + answer.after):
            _answer(incident, answer, somebody)
    last = incident.escalation_runs.aggregate(last=Max("levels__due_at"))["last"] or at
    _let_pass(incident, until=max(last, at) + HORIZON)
    yield from _story(incident)


def _let_pass(incident: Incident, *, until: datetime) -> None:
    """Do what is due, in order, up to and including ``until``."""
    now = incident.declared_at
    for _ in range(MOST_MOMENTS):
        timer = _next(incident)
        if timer is None or timer.due_at > until:
            break
        now = max(now, timer.due_at)
        timer.state = State.DONE
        timer.finished_at = now
        timer.save(update_fields=["state", "finished_at"])
        handler = handler_of(timer.kind)
        if handler is not None and timer.kind not in DELIVER.values():
            with clock.stands_at(now):
                handler.function(timer)


def _answer(incident: Incident, answer: Answer, by: User) -> None:
    """Let somebody answer; what the rules refuse them is said instead."""
    try:
        answer.act(incident, by)
    except HouseError as refused:
        timeline.record(incident, EventKind.NOTE, text=f"Refused: {refused}")


def _resolve(incident: Incident, by: User) -> None:
    for item in ChecklistItem.objects.filter(incident=incident, gates=Status.RESOLVED):
        incidents.tick(item.pk, done=True, by=by, via=Via.ENGINE)
    incidents.record_resolution(incident.pk, by=by, via=Via.ENGINE, verified=True)
    incidents.resolve(incident.pk, by=by, via=Via.ENGINE)


def _somebody(incident: Incident) -> User:
    """Who answers: a person made for it, who is gone with the rest."""
    person = User.objects.create_user(f"somebody@{SIMULATED}.invalid", name="Somebody")
    incidents.involve(incident, person, reason="answers")
    return person


def _next(incident: Incident) -> Timer | None:
    own = Timer.objects.filter(subject__regex=rf"^incident:{incident.pk}(:|$)", state=State.PENDING)
    return own.order_by("due_at", "pk").first()


def _story(incident: Incident) -> Iterator[Moment]:
    events = [
        Moment(
            event.at,
            _minute(incident, event.at),
            event.kind,
            event.text.replace(str(incident), "The incident"),
            level=event.data.get("level"),
            round=event.data.get("round"),
        )
        for event in incident.timeline.all()
    ]
    rounds = {(event.level, event.at): event.round for event in events if event.kind == EventKind.LEVEL_FIRED}
    notifications = Notification.objects.filter(incident=incident).select_related("person")
    for notification in notifications.prefetch_related("deliveries").order_by("pk"):
        told = tuple(
            Told(str(notification.person), notification.kind, delivery.channel, delivery.address)
            for delivery in notification.deliveries.all()
            if delivery.channel != Channel.IN_APP
        )
        events.append(
            Moment(
                notification.created_at,
                _minute(incident, notification.created_at),
                notification.kind,
                f"{notification.get_kind_display()} to {notification.person}",
                told,
                level=notification.level,
                round=rounds.get((notification.level, notification.created_at)),
            )
        )
    events[1:1] = _ends_of_planning(incident, until=max(event.at for event in events))
    yield from sorted(events, key=lambda moment: moment.at)


def _ends_of_planning(incident: Incident, *, until: datetime) -> Iterator[Moment]:
    """Where the shifts of a roster that the incident asks end before ``until``: then nobody is found on call."""
    ends = _asked(incident).annotate(planned=Max("shifts__during__endswith")).values_list("name", "planned")
    for roster, planned in ends:
        if planned is not None and planned < until:
            at = max(planned, incident.declared_at)
            text = f"No shifts of {roster} are planned after {planned.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
            yield Moment(at, _minute(incident, at), "not_planned", f"{text}: nobody is found on call there.")


def _asked(incident: Incident) -> QuerySet[Roster]:
    """The rosters of which the incident's chain and roles ask who is on call."""
    targets = [target for level in escalation.levels_of(incident) for target in level.targets]
    asked = Q(pk__in=[target["id"] for target in targets if target["kind"] in ROSTERED])
    asked |= Q(pk__in=RoleCandidate.objects.filter(Q(team=incident.team) | Q(team=None)).values("roster"))
    if any(target["kind"] == TargetKind.ON_CALL for target in targets):
        asked |= Q(team=incident.team, is_primary=True)
    return Roster.objects.filter(asked, retired_at__isnull=True)


def _minute(incident: Incident, at: datetime) -> float:
    return round((at - incident.declared_at).total_seconds() / 60, 2)
