"""Publishes incidents on the status page, and takes them off again: deeds of their own, never by themselves (R25).

``by`` None is the house itself, of which no right is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from django.db import transaction

from apps.communications import actions as communications
from apps.communications.models import (
    Audience,
    Component,
    Phase,
    Publication,
    PublicStatus,
    PublicUpdate,
    Update,
)
from apps.communications.status_page import queries, rules
from apps.communications.status_page.rules import Notice
from apps.core import clock
from apps.core.errors import Conflict, Invalid, NotAllowed, RuleViolation
from apps.core.history import made_by
from apps.incidents import timeline
from apps.incidents.actions.locking import locked
from apps.incidents.models import EventKind, Incident, Via
from apps.teams.models import User

LONGEST_REASON = Publication._meta.get_field("taken_off_reason").max_length or 0


@transaction.atomic
def publish(
    incident_id: int, notice: Notice, *, by: User | None, via: Via = Via.WEB, update: int | None = None
) -> Publication:
    """Show the incident on the status page as ``notice`` says, or how it goes on there (R25).

    Its message is kept as an update for customers, unless ``update`` names one of the incident's that nobody published
    yet: then everybody reads that one's words. Raises Invalid as ``rules.checked``, for a component that is not shown
    and an update that cannot be published; RuleViolation for a private incident, a drill, and one that was taken off;
    NotAllowed for who does not speak for the incident (``queries.may_publish``).
    """
    incident = locked(incident_id, by=by)
    told, written = _agreed(incident, notice, by=by, update=update)
    publication = _standing(incident, told, by=by)
    words = written or communications.write_update(
        incident, audience=Audience.EXTERNAL, phase=_phase(incident, told), subject=told.name,
        message=told.message, by=by, via=via, status=None,
    )  # fmt: skip
    published = PublicUpdate.objects.create(
        publication=publication, update=words, name=told.name, status=told.status, impact=told.impact,
        components={str(component): status for component, status in told.components.items()},
        by=by, at=publication.changed_at,
    )  # fmt: skip
    timeline.record(
        incident,
        EventKind.PUBLISHED,
        text=f"On the status page, {published.get_status_display().lower()}: {told.name}",
        actor=by,
        via=via,
        data={"publication": publication.code, "published": published.pk, "status": told.status},
    )
    return publication


def rehearse(incident_id: int, notice: Notice, *, by: User | None, update: int | None = None) -> Notice:
    """What ``publish`` would show, without showing it. Raises as it does."""
    return _agreed(Incident.objects.select_related("merged_into").get(pk=incident_id), notice, by=by, update=update)[0]


@transaction.atomic
def take_off(incident_id: int, *, reason: str, by: User | None, via: Via = Via.WEB) -> Publication:
    """Let nobody outside read of the incident any more, for good; where else it was published it is deleted.

    Raises Invalid without a reason, RuleViolation for one that is not on the page, NotAllowed as ``publish``.
    """
    incident = locked(incident_id, by=by)
    _require_right(by, incident)
    reason = " ".join(reason.split())
    if not 0 < len(reason) <= LONGEST_REASON:
        raise Invalid(f"Say why, in at most {LONGEST_REASON} characters.", field="reason")
    publication = Publication.objects.filter(incident=incident, taken_off_at=None).first()
    if publication is None:
        raise RuleViolation(f"{incident} is not on the status page.")
    return _take_off(incident, publication, reason=reason, by=by, via=via)


@transaction.atomic
def withdraw_what_nobody_may_see(incident_id: int) -> None:
    """Take off an incident that became private, or a drill, or a part of such a one, and say so. Twice is once."""
    incident = locked(incident_id)
    publication = Publication.objects.filter(incident=incident, taken_off_at=None).first()
    if publication is not None and (reason := queries.why_hidden(incident)):
        _take_off(incident, publication, reason=reason, by=None, via=Via.ENGINE)


def _take_off(incident: Incident, publication: Publication, *, reason: str, by: User | None, via: Via) -> Publication:
    publication.taken_off_at = publication.changed_at = clock.now()
    publication.taken_off_reason = reason
    made_by(publication, by)
    publication.save()
    timeline.record(
        incident, EventKind.TAKEN_OFF, text=f"Taken off the status page: {reason}", actor=by, via=via,
        data={"publication": publication.code},
    )  # fmt: skip
    return publication


def _agreed(incident: Incident, notice: Notice, *, by: User | None, update: int | None) -> tuple[Notice, Update | None]:
    """The notice as it may be published, and the update whose words it has, if it was written before."""
    _require_right(by, incident)
    _require_public(incident)
    _require_latest(incident, notice)
    written = _unpublished(incident, update) if update is not None else None
    told = rules.checked(notice if written is None else replace(notice, message=written.message))
    _require_shown(told.components)
    return told, written


def _require_right(by: User | None, incident: Incident) -> None:
    if by is not None and not queries.may_publish(by, incident):
        raise NotAllowed(f"{by} does not speak to customers for {incident}: its commander and communications lead do.")


def _require_public(incident: Incident) -> None:
    if reason := queries.why_hidden(incident):
        raise RuleViolation(f"{incident} is never published: {reason}")
    if Publication.objects.filter(incident=incident, taken_off_at__isnull=False).exists():
        raise RuleViolation(f"{incident} was taken off the status page, and stays off.")


def _require_latest(incident: Incident, notice: Notice) -> None:
    """Raises Conflict unless nothing was published since the notice was written: two who speak would contradict."""
    last = queries.last_told(incident)
    if notice.after is not None and last is not None and notice.after != last.pk:
        raise Conflict(
            f"Published meanwhile, {last.get_status_display().lower()}: “{last.name}”. See what it says before you"
            " publish yours."
        )


def _require_shown(components: Mapping[int, str]) -> None:
    known = set(Component.objects.filter(pk__in=components, is_shown=True).values_list("pk", flat=True))
    if unknown := set(components) - known:
        raise Invalid(f"The status page shows no component {min(unknown)}.", field="components")


def _unpublished(incident: Incident, update: int) -> Update:
    found = Update.objects.filter(
        pk=update, incident=incident, audience=Audience.EXTERNAL, published__isnull=True
    ).first()
    if found is None:
        raise Invalid("There is no such update for customers that is still to be published.", field="update")
    return found


def _standing(incident: Incident, told: Notice, *, by: User | None) -> Publication:
    """The publication as it stands from now on."""
    now = clock.now()
    publication = Publication.objects.filter(incident=incident).first()
    if publication is None:
        publication = Publication(incident=incident, published_at=now)
    publication.name, publication.status, publication.impact = told.name, told.status, told.impact
    publication.changed_at = now
    is_resolved = told.status == PublicStatus.RESOLVED
    publication.resolved_at = (publication.resolved_at or now) if is_resolved else None
    made_by(publication, by)
    publication.save()
    return publication


def _phase(incident: Incident, told: Notice) -> Phase:
    if told.status == PublicStatus.RESOLVED:
        return Phase.RESOLUTION
    is_first = not Publication.objects.filter(incident=incident, updates__isnull=False).exists()
    return Phase.INITIAL if is_first else Phase.UPDATE
