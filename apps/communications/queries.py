"""Reads of communications: when messages are due, to whom they go, what was sent."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet

from apps.communications import messages, rules
from apps.communications.models import Audience, Phase, Update, UpdateSchedule
from apps.core import clock as house_clock
from apps.core.durations import Delay, Targets
from apps.incidents import queries as incidents
from apps.incidents.models import Incident, Severity
from apps.rosters import queries as rosters
from apps.teams.models import Membership, TeamRole, User


def cadence_of(severity: Severity) -> rules.Cadence:
    """When messages about incidents of ``severity`` are due (R24)."""
    schedule = UpdateSchedule.objects.filter(severity=severity).first()
    return schedule.cadence if schedule else rules.UNSCHEDULED


def due_after(incident: Incident, delay: Delay, start: datetime) -> datetime:
    """When ``delay`` after ``start`` is over, by the incident's severity and its team's business calendar."""
    severity = incident.severity
    targets = Targets(response=severity.response_time, resolution=severity.resolution_target)
    return delay.due(start, targets=targets, calendar=incidents.CalendarWhenAsked(incident.team))


def next_phase(incident: Incident, audience: str) -> Phase:
    """Which message to ``audience`` comes next: the first, one more, or the one that says that it is over."""
    if not incident.is_open:
        return Phase.RESOLUTION
    return Phase.UPDATE if updates_of(incident).filter(audience=audience).exists() else Phase.INITIAL


def prefilled(incident: Incident, audience: str) -> str:
    """The text from which the next message to ``audience`` begins, its facts filled in; empty without a template."""
    draft = drafted(incident, audience, next_phase(incident, audience))
    return draft.body if draft else ""


def drafted(incident: Incident, audience: str, phase: str) -> messages.Draft | None:
    """The message that the template for this occasion makes if it is sent now (R27); None without a template."""
    every = cadence_of(incident.severity).every
    following = due_after(incident, every, house_clock.now()) if every is not None and incident.is_open else None
    return messages.draft(incident, audience=audience, phase=phase, next_update_at=following)


def updates_of(incident: Incident) -> QuerySet[Update]:
    """The messages that were sent about the incident, newest first."""
    return Update.objects.filter(incident=incident).select_related("by")


def last_internal_update(incident: Incident) -> Update | None:
    """The latest message to the response team."""
    return updates_of(incident).filter(audience=Audience.INTERNAL).first()


def recipients(incident: Incident) -> list[User]:
    """Who is told of the incident's course: its response team and its team's stakeholders, each once (R24).

    Of a private incident only who may see it.
    """
    stakeholders = Membership.objects.filter(team=incident.team, role=TeamRole.STAKEHOLDER, person__is_active=True)
    told = [membership.person for membership in stakeholders.select_related("person")]
    return list(dict.fromkeys([*incidents.response_team(incident), *incidents.those_who_see(incident, told)]))


def who_communicates(incident: Incident) -> list[User]:
    """Who is reminded of a message: the communications lead, else the commander, else who is on call."""
    return _first_holder(incident, ("communications_lead", "commander")) or _on_call(incident)


def who_commands(incident: Incident) -> list[User]:
    """To whom an overdue message is raised: the commander, or who is on call while nobody commands."""
    return _first_holder(incident, ("commander",)) or _on_call(incident)


def _first_holder(incident: Incident, roles: Iterable[str]) -> list[User]:
    for role in roles:
        if (holder := incidents.holder_of(incident, role)) is not None:
            return [holder]
    return []


def _on_call(incident: Incident) -> list[User]:
    duties = rosters.on_call(at=house_clock.now(), teams=[incident.team])
    people = list(dict.fromkeys(duty.person for duty in duties if duty.person is not None))
    return incidents.those_who_see(incident, people) if incident.private else people
