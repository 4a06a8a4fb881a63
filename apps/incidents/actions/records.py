"""Records what is known of an incident: notes, its impact, its fix."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.catalog.models import Service
from apps.core import clock as house_clock
from apps.core.errors import Invalid, RuleViolation
from apps.core.history import made_by
from apps.incidents import rules, timeline
from apps.incidents.actions.locking import locked
from apps.incidents.models import CauseField, EventKind, ImpactAssessment, Incident, Resolution, Status, Via
from apps.teams import access
from apps.teams.models import User

IMPACT_FIELDS = (
    "users_affected",
    "customers_affected",
    "availability_percent",
    "revenue_impact",
    "data_integrity",
    "security_implications",
    "media_attention",
    "note",
)


@transaction.atomic
def add_note(incident_id: int, *, text: str, by: User, via: Via = Via.WEB) -> Incident:
    """Put a note on the timeline, at any time of the incident's life.

    Raises Invalid for an empty one, NotAllowed without the right.
    """
    incident = locked(incident_id, by=by)
    access.require(by, access.Permission.RESPOND, incident)
    if not text.strip():
        raise Invalid("A note needs a text.", field="text")
    timeline.record(incident, EventKind.NOTE, text=text.strip(), actor=by, via=via)
    return incident


@transaction.atomic
def note_cause(incident_id: int, *, about: str, text: str, by: User, via: Via = Via.WEB) -> Incident:
    """Put on the timeline what was found on the way to the root cause, at any time of the incident's life (R20).

    ``about`` is a CauseField: where it was looked. Raises Invalid for an empty text or another field, NotAllowed
    without the right.
    """
    incident = locked(incident_id, by=by)
    access.require(by, access.Permission.RESPOND, incident)
    if about not in CauseField.values:
        raise Invalid(f"A cause is looked for in {', '.join(CauseField.values)}.", field="about")
    if not text.strip():
        raise Invalid("A note needs a text.", field="text")
    field = CauseField(about)
    timeline.record(
        incident, EventKind.CAUSE_NOTED, text=f"{field.label}: {text.strip()}", actor=by, via=via,
        data={"about": field.value, "text": text.strip()},
    )  # fmt: skip
    return incident


@transaction.atomic
def describe(
    incident_id: int,
    *,
    by: User,
    via: Via = Via.WEB,
    title: str | None = None,
    summary: str | None = None,
    services: Iterable[Service] | None = None,
) -> Incident:
    """Say better what the incident is and what it affects (R1); the timeline keeps what was said before.

    What is None stays as it is; a call that changes nothing records nothing. Raises Invalid for an empty title,
    RuleViolation once the record is settled, NotAllowed without the right.
    """
    incident = locked(incident_id, by=by)
    access.require(by, access.Permission.RESPOND, incident)
    if incident.status in (Status.CLOSED, Status.CANCELLED, Status.MERGED):
        raise RuleViolation(f"{incident} is {incident.get_status_display().lower()}; its description is settled.")
    before = _description(incident)
    if title is not None:
        incident.title = rules.title(title)
    if summary is not None:
        incident.summary = summary.strip()
    if services is not None:
        incident.services.set(services)
    after = _description(incident)
    changed = [name for name, value in after.items() if value != before[name]]
    if not changed:
        return incident
    incident.save(update_fields=["title", "summary"])
    timeline.record(
        incident,
        EventKind.DESCRIBED,
        text=f"{by} changed the {' and the '.join(changed)}{_renamed(before, after)}.",
        actor=by,
        via=via,
        data={"before": {name: before[name] for name in changed}, "after": {name: after[name] for name in changed}},
    )
    return incident


@transaction.atomic
def assess_impact(incident_id: int, *, by: User, via: Via = Via.WEB, **known: Any) -> ImpactAssessment:
    """Record what is now known of the impact; what is not named is taken over from the latest assessment (R19).

    Raises Invalid naming the field that cannot be, NotAllowed without the right.
    """
    incident = locked(incident_id, by=by)
    access.require(by, access.Permission.RESPOND, incident)
    if unknown := set(known) - set(IMPACT_FIELDS):
        raise Invalid(f"Unknown: {', '.join(sorted(unknown))}.", field=min(unknown))
    latest = incident.impact_assessments.first()
    before = {field: getattr(latest, field) for field in IMPACT_FIELDS} if latest else {}
    assessment = ImpactAssessment(incident=incident, at=house_clock.now(), by=by, **{**before, **known})
    try:
        assessment.full_clean()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise Invalid(messages[0], field=field) from error
    assessment.save()
    assessment.refresh_from_db()
    told = [
        f"{field.replace('_', ' ')} {known[field]}" for field in IMPACT_FIELDS if known.get(field) not in (None, "")
    ]
    timeline.record(
        incident,
        EventKind.IMPACT_ASSESSED,
        text=f"Impact assessed: {', '.join(told) or 'nothing known'}.",
        actor=by,
        via=via,
        data={"assessment": assessment.pk, "changed": sorted(known)},
    )
    return assessment


@transaction.atomic
def record_resolution(
    incident_id: int,
    *,
    by: User,
    via: Via = Via.WEB,
    reference: str | None = None,
    approved_by: str | None = None,
    verified: bool | None = None,
    unverified_reason: str | None = None,
) -> Resolution:
    """Record the fix, its fast-track approval and its verification, or why it cannot be verified (R21).

    What is None stays as it is. Raises Invalid where verified and a reason against it are both given, RuleViolation
    on an incident that ended without a fix and where a resolved one would lose its verification, NotAllowed without
    the right.
    """
    incident = locked(incident_id, by=by)
    access.require(by, access.Permission.RESPOND, incident)
    if incident.status in (Status.CLOSED, Status.CANCELLED, Status.MERGED):
        raise RuleViolation(f"{incident} is {incident.get_status_display().lower()}; its fix is settled.")
    resolution = incident.resolution
    rests_on_it = incident.status == Status.RESOLVED and resolution.is_verified_or_explained
    made_by(resolution, by)
    given = {
        "reference": reference,
        "approved_by": approved_by,
        "verified": verified,
        "unverified_reason": unverified_reason,
    }
    for field, value in given.items():
        if value is not None:
            setattr(resolution, field, value.strip() if isinstance(value, str) else value)
    if verified:
        resolution.unverified_reason = (unverified_reason or "").strip()
    if rests_on_it and not resolution.is_verified_or_explained:
        raise RuleViolation(f"{incident} was resolved on the strength of its verification; reopen it first.")
    if resolution.verified and resolution.unverified_reason:
        raise Invalid("The fix is either verified or there is a reason why not.", field="unverified_reason")
    resolution.updated_by, resolution.updated_at = by, house_clock.now()
    resolution.save()
    timeline.record(
        incident, EventKind.RESOLUTION_RECORDED, text=_told(resolution), actor=by, via=via,
        data={field: value for field, value in given.items() if value is not None},
    )  # fmt: skip
    return resolution


def _description(incident: Incident) -> dict[str, object]:
    services = sorted(incident.services.values_list("slug", flat=True))
    return {"title": incident.title, "summary": incident.summary, "services": services}


def _renamed(before: dict[str, object], after: dict[str, object]) -> str:
    return f": “{before['title']}” is now “{after['title']}”" if before["title"] != after["title"] else ""


def _told(resolution: Resolution) -> str:
    parts = [f"Fix recorded: {resolution.reference}" if resolution.reference else "Fix recorded"]
    if resolution.approved_by:
        parts.append(f"fast track approved by {resolution.approved_by}")
    if resolution.verified:
        parts.append("verified")
    elif resolution.unverified_reason:
        parts.append(f"not verified: {resolution.unverified_reason}")
    return ", ".join(parts) + "."
