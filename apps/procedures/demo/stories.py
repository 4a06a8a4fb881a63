"""The demo's incidents: each is lived through by the house's own actions, with its clock set to that time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Min

from apps.alerts import actions as alerts
from apps.alerts.formats.base import IncomingAlert, fingerprint
from apps.alerts.models import AlertStatus, Integration
from apps.catalog.models import Service
from apps.communications import actions as communications
from apps.communications.models import Audience, Component, ComponentStatus, PublicImpact, PublicStatus
from apps.communications.status_page import actions as status_page
from apps.communications.status_page.rules import Notice
from apps.core import clock
from apps.engine.models import State, Timer
from apps.engine.runner import run_due
from apps.incidents import actions as incidents
from apps.incidents.models import CauseField, ChecklistPart, Detection, Incident, Severity, Status, Via
from apps.postmortems import actions as reviews
from apps.postmortems.models import ActionKind, Answer, Postmortem, Priority
from apps.procedures.demo import organisation
from apps.procedures.demo.organisation import person
from apps.teams.models import User

Step = tuple[timedelta, Callable[[Incident], object]]


@dataclass(frozen=True)
class Story:
    """An incident of the demo: when it was declared, and what was done how long after. Without ``by`` by an alert."""

    ago: timedelta
    title: str
    summary: str
    severity: str
    service: str
    detection: Detection
    steps: tuple[Step, ...]
    by: str | None = None


def tell(stories: Iterable[Story], *, now: datetime) -> None:
    """Live through every story, oldest first, each up to ``now``; what is due after that stays planned."""
    for story in sorted(stories, key=lambda story: story.ago, reverse=True):
        declared_at = now - story.ago
        with clock.stands_at(declared_at):
            incident = _declared(story, person(story.by)) if story.by else _alerted(story)
        reached = declared_at
        for after, step in story.steps:
            reached = _let_pass(reached, until=declared_at + after)
            with clock.stands_at(reached):
                step(incident)
        _let_pass(reached, until=now)


def _declared(story: Story, by: User) -> Incident:
    service = Service.objects.get(slug=story.service)
    return incidents.declare(
        title=story.title,
        summary=story.summary,
        severity=Severity.objects.get(code=story.severity),
        team=service.team,
        by=by,
        via=Via.WEB,
        services=[service],
        detection=story.detection,
    )


def _alerted(story: Story) -> Incident:
    firing = IncomingAlert(
        fingerprint=fingerprint(story.title),
        status=AlertStatus.FIRING,
        title=story.title,
        description=story.summary,
        labels={"severity": story.severity, "component": story.service},
    )
    return _taken_in(firing)


def _taken_in(alert: IncomingAlert) -> Incident:
    alerts.receive(Integration.objects.get(name=organisation.MONITORING), [alert], received_at=clock.now())
    return Incident.objects.get(alerts__fingerprint=alert.fingerprint)


def _let_pass(since: datetime, *, until: datetime) -> datetime:
    """Let the engine do what was due between the two instants, each at its time."""
    instant = since
    while True:
        with clock.stands_at(instant):
            run_due()
        if instant >= until:
            return until
        waiting = Timer.objects.filter(state=State.PENDING, due_at__gt=instant, due_at__lte=until)
        instant = waiting.aggregate(next=Min("due_at"))["next"] or until


def after(days: float = 0, hours: float = 0, minutes: float = 0) -> timedelta:
    return timedelta(days=days, hours=hours, minutes=minutes)


def acknowledged(login: str) -> Callable[[Incident], object]:
    return lambda incident: incidents.acknowledge(incident.pk, by=person(login))


def quiet() -> Callable[[Incident], object]:
    """The alert that declared the incident ends."""

    def end(incident: Incident) -> None:
        alert = incident.alerts.get()
        _taken_in(
            IncomingAlert(
                fingerprint=alert.fingerprint, status=AlertStatus.RESOLVED, title=alert.title, labels=alert.labels
            )
        )

    return end


def takes(login: str, role: str) -> Callable[[Incident], object]:
    return lambda incident: incidents.assign_role(incident.pk, role=role, person=person(login), by=person(login))


def moved(login: str, status: Status, note: str = "") -> Callable[[Incident], object]:
    return lambda incident: incidents.transition(incident.pk, to=status, by=person(login), note=note)


def noted(login: str, text: str) -> Callable[[Incident], object]:
    return lambda incident: incidents.add_note(incident.pk, text=text, by=person(login))


def found(login: str, about: CauseField, text: str) -> Callable[[Incident], object]:
    return lambda incident: incidents.note_cause(incident.pk, about=about, text=text, by=person(login))


def worked_through(login: str, runbook: str, *seen: str) -> Callable[[Incident], object]:
    """The runbook is started, and so many of its first steps are done, each with what was seen."""

    def work(incident: Incident) -> None:
        by = person(login)
        incidents.start_runbook(incident.pk, key=runbook, by=by)
        steps = list(incident.checklist.filter(runbook=runbook).order_by("pk"))
        for item, words in zip(steps, seen, strict=False):
            incidents.tick(item.pk, done=True, seen=words, by=by)

    return work


def ticked(login: str, part: ChecklistPart, count: int | None = None) -> Callable[[Incident], object]:
    def tick(incident: Incident) -> None:
        for item in list(incident.checklist.filter(part=part))[:count]:
            incidents.tick(item.pk, done=True, by=person(login))

    return tick


def assessed(login: str, **known: Any) -> Callable[[Incident], object]:
    return lambda incident: incidents.assess_impact(incident.pk, by=person(login), **known)


def told(login: str, message: str) -> Callable[[Incident], object]:
    return lambda incident: communications.send_update(
        incident.pk, audience=Audience.INTERNAL, message=message, by=person(login)
    )


def published(
    login: str, status: PublicStatus, message: str, *, name: str, impact: PublicImpact, how: ComponentStatus
) -> Callable[[Incident], object]:
    """Everybody is told of it on the status page: how the components of its services are."""

    def publish(incident: Incident) -> None:
        affected = Component.objects.filter(service__in=incident.services.all())
        components = {component.pk: how.value for component in affected}
        status_page.publish(incident.pk, Notice(name, status, impact, message, components), by=person(login))

    return publish


def fixed(login: str, reference: str, *, approved_by: str) -> Callable[[Incident], object]:
    def fix(incident: Incident) -> None:
        by = person(login)
        ticked(login, ChecklistPart.IMMEDIATE)(incident)
        incidents.record_resolution(incident.pk, by=by, reference=reference, approved_by=approved_by, verified=True)
        incidents.resolve(incident.pk, by=by)

    return fix


def confirmed(login: str) -> Callable[[Incident], object]:
    return lambda incident: incidents.confirm_closure(
        incident.pk, by=person(login), note="Stakeholders agree, the channel is archived."
    )


def reviewed(login: str, summary: str, answers: dict[str, str], *, finish: bool = True) -> Callable[[Incident], object]:
    def review(incident: Incident) -> None:
        by = person(login)
        found = Postmortem.objects.get(incident=incident)
        by_key = {answer.key: answer.pk for answer in Answer.objects.filter(postmortem=found)}
        reviews.edit(
            found.pk,
            by=by,
            summary=summary,
            lead=by,
            answers={by_key[key]: text for key, text in answers.items() if key in by_key},
        )
        if finish:
            reviews.finish(found.pk, by=by)

    return review


def action_item(
    login: str, kind: ActionKind, action: str, *, due_in: int, owner: str, priority: Priority, done: bool = False
) -> Callable[[Incident], object]:
    """An item due ``due_in`` days after it is written down."""

    def add(incident: Incident) -> None:
        by: User = person(login)
        item = reviews.add_action_item(
            incident.pk,
            kind=kind,
            action=action,
            due_date=(clock.now() + timedelta(days=due_in)).date(),
            by=by,
            owner=person(owner),
            priority=priority,
        )
        if done:
            reviews.complete_action_item(item.pk, by=by)

    return add


def closed(login: str) -> Callable[[Incident], object]:
    def close(incident: Incident) -> None:
        ticked(login, ChecklistPart.SHORT_TERM)(incident)
        ticked(login, ChecklistPart.LONG_TERM)(incident)
        incidents.close(incident.pk, by=person(login))

    return close
