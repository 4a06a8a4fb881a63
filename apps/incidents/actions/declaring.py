"""Declares an incident: its number, clocks, checklist and invitations, then the event that starts everything else."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import prefetch_related_objects
from simple_history.utils import bulk_create_with_history

from apps.catalog.models import Service
from apps.core import clock as house_clock
from apps.core.errors import RuleViolation
from apps.core.history import made_by
from apps.incidents import clocks, rules, timeline
from apps.incidents.actions import backups, roles
from apps.incidents.models import (
    ChecklistItem,
    ChecklistTemplateItem,
    ClockName,
    Detection,
    EventKind,
    Incident,
    ProceduresRevision,
    Resolution,
    Severity,
    Via,
)
from apps.teams import access
from apps.teams.models import Team, User


@transaction.atomic
def declare(
    *,
    title: str,
    severity: Severity,
    team: Team,
    by: User | None,
    via: Via,
    summary: str = "",
    services: Iterable[Service] = (),
    detection: Detection = Detection.INTERNAL,
    private: bool = False,
    drill: bool = False,
    follows: Incident | None = None,
    number: int | None = None,
) -> Incident:
    """Declare an incident and return it, numbered (R1 to R6, R14, R15, R36).

    Its response and resolution clocks run from now, the checklist is attached, the primaries of the response roles
    are invited, and the procedures' revision is recorded. ``number`` is given by a simulation, which is taken back and
    must not spend one of the record's. Raises NotAllowed if ``by`` may not respond for ``team``,
    Invalid for an empty title, RuleViolation while no procedures are in force.
    """
    if by is not None:
        access.require_for_team(by, access.Permission.RESPOND, team)
    title = rules.title(title)
    revision = ProceduresRevision.objects.defer("document").first()
    if revision is None:
        raise RuleViolation("No procedures are in force yet: load them with `manage.py procedures apply`.")
    now = house_clock.now()
    incident = Incident(
        pk=number,
        title=title,
        summary=summary,
        severity=severity,
        team=team,
        detection=detection,
        private=private,
        drill=drill,
        procedures=revision,
        declared_at=now,
        declared_by=by,
        response_started_at=now,
        follows=follows,
    )
    made_by(incident, by)
    incident.save(force_insert=True)
    incident.services.add(*services)
    prefetch_related_objects([incident], "services")
    Resolution.objects.create(incident=incident)
    _attach_checklist(incident)
    invited = backups.ask_primaries(incident)
    if by is not None:
        roles.involve(incident, by, reason="declared it")
    timeline.record(
        incident, EventKind.DECLARED, text=_declaration(incident, by), actor=by, via=via, data=_facts(incident)
    )
    targets = {ClockName.RESPONSE: severity.response_time, ClockName.RESOLUTION: severity.resolution_target}
    clocks.start_first(incident, {name: now + target for name, target in targets.items()}, started_at=now)
    backups.announce(incident, invited)
    return incident


def _attach_checklist(incident: Incident) -> None:
    order = {part: index for index, part in enumerate(("initial", "immediate", "short_term", "long_term"))}
    templates = sorted(
        ChecklistTemplateItem.objects.filter(is_active=True), key=lambda item: (order[item.part], item.position)
    )
    items = [
        ChecklistItem(
            incident=incident,
            part=template.part,
            position=template.position,
            text=template.text,
            command=template.command,
            gates=template.gates,
        )
        for template in templates
    ]
    bulk_create_with_history(items, ChecklistItem, default_date=incident.declared_at)


def _declaration(incident: Incident, by: User | None) -> str:
    whom = f" by {by}" if by else ""
    again = f" It follows {incident.follows}." if incident.follows else ""
    return f"{incident} declared as {incident.severity} for the team {incident.team}{whom}: {incident.title}.{again}"


def _facts(incident: Incident) -> dict[str, object]:
    return {
        "severity": incident.severity.code,
        "team": incident.team.slug,
        "services": [service.slug for service in incident.services.all()],
        "detection": incident.detection,
        "follows": incident.follows.reference if incident.follows else None,
    }
