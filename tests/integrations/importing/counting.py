"""What an import leaves in the tables, counted, and a document read without a database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from apps.contacts.models import ContactMethod
from apps.escalation.models import Level, LevelTarget, Policy
from apps.integrations.importing.comparison import Compared, compare
from apps.integrations.importing.document import Place
from apps.integrations.importing.plan import ImportPlan, Outcome
from apps.integrations.models import ImportedReference
from apps.rosters.models import Layer, LayerMember, Override, Restriction, Roster, Shift
from apps.teams.models import Membership, Team, User

WITH_HISTORY = (
    User, Team, Membership, ContactMethod, Roster, Layer, LayerMember, Restriction, Override,
    Policy, Level, LevelTarget,
)  # fmt: skip
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


def rows() -> dict[str, int]:
    """The rows of every table that an import writes, and of their histories."""
    counted = {model.__name__: model.objects.count() for model in (*WITH_HISTORY, Shift, ImportedReference)}
    return counted | {f"history of {model.__name__}": model.history.count() for model in WITH_HISTORY}


def read(reader: Any, document: Any) -> ImportPlan:
    return reader.read(Place(document, ""), now=NOW)


def compared(plan: ImportPlan) -> dict[str, Compared]:
    return {each.name: each for each in compare(plan)}


def said(plan: ImportPlan, outcome: Outcome) -> list[str]:
    return [f"{note.where}: {note.text}" for note in plan.notes if note.outcome == outcome]
