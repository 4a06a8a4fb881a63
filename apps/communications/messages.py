"""The words of a message: the template that fits, filled with the incident's facts (R27)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import F, Q

from apps.communications import rules
from apps.communications.models import Audience, MessageTemplate
from apps.core.zones import zone_or_utc
from apps.incidents import queries as incidents
from apps.incidents.models import Incident


@dataclass(frozen=True)
class Draft:
    """A message as a template makes it, before a person touched it."""

    subject: str
    body: str


def draft(incident: Incident, *, audience: str, phase: str, next_update_at: datetime | None) -> Draft | None:
    """Fill the template for the occasion, the severity's own before the general one; None without either."""
    template = (
        MessageTemplate.objects.filter(Q(severity=incident.severity) | Q(severity=None), audience=audience, phase=phase)
        .order_by(F("severity").asc(nulls_last=True))
        .first()
    )
    if template is None:
        return None
    known = facts(incident, audience=audience, next_update_at=next_update_at)
    return Draft(subject=rules.fill(template.subject, known), body=rules.fill(template.body, known).strip())


def subject(incident: Incident) -> str:
    """The subject of a message that has no template."""
    return f"[{incident.severity.code}] {incident} {incident.get_status_display().lower()}: {incident.title}"


def marked(incident: Incident, subject: str) -> str:
    """The subject as it leaves the house: a drill says so."""
    return f"DRILL {subject}" if incident.drill else subject


def facts(incident: Incident, *, audience: str, next_update_at: datetime | None) -> dict[str, str]:
    """What each placeholder becomes. Times are in the zone of the incident's team; customers read no figures."""
    commander = incidents.holder_of(incident, "commander")
    return {
        "title": incident.title,
        "reference": incident.reference,
        "severity": str(incident.severity) if audience == Audience.INTERNAL else incident.severity.label,
        "status": incident.get_status_display().lower(),
        "impact": _figures(incident) if audience == Audience.INTERNAL else incident.severity.impact,
        "next_update": local_time(incident, next_update_at) if next_update_at else "when it is resolved",
        "url": f"{settings.SITE_URL}{incident.get_absolute_url()}",
        "services": ", ".join(service.name for service in incident.services.all()) or "not known yet",
        "team": str(incident.team),
        "commander": str(commander) if commander else "nobody yet",
    }


def local_time(incident: Incident, instant: datetime) -> str:
    """``instant`` as the incident's team reads it, with its zone."""
    return f"{instant.astimezone(zone_or_utc(incident.team.time_zone)):%Y-%m-%d %H:%M %Z}"


def _figures(incident: Incident) -> str:
    """The latest assessment in words, or what the severity says as long as nobody assessed it (R19)."""
    assessment = incident.impact_assessments.first()
    if assessment is None:
        return incident.severity.impact
    figures = {
        "{} users affected": assessment.users_affected,
        "{} customers affected": assessment.customers_affected,
        "availability {:f} %": assessment.availability_percent,
        "estimated revenue impact {}": assessment.revenue_impact,
    }
    told = [text.format(figure) for text, figure in figures.items() if figure is not None]
    return ", ".join(told) or assessment.note or incident.severity.impact
