"""The escalation chain of each severity, and what raises an incident by hand (R9 to R13)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, cast

from apps.contacts.models import EmergencyContact
from apps.escalation.models import Level, LevelTarget, Policy, TargetKind, Trigger
from apps.incidents.models import ResponseRole, Severity
from apps.procedures import document as said
from apps.procedures.document import Document
from apps.procedures.parts import contacts
from apps.procedures.parts.people import Directory
from apps.procedures.rows import Writer


def read() -> dict[str, tuple[said.Level, ...]]:
    """Return the chains that hold for every team without its own, by the severities in use."""
    policies = Policy.objects.filter(team__isnull=True, severity__is_active=True).select_related("severity")
    targets = (
        "levels__targets__role",
        "levels__targets__contact",
        "levels__targets__person",
        "levels__targets__roster",
    )
    return {
        policy.severity.code: tuple(_level(level) for level in policy.levels.all())
        for policy in policies.prefetch_related(*targets)
    }


def read_triggers() -> dict[str, said.Trigger]:
    """Return the triggers in use by key."""
    return {
        row.key: said.Trigger(
            kind=cast("Literal['impact', 'technical']", row.kind),
            text=row.text,
            level=row.level,
            shows_external_contacts=row.shows_external_contacts,
        )
        for row in Trigger.objects.filter(is_active=True)
    }


class Chains:
    """Writes the chains of a document. A level is found again by its number, a target by its place."""

    def __init__(
        self,
        writer: Writer,
        *,
        severities: Mapping[str, Severity],
        roles: Mapping[str, ResponseRole],
        by_contact: Mapping[str, EmergencyContact],
        directory: Directory,
    ) -> None:
        self._writer = writer
        self._severities = severities
        self._roles = roles
        self._contacts = by_contact
        self._directory = directory

    def write(self, document: Document) -> None:
        """Make the general chains those of ``document``. Running escalations keep the snapshot that they began with."""
        policies = {policy.severity_id: policy for policy in Policy.objects.filter(team__isnull=True)}
        for code, levels in document.escalation.items():
            severity = self._severities[code]
            policy = policies.get(severity.pk) or self._writer.put(Policy(), severity=severity, team=None)
            held = {level.number: level for level in policy.levels.all()}
            for level in levels:
                self._write_level(
                    held.pop(level.level) if level.level in held else Level(policy=policy, number=level.level), level
                )
            self._writer.remove(held.values())

    def _write_level(self, row: Level, level: said.Level) -> None:
        self._writer.put(row, name=level.name, after=level.after, unless=level.unless)
        held = {target.position: target for target in row.targets.all()}
        for position, target in enumerate(level.targets):
            self._writer.put(
                held.pop(position) if position in held else LevelTarget(level=row, position=position),
                **self._target(target),
            )
        self._writer.remove(held.values())

    def _target(self, target: said.LevelTarget) -> dict[str, Any]:
        named: dict[TargetKind, Any] = {
            TargetKind.ROLE: self._roles[target.role] if target.role else None,
            TargetKind.CONTACT: self._contacts[target.contact] if target.contact else None,
            TargetKind.PERSON: self._directory.person(target.person),
            TargetKind.ROSTER: self._directory.roster(target.roster),
        }
        kind = next((kind for kind, row in named.items() if row is not None), TargetKind.ON_CALL)
        return {"kind": kind.value, **{each.value: row for each, row in named.items()}}


def write_triggers(document: Document, writer: Writer) -> None:
    """Make the triggers in use those of ``document``, the others retired."""
    rows = {row.key: row for row in Trigger.objects.all()}
    for position, (key, trigger) in enumerate(document.triggers.items()):
        writer.put(
            rows.pop(key) if key in rows else Trigger(key=key),
            kind=trigger.kind,
            text=trigger.text,
            level=trigger.level,
            shows_external_contacts=trigger.shows_external_contacts,
            position=position,
            is_active=True,
        )
    writer.retire(rows.values())


def _level(row: Level) -> said.Level:
    return said.Level(
        level=row.number,
        name=row.name,
        after=row.after,
        unless=cast("Literal['acknowledged', 'resolved']", row.unless),
        targets=tuple(
            said.LevelTarget(
                oncall="team" if target.kind == TargetKind.ON_CALL else None,
                roster=target.roster.slug if target.roster else None,
                role=target.role.key if target.role else None,
                contact=contacts.reference(target.contact),
                person=target.person.email if target.person else None,
            )
            for target in row.targets.all()
        ),
    )
