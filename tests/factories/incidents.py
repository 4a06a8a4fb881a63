"""Procedures that are in force, and incidents that were declared under them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from apps.core import clock
from apps.incidents import actions
from apps.incidents.models import (
    ChecklistItem,
    Incident,
    Procedures,
    ProceduresOrigin,
    ProceduresRevision,
    ResponseRole,
    Severity,
    Via,
)
from apps.teams.models import Team, User

#: Code, label, response time, resolution target.
SEVERITIES = (
    ("P0", "Critical", timedelta(minutes=15), timedelta(hours=2)),
    ("P1", "High", timedelta(minutes=30), timedelta(hours=4)),
    ("P2", "Medium", timedelta(hours=2), timedelta(hours=24)),
    ("P3", "Low", timedelta(hours=8), timedelta(hours=72)),
)
ROLES = ("commander", "technical_lead", "communications_lead")


def make_procedures() -> Procedures:
    """Procedures with four severities and three roles that nobody fills; they work Monday to Friday, 9 to 17."""
    for rank, (code, label, response, resolution) in enumerate(SEVERITIES):
        Severity.objects.create(
            code=code, label=label, rank=rank, impact=f"{label} impact", response_time=response,
            resolution_target=resolution, auto_resolve=code == "P3",
        )  # fmt: skip
    for position, key in enumerate(ROLES):
        ResponseRole.objects.create(
            key=key, name=key.replace("_", " ").title(), position=position, backup_after="response/3"
        )
    ProceduresRevision.objects.create(
        version="1.0", digest="0" * 64, document={}, origin=ProceduresOrigin.FILE, created_at=clock.now()
    )
    return Procedures.objects.create(
        pk=1,
        title="Incident response procedures",
        version="1.0",
        last_updated=date(2026, 1, 29),
        next_review=date(2026, 4, 29),
        owner="Incident Response Team",
        warn_before="response/3",
        closure_within=timedelta(hours=24),
        review_within=timedelta(days=5),
        business_calendar={
            "time_zone": "America/New_York",
            "days": ["mon", "tue", "wed", "thu", "fri"],
            "start": "09:00",
            "end": "17:00",
            "holidays": "US",
        },
    )


def declare(team: Team, by: User | None = None, *, severity: str = "P0", **known: Any) -> Incident:
    """An incident declared now by the action that everybody uses."""
    known = {"title": "Agent pipeline down", "via": Via.WEB, **known}
    return actions.declare(severity=Severity.objects.get(code=severity), team=team, by=by, **known)


def resolve(incident: Incident, by: User) -> Incident:
    """Settle whatever gates the resolution, and resolve."""
    for item in ChecklistItem.objects.filter(incident=incident, gates="resolved"):
        actions.tick(item.pk, done=True, by=by)
    actions.record_resolution(incident.pk, by=by, verified=True)
    return actions.resolve(incident.pk, by=by)
