"""The words of pages and notices: short, the worst first, readable at three in the morning."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.urls import reverse

from apps.engine.models import Timer
from apps.incidents.models import Incident, ResponseRole
from apps.teams.models import User


def subject(incident: Incident, occasion: str) -> str:
    """The subject line: severity, number, what happened, and to what."""
    drill = "DRILL " if incident.drill else ""
    return f"{drill}[{incident.severity.code}] {incident} {occasion}: {incident.title}"


def about(incident: Incident, news: str) -> str:
    """A message of one piece of news and the incident's facts."""
    return f"{news}\n\n{facts(incident)}"


def page(incident: Incident, *, level: int, level_name: str, because: str) -> str:
    """What a person reads who is paged by a level of the chain."""
    return about(incident, f"You are paged as level {level}, {level_name}. {because}")


def invitation(incident: Incident, roles: Iterable[ResponseRole]) -> str:
    """What a person reads who is asked to take roles, with what each is responsible for (R5)."""
    lines = []
    for role in roles:
        lines.append(f"You are asked to take the role {role}:")
        lines += [f"- {responsibility}" for responsibility in role.responsibilities]
    return about(incident, "\n".join(lines))


def role_given(incident: Incident, role: ResponseRole, *, by: User | None) -> str:
    """What a person reads who was given a role by somebody else."""
    duties = "\n".join(f"- {responsibility}" for responsibility in role.responsibilities)
    return about(incident, f"{by or 'The engine'} gave you the role {role}:\n{duties}")


def given_up(timer: Timer) -> str:
    """What an administrator reads about something that the engine tried in vain."""
    lines = [
        f"The engine gave up {timer.kind} ({timer.key}), due at {timer.due_at:%Y-%m-%d %H:%M:%S} UTC.",
        *([f"It is about {timer.subject}."] if timer.subject else []),
        f"The last error: {timer.last_error}",
        "",
        "When its cause is mended it can be run again:",
        f"{settings.SITE_URL}{reverse('admin:engine_timer_change', args=[timer.pk])}",
    ]
    return "\n".join(lines)


def facts(incident: Incident) -> str:
    """The incident in a few lines."""
    services = ", ".join(service.name for service in incident.services.all())
    lines = [
        incident.title,
        f"Severity: {incident.severity} ({incident.severity.impact})",
        f"Team: {incident.team}",
        *([f"Services: {services}"] if services else []),
        f"Status: {incident.get_status_display()}, declared {incident.declared_at:%Y-%m-%d %H:%M} UTC",
    ]
    if incident.summary.strip():
        lines += ["", incident.summary.strip()]
    return "\n".join(lines)
