"""Tries the procedures out: declares an incident, lets its time pass, answers when asked to, and takes all of it back.

What happens is what the engine would do, because it is the engine's own handlers that do it, within one transaction
that is rolled back; only the incident's own timers are touched, no message is sent, and nobody loses a turn by it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Max, Q, QuerySet

from apps.catalog.models import Service
from apps.core import clock
from apps.core.errors import HouseError, Invalid
from apps.engine.models import State, Timer
from apps.engine.registry import handler_of
from apps.escalation import queries as escalation
from apps.escalation import turns
from apps.escalation.models import TargetKind
from apps.incidents import actions as incidents
from apps.incidents import timeline
from apps.incidents.models import (
    Detection,
    EventKind,
    Incident,
    RoleCandidate,
    Severity,
    Via,
)
from apps.notifications.actions import DELIVER
from apps.notifications.models import Channel, Notification
from apps.procedures.answers import Answer
from apps.rosters.models import Roster
from apps.teams.models import User

#: The number of the simulated incident, far beyond those of the record: none of them is spent on it.
SIMULATED = 10**18 - 1
#: Nothing is simulated for longer after the last level: by then every clock has run out.
HORIZON = timedelta(days=14)
#: What nobody answers may repeat for ever: after so many moments the simulation ends, and its last one says so.
MOST_MOMENTS = 500
#: The kind of that last moment.
CUT_OFF = "cut_off"
#: Targets that ask a roster.
ROSTERED = (TargetKind.ROSTER, TargetKind.NEXT)
#: A declaration further from now than this is a slip of the pen, and its clocks may have no date at all.
FURTHEST = timedelta(days=3660)


@dataclass(frozen=True)
class Told:
    """One person who would be told, by what, and how many minutes after the moment: by their own steps."""

    person: str
    kind: str
    channel: str
    address: str
    after: float = 0.0


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


def simulate(severity: Severity, service: Service, *, at: datetime, answers: Iterable[Answer] = ()) -> list[Moment]:
    """Everything that would happen to an incident of ``severity`` declared for ``service`` at ``at`` (aware), answered
    as ``answers`` say and else left alone, in order, until nothing is due any more. Changes nothing, sends nothing.

    What is due at the instant of an answer happens before it. Where it goes on beyond the shifts that are planned it
    says so. After MOST_MOMENTS it breaks off, and the last moment, of the kind CUT_OFF, says so; later answers are not
    given. Raises Invalid for an ``at`` ten years from now.
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
    left = _let_pass(incident, answers, somebody)
    yield from _story(incident, cut_off=left is None)


def _let_pass(incident: Incident, answers: Sequence[Answer], somebody: User) -> int | None:
    """Let the answers be given at their time, and then as much time pass as there is to say something about.

    Returns how many more timers could be done, None where there were more than MOST_MOMENTS of them.
    """
    at, most = incident.declared_at, MOST_MOMENTS
    for answer in answers:
        left = _do_what_is_due(incident, until=at + answer.after, most=most)
        if left is None:
            return None
        most = left
        with clock.stands_at(at + answer.after):
            _answer(incident, answer, answer.by or somebody)
    last = incident.escalation_runs.aggregate(last=Max("levels__due_at"))["last"] or at
    return _do_what_is_due(incident, until=max(last, at) + HORIZON, most=most)


def _do_what_is_due(incident: Incident, *, until: datetime, most: int) -> int | None:
    """Do what is due, in order, up to and including ``until``; as many timers as ``most`` at most.

    Returns how many are left of ``most``, None where more were due.
    """
    now = incident.declared_at
    while (timer := _next(incident)) is not None and timer.due_at <= until:
        if most == 0:
            return None
        most -= 1
        now = max(now, timer.due_at)
        timer.state = State.DONE
        timer.finished_at = now
        timer.save(update_fields=["state", "finished_at"])
        handler = handler_of(timer.kind)
        if handler is not None and timer.kind not in DELIVER.values():
            with clock.stands_at(now):
                handler.function(timer)
    return most


def _answer(incident: Incident, answer: Answer, by: User) -> None:
    """Let somebody answer; what the rules refuse them is said instead."""
    try:
        answer.act(incident, by)
    except HouseError as refused:
        timeline.record(incident, EventKind.NOTE, text=f"Refused: {refused}")


def _somebody(incident: Incident) -> User:
    """Who answers: a person made for it, who is gone with the rest."""
    person = User.objects.create_user(f"somebody@{SIMULATED}.invalid", name="Somebody")
    incidents.involve(incident, person, reason="answers")
    return person


def _next(incident: Incident) -> Timer | None:
    own = Timer.objects.filter(subject__regex=rf"^incident:{incident.pk}(:|$)", state=State.PENDING)
    return own.order_by("due_at", "pk").first()


def _story(incident: Incident, *, cut_off: bool) -> Iterator[Moment]:
    events = [
        Moment(
            event.at,
            _minute(incident, event.at),
            event.kind,
            re.sub(rf"(?<![/\w]){incident}(?!\w)", "The incident", event.text),
            level=event.data.get("level"),
            round=event.data.get("round"),
        )
        for event in incident.timeline.all()
    ]
    rounds = _rounds(incident)
    notifications = Notification.objects.filter(incident=incident).select_related("person")
    for notification in notifications.prefetch_related("deliveries").order_by("pk"):
        told = tuple(_steps(notification))
        events.append(
            Moment(
                notification.created_at,
                _minute(incident, notification.created_at),
                notification.kind,
                f"{notification.get_kind_display()} to {notification.person}",
                told,
                level=notification.level,
                round=next(rounds[notification.level, notification.created_at, notification.person_id], None),
            )
        )
    last = max(event.at for event in events)
    events[1:1] = _ends_of_planning(incident, until=last)
    if cut_off:
        text = f"Cut off here: more than {MOST_MOMENTS} things would happen, and what follows is not simulated."
        events.append(Moment(last, _minute(incident, last), CUT_OFF, text))
    yield from sorted(events, key=lambda moment: moment.at)


def _steps(notification: Notification) -> Iterator[Told]:
    """By what the person would be told and when, without the steps that an answer spared them."""
    stopped_at = notification.stopped_at
    for delivery in sorted(notification.deliveries.all(), key=lambda each: (each.due_at, each.position)):
        if delivery.channel == Channel.IN_APP or (stopped_at is not None and delivery.due_at > stopped_at):
            continue
        after = round((delivery.due_at - notification.created_at).total_seconds() / 60, 2)
        yield Told(str(notification.person), notification.kind, delivery.channel, delivery.address, after)


def _rounds(incident: Incident) -> Mapping[tuple[int | None, datetime, int], Iterator[int]]:
    """In which rounds each level paged each person at each instant, in order.

    What several rounds waited for, such as working hours, lets them page at one instant.
    """
    found: defaultdict[tuple[int | None, datetime, int], list[int]] = defaultdict(list)
    decided = (EventKind.LEVEL_FIRED, EventKind.LEVEL_SKIPPED)
    for event in incident.timeline.filter(kind__in=decided).order_by("pk"):
        for person in [*event.data.get("people", []), *event.data.get("endpoints", [])]:
            found[event.data["level"], event.at, person].append(event.data["round"])
    return defaultdict(lambda: iter(()), {paged: iter(rounds) for paged, rounds in found.items()})


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
