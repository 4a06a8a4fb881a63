"""The response roles with their candidates, and the experts (R5, R6)."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Prefetch

from apps.contacts.models import EmergencyContact
from apps.core.durations import parse_delay
from apps.incidents.models import Expert, ResponseRole, RoleCandidate
from apps.procedures import document as said
from apps.procedures.document import Document
from apps.procedures.parts import contacts
from apps.procedures.parts.people import Directory
from apps.procedures.rows import Writer

#: Candidates of every team; those of one team are its managers' business.
_GENERAL = RoleCandidate.objects.filter(team__isnull=True).order_by("position")


def read() -> dict[str, said.Role]:
    """Return the response roles by key."""
    candidates = Prefetch("candidates", _GENERAL.select_related("person", "roster", "contact"), to_attr="general")
    return {
        row.key: said.Role(
            name=row.name,
            responsibilities=tuple(row.responsibilities),
            candidates=tuple(_candidate(candidate) for candidate in row.general),
            backup_after=parse_delay(row.backup_after),
        )
        for row in ResponseRole.objects.prefetch_related(candidates)
    }


def read_experts() -> dict[str, said.Expert]:
    """Return the subject matter experts by key."""
    return {
        row.key: said.Expert(field=row.field, title=row.title, person=row.person.email if row.person else None)
        for row in Expert.objects.select_related("person")
    }


def write(
    document: Document, writer: Writer, *, by_contact: Mapping[str, EmergencyContact], directory: Directory
) -> dict[str, ResponseRole]:
    """Make the roles and their general candidates those of ``document``, and return the roles by key."""
    rows = {row.key: row for row in ResponseRole.objects.all()}
    for position, (key, role) in enumerate(document.roles.items(), start=1):
        rows[key] = writer.put(
            rows.get(key) or ResponseRole(key=key),
            name=role.name,
            responsibilities=list(role.responsibilities),
            position=position,
            backup_after=str(role.backup_after),
        )
        held = {row.position: row for row in _GENERAL.filter(role=rows[key])}
        for place, candidate in enumerate(role.candidates, start=1):
            writer.put(
                held.pop(place) if place in held else RoleCandidate(role=rows[key], team=None, position=place),
                title=candidate.title,
                person=directory.person(candidate.person),
                roster=directory.roster(candidate.roster),
                contact=by_contact[candidate.contact] if candidate.contact else None,
            )
        writer.remove(held.values())
    return rows


def write_experts(document: Document, writer: Writer, *, directory: Directory) -> None:
    """Make the experts those of ``document``."""
    rows = {row.key: row for row in Expert.objects.all()}
    for position, (key, expert) in enumerate(document.experts.items()):
        writer.put(
            rows.pop(key) if key in rows else Expert(key=key),
            field=expert.field,
            title=expert.title,
            position=position,
            person=directory.person(expert.person),
        )
    writer.remove(rows.values())


def _candidate(row: RoleCandidate) -> said.Candidate:
    return said.Candidate(
        title=row.title,
        contact=contacts.reference(row.contact),
        roster=row.roster.slug if row.roster else None,
        person=row.person.email if row.person else None,
    )
