"""What people do about a simulated incident, each so long after its declaration."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from apps.escalation import actions as escalation
from apps.escalation.models import Policy
from apps.incidents import actions as incidents
from apps.incidents.models import ChecklistItem, Incident, Severity, Status, Via
from apps.notifications import answers as pages
from apps.teams.models import User

#: What an assessment says that states each fact which may raise an incident (R10).
STATED: Mapping[str, Mapping[str, object]] = {
    "several_customers": {"customers_affected": 2},
    "revenue": {"revenue_impact": Decimal(1)},
    "security": {"security_implications": True},
    "media": {"media_attention": True},
}


@dataclass(frozen=True)
class Answer:
    """What is done so long ``after`` the declaration, by whom.

    None: by whoever was paged first and did not decline; before anybody was, by a person who is made for it.
    """

    after: timedelta
    act: Callable[[Incident, User], object]
    by: User | None = None

    def given_by(self, person: User) -> Answer:
        """The same, done by that person, with the rights that they have."""
        return replace(self, by=person)


def acknowledged(after: timedelta) -> Answer:
    """Somebody takes it on."""
    return Answer(after, lambda incident, by: incidents.acknowledge(incident.pk, by=by, via=Via.ENGINE))


def declined(after: timedelta, *, by: User | None = None) -> Answer:
    """``by``, who was paged, says that they cannot take it on."""
    return Answer(after, lambda incident, by: pages.decline_incident(incident.pk, by=by, via=Via.ENGINE), by)


def reassigned(after: timedelta, *, people: Iterable[User] = (), policy: Policy | None = None) -> Answer:
    """Somebody hands it to ``people``, or to the chain of ``policy``."""
    wanted = list(people)

    def act(incident: Incident, by: User) -> object:
        return escalation.reassign(incident.pk, people=wanted, policy=policy, reason="Simulated", by=by, via=Via.ENGINE)

    return Answer(after, act)


def asked(after: timedelta, *, people: Iterable[User]) -> Answer:
    """Somebody asks ``people`` to respond as well; who then acknowledges comes, who declines does not."""
    wanted = list(people)
    return Answer(
        after, lambda incident, by: incidents.ask_responders(incident.pk, people=wanted, by=by, via=Via.ENGINE)
    )


def escalated(after: timedelta, *, level: int | None = None, trigger: str | None = None) -> Answer:
    """Somebody raises it to ``level``, to the one that ``trigger`` names, or to the lowest that was not paged yet."""

    def act(incident: Incident, by: User) -> object:
        return escalation.escalate(incident.pk, level=level, trigger=trigger, reason="Simulated", by=by, via=Via.ENGINE)

    return Answer(after, act)


def assessed(after: timedelta, *, facts: Iterable[str]) -> Answer:
    """Somebody assesses the impact: each of ``facts`` holds, and may raise the incident."""
    known = {field: value for fact in facts for field, value in STATED[fact].items()}
    return Answer(after, lambda incident, by: incidents.assess_impact(incident.pk, by=by, via=Via.ENGINE, **known))


def taken(after: timedelta, *, role: str) -> Answer:
    """Somebody takes the response role, so that no backup is asked for it."""
    return Answer(
        after, lambda incident, by: incidents.assign_role(incident.pk, role=role, person=by, by=by, via=Via.ENGINE)
    )


def changed(after: timedelta, *, severity: Severity) -> Answer:
    """Somebody gives it another severity, with its chain and clocks."""

    def act(incident: Incident, by: User) -> object:
        return incidents.change_severity(incident.pk, severity=severity, reason="Simulated", by=by, via=Via.ENGINE)

    return Answer(after, act)


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


def reopened(after: timedelta) -> Answer:
    """Somebody finds that it is not over: the chain begins anew."""
    return Answer(after, lambda incident, by: incidents.reopen(incident.pk, reason="Simulated", by=by, via=Via.ENGINE))


def cancelled(after: timedelta) -> Answer:
    """Somebody finds that it was none."""
    return Answer(after, lambda incident, by: incidents.cancel(incident.pk, reason="Simulated", by=by, via=Via.ENGINE))


def _resolve(incident: Incident, by: User) -> None:
    for item in ChecklistItem.objects.filter(incident=incident, gates=Status.RESOLVED):
        incidents.tick(item.pk, done=True, by=by, via=Via.ENGINE)
    incidents.record_resolution(incident.pk, by=by, via=Via.ENGINE, verified=True)
    incidents.resolve(incident.pk, by=by, via=Via.ENGINE)
