"""What people do about a simulated incident, each so long after its declaration."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from apps.escalation import actions as escalation
from apps.escalation.models import Policy
from apps.incidents import actions as incidents
from apps.incidents.models import ChecklistItem, Incident, Status, Via
from apps.notifications import answers as pages
from apps.teams.models import User


@dataclass(frozen=True)
class Answer:
    """What is done so long ``after`` the declaration, by whom; None: by a person who is made for it and responds."""

    after: timedelta
    act: Callable[[Incident, User], object]
    by: User | None = None

    def given_by(self, person: User) -> Answer:
        """The same, done by that person, with the rights that they have."""
        return replace(self, by=person)


def acknowledged(after: timedelta) -> Answer:
    """Somebody takes it on."""
    return Answer(after, lambda incident, by: incidents.acknowledge(incident.pk, by=by, via=Via.ENGINE))


def declined(after: timedelta, *, by: User) -> Answer:
    """``by``, who was paged, says that they cannot take it on."""
    return Answer(after, lambda incident, by: pages.decline_incident(incident.pk, by=by, via=Via.ENGINE), by)


def reassigned(after: timedelta, *, people: Iterable[User] = (), policy: Policy | None = None) -> Answer:
    """Somebody hands it to ``people``, or to the chain of ``policy``."""
    wanted = list(people)

    def act(incident: Incident, by: User) -> object:
        return escalation.reassign(incident.pk, people=wanted, policy=policy, reason="Simulated", by=by, via=Via.ENGINE)

    return Answer(after, act)


def escalated(after: timedelta, *, level: int | None = None) -> Answer:
    """Somebody raises it to ``level``, or to the lowest that was not paged yet."""
    return Answer(
        after,
        lambda incident, by: escalation.escalate(incident.pk, level=level, reason="Simulated", by=by, via=Via.ENGINE),
    )


def held(after: timedelta, *, minutes: int) -> Answer:
    """Somebody holds the escalation for so many minutes."""
    return Answer(after, lambda incident, by: escalation.hold(incident.pk, minutes=minutes, by=by, via=Via.ENGINE))


def hold_ended(after: timedelta) -> Answer:
    """Somebody ends the hold before its time."""
    return Answer(after, lambda incident, by: escalation.end_hold(incident.pk, by=by, via=Via.ENGINE))


def noted(after: timedelta) -> Answer:
    """Somebody writes what they know: whoever does anything breaks the silence."""
    return Answer(after, lambda incident, by: incidents.add_note(incident.pk, text="Simulated", by=by, via=Via.ENGINE))


def resolved(after: timedelta) -> Answer:
    """Somebody resolves it, with everything done that gates the resolution."""
    return Answer(after, _resolve)


def _resolve(incident: Incident, by: User) -> None:
    for item in ChecklistItem.objects.filter(incident=incident, gates=Status.RESOLVED):
        incidents.tick(item.pk, done=True, by=by, via=Via.ENGINE)
    incidents.record_resolution(incident.pk, by=by, via=Via.ENGINE, verified=True)
    incidents.resolve(incident.pk, by=by, via=Via.ENGINE)
