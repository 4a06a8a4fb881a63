"""Starts runbooks of the procedures in an incident; their steps are ticked like its checklist (R15, R20, R23)."""

from __future__ import annotations

from django.db import transaction
from simple_history.utils import bulk_create_with_history

from apps.core import clock
from apps.core.errors import Invalid, RuleViolation
from apps.incidents import queries, runbooks, timeline
from apps.incidents.actions.locking import locked
from apps.incidents.models import ENDED, ChecklistItem, ChecklistPart, EventKind, Incident, Via
from apps.incidents.runbooks import Runbook
from apps.teams import access
from apps.teams.models import User


@transaction.atomic
def start_runbook(incident_id: int, *, key: str, by: User, via: Via = Via.WEB) -> Incident:
    """Attach the steps of a runbook as the procedures have it now, each to be ticked and annotated.

    One that was started already stays as it is. Raises Invalid for one that the procedures do not have, NotAllowed
    without the right to respond, RuleViolation once it is over.
    """
    incident = locked(incident_id, by=by)
    access.require(by, access.Permission.RESPOND, incident)
    if incident.status in ENDED:
        raise RuleViolation(f"{incident} is {incident.get_status_display().lower()}; no runbook is started for it.")
    book = next((book for book in runbooks.runbooks_of(queries.procedures_in_force()) if book.key == key), None)
    if book is None:
        raise Invalid(f"The procedures have no runbook {key}.", field="runbook")
    if not incident.checklist.filter(runbook=key).exists():
        _attach(incident, book, by=by)
        timeline.record(
            incident, EventKind.RUNBOOK_STARTED, text=f"Runbook started: {book.name}", actor=by, via=via,
            data={"runbook": key},
        )  # fmt: skip
    return incident


def _attach(incident: Incident, book: Runbook, *, by: User) -> None:
    items = [
        ChecklistItem(
            incident=incident, part=ChecklistPart.RUNBOOK, position=position, runbook=book.key, runbook_name=book.name,
            text=step.text, command=step.command,
        )
        for position, step in enumerate(book.steps)
    ]  # fmt: skip
    bulk_create_with_history(items, ChecklistItem, default_user=by, default_date=clock.now())
