"""The escalation chains, and what raises an incident by hand (R9 to R13)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, cast

from apps.contacts.models import EmergencyContact
from apps.escalation import queries as escalation
from apps.escalation import versions
from apps.escalation.models import Level, LevelTarget, Policy, TargetKind, Trigger
from apps.escalation.models.policies import REFERENCES
from apps.incidents.models import ResponseRole, Severity
from apps.procedures import document as said
from apps.procedures.document import Document
from apps.procedures.parts import contacts
from apps.procedures.parts.people import Directory
from apps.procedures.rows import Writer


@dataclass(frozen=True)
class Read:
    """The chains in force: those of every team by severity, which of them repeat, and those of services and teams."""

    general: dict[str, tuple[said.Level, ...]]
    repeats: dict[str, said.Repeat]
    asks_again: dict[str, timedelta]
    policies: tuple[said.Policy, ...] | None


def read() -> Read:
    """Return the chains of the severities in use, in a constant number of queries."""
    rows = list(escalation.policies().filter(severity__is_active=True))
    general = [row for row in rows if row.team_id is None and row.service_id is None]
    scoped = in_order(_policy(row) for row in rows if row not in general)
    return Read(
        general={row.severity.code: _levels(row) for row in general},
        repeats={
            row.severity.code: said.Repeat(repeats=row.repeats, repeat_every=row.repeat_every)
            for row in general
            if row.repeats and row.repeat_every is not None
        },
        asks_again={row.severity.code: row.asks_again_after for row in general if row.asks_again_after is not None},
        policies=scoped or None,
    )


def in_order(policies: Iterable[said.Policy]) -> tuple[said.Policy, ...]:
    """Return policies in the order in which documents are compared: their own order says nothing."""
    return tuple(sorted(policies, key=lambda policy: (policy.severity, policy.service or "", policy.team or "")))


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
        """Make the chains those of ``document``. Running escalations keep the snapshot that they began with.

        The chains of services and teams stay as they are where the document does not speak of them at all.
        """
        rows = {(row.severity_id, row.service_id, row.team_id): row for row in Policy.objects.all()}
        for code, levels in document.escalation.items():
            key = (self._severities[code].pk, None, None)
            repeat = document.escalation_repeats.get(code)
            self._write_policy(
                rows.pop(key, Policy()),
                levels,
                severity=self._severities[code],
                repeats=repeat.repeats if repeat else 0,
                repeat_every=repeat.repeat_every if repeat else None,
                asks_again_after=document.escalation_asks_again.get(code),
            )
        if document.escalation_policies is None:
            return
        for policy in document.escalation_policies:
            severity, service = self._severities[policy.severity], self._directory.service(policy.service)
            team = self._directory.team(policy.team)
            self._write_policy(
                rows.pop((severity.pk, service.pk if service else None, team.pk if team else None), Policy()),
                policy.levels,
                severity=severity,
                service=service,
                team=team,
                repeats=policy.repeats,
                repeat_every=policy.repeat_every,
                asks_again_after=policy.asks_again_after,
            )
        no_longer = [row for row in rows.values() if row.team_id is not None or row.service_id is not None]
        for row in no_longer:
            versions.lock(row.pk)
        self._writer.remove(no_longer)

    def _write_policy(self, row: Policy, levels: tuple[said.Level, ...], **values: Any) -> None:
        if row.pk is not None:
            versions.lock(row.pk)
        policy = self._writer.put(row, **values)
        held = {level.number: level for level in policy.levels.all()}
        for level in levels:
            self._write_level(
                held.pop(level.level) if level.level in held else Level(policy=policy, number=level.level), level
            )
        self._writer.remove(held.values())

    def _write_level(self, row: Level, level: said.Level) -> None:
        self._writer.put(
            row, name=level.name, after=level.after, unless=level.unless,
            outside_hours=level.outside_hours, round_robin=level.round_robin,
        )  # fmt: skip
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
            TargetKind.NEXT: self._directory.roster(target.next_of),
            TargetKind.TEAM: self._directory.team(target.team),
            TargetKind.WEBHOOK: self._directory.webhook(target.webhook),
        }
        kind = next((kind for kind, row in named.items() if row is not None), TargetKind.ON_CALL)
        references: dict[str, Any] = dict.fromkeys(REFERENCES.values())
        if kind in REFERENCES:
            references[REFERENCES[kind]] = named[kind]
        return {"kind": kind.value, "outside_hours": target.outside_hours, **references}


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


def _policy(row: Policy) -> said.Policy:
    return said.Policy(
        severity=row.severity.code,
        service=row.service.slug if row.service else None,
        team=row.team.slug if row.team else None,
        repeats=row.repeats,
        repeat_every=row.repeat_every if row.repeats else None,
        asks_again_after=row.asks_again_after,
        levels=_levels(row),
    )


def _levels(row: Policy) -> tuple[said.Level, ...]:
    return tuple(_level(level) for level in row.levels.all())


def _level(row: Level) -> said.Level:
    return said.Level(
        level=row.number,
        name=row.name,
        after=row.after,
        unless=cast("Literal['acknowledged', 'resolved']", row.unless),
        targets=tuple(_target(target) for target in row.targets.all()),
        outside_hours=cast("Literal['page', 'wait', 'other']", row.outside_hours),
        round_robin=row.round_robin,
    )


def _target(row: LevelTarget) -> said.LevelTarget:
    return said.LevelTarget(
        oncall="team" if row.kind == TargetKind.ON_CALL else None,
        roster=row.roster.slug if row.roster and row.kind == TargetKind.ROSTER else None,
        next_of=row.roster.slug if row.roster and row.kind == TargetKind.NEXT else None,
        team=row.team.slug if row.team else None,
        role=row.role.key if row.role else None,
        contact=contacts.reference(row.contact),
        person=row.person.email if row.person else None,
        webhook=row.webhook.slug if row.webhook else None,
        outside_hours=row.outside_hours,
    )
