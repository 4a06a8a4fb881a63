"""What happened to a simulated incident, told moment by moment."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Max, Q, QuerySet

from apps.escalation import queries as escalation
from apps.escalation.models import TargetKind
from apps.incidents.models import EventKind, Incident, RoleCandidate
from apps.notifications.models import Channel, Notification
from apps.rosters.models import Roster

#: The kind of the last moment of what was cut off.
CUT_OFF = "cut_off"
#: The kind of a moment from which on a roster has no shifts yet.
NOT_PLANNED = "not_planned"
#: What the simulated incident is called where a text must have a number; it never is one.
NUMBERLESS = "INC-SIMULATED"
#: Targets that ask a roster.
ROSTERED = (TargetKind.ROSTER, TargetKind.NEXT)


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


def of(incident: Incident, *, too_much: str) -> Iterator[Moment]:
    """Everything that happened to ``incident``, in order; ``too_much`` says why it was cut off, if it was."""
    events = [
        Moment(
            event.at,
            _minute(incident, event.at),
            event.kind,
            _without_its_number(event.text, incident),
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
    if too_much:
        text = f"Cut off here: {too_much}, and what follows is not simulated."
        events.append(Moment(last, _minute(incident, last), CUT_OFF, text))
    yield from sorted(events, key=lambda moment: moment.at)


def _without_its_number(text: str, incident: Incident) -> str:
    """The same whichever number was drawn."""
    named = re.sub(rf"(?<![/\w]){incident}(?!\w)", "The incident", text)
    return named.replace(str(incident), NUMBERLESS)


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
            yield Moment(at, _minute(incident, at), NOT_PLANNED, f"{text}: nobody is found on call there.")


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
