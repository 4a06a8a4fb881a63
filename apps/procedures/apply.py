"""Applies a procedures document: what it says is in force from then on, all of it or nothing of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db import transaction

from apps.core.errors import Conflict
from apps.incidents.models import ProceduresOrigin, ProceduresRevision
from apps.procedures import current, revisions, structure
from apps.procedures.diff import Change, changes, touching
from apps.procedures.document import Document
from apps.procedures.parts import alerting, chains, checklists, contacts, messages, organisation, roles, severities
from apps.procedures.parts.people import Directory
from apps.procedures.rows import Writer
from apps.teams.models import User


class EditedMeanwhile(Conflict):
    """The document would overwrite what was edited in the admin since a document was last applied."""

    def __init__(self, overwritten: Sequence[Change]) -> None:
        self.overwritten = tuple(overwritten)
        listed = "\n".join(f"  {change}" for change in overwritten)
        super().__init__(
            f"This would overwrite what was edited in the admin since the last apply:\n{listed}\n"
            "Take the edits over into the file (`procedures export`), or overwrite them with --force."
        )


@dataclass(frozen=True)
class Plan:
    """What applying a document changes, and which of these changes overwrite an edit made in the admin."""

    changes: tuple[Change, ...]
    overwrites: tuple[Change, ...]


@dataclass(frozen=True)
class Applied:
    """What applying a document changed, and the revision it made; None if it changed nothing."""

    changes: tuple[Change, ...]
    revision: ProceduresRevision | None


def plan(document: Document) -> Plan:
    """Return what applying ``document`` would change, and change nothing."""
    in_force = current.document()
    now = {} if in_force is None else structure.plain(in_force)
    untouched = {"escalation_policies"} if document.escalation_policies is None else set()
    compared = {key: content for key, content in now.items() if key not in untouched}
    wanted = tuple(changes(compared, structure.plain(_comparable(document))))
    if in_force is None:
        return Plan(wanted, ())
    edited = list(changes(revisions.last_applied() or {}, now))
    return Plan(wanted, tuple(change for change in wanted if touching(change, edited)))


def _comparable(document: Document) -> Document:
    """The document with its policies in the order in which they are read back; none at all and no word are one."""
    return replace(document, escalation_policies=chains.in_order(document.escalation_policies or ()) or None)


@transaction.atomic
def apply(document: Document, *, by: User | None = None, force: bool = False) -> Applied:
    """Put ``document`` in force, in one transaction; applying it again changes nothing (R36).

    What incidents refer to is retired, never deleted; incidents that run keep their chain, clocks and checklist.
    Raises EditedMeanwhile if it would overwrite an edit made in the admin and ``force`` is not set, Invalid if it
    names a person or roster that does not exist.
    """
    revisions.lock()
    planned = plan(document)
    if planned.overwrites and not force:
        raise EditedMeanwhile(planned.overwrites)
    _write(document, Writer(by, f"procedures {document.version} applied"))
    revision = revisions.record(ProceduresOrigin.FILE, by=by)
    return Applied(planned.changes, revision)


def _write(document: Document, writer: Writer) -> None:
    directory = Directory(document)
    organisation.write(document, writer)
    by_code = severities.write(document, writer)
    by_contact = contacts.write(document)
    contacts.write_external(document)
    by_role = roles.write(document, writer, by_contact=by_contact, directory=directory)
    roles.write_experts(document, writer, directory=directory)
    chains.Chains(writer, severities=by_code, roles=by_role, by_contact=by_contact, directory=directory).write(document)
    chains.write_triggers(document, writer)
    messages.write(document, writer, severities=by_code)
    checklists.write(document, writer)
    checklists.write_questions(document, writer)
    alerting.write(document, writer, severities=by_code)
