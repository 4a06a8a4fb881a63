"""Makes a revision of the procedures when they are edited in the admin (contract: every edit makes one)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import models, transaction
from django.db.models.signals import post_delete, post_save
from simple_history.models import HistoricalRecords

from apps.alerts.models import AlertSettings, SeverityRule
from apps.communications.models import MessageTemplate, UpdateSchedule
from apps.contacts.models import EmergencyContact, ExternalContact, ExternalContactPoint
from apps.core import clock
from apps.engine import actions as engine
from apps.escalation.models import Level, LevelTarget, Policy, Trigger
from apps.incidents.models import (
    ChecklistTemplateItem,
    Expert,
    Procedures,
    ProceduresOrigin,
    ResponseRole,
    RoleCandidate,
    Severity,
)
from apps.postmortems.models import ReviewQuestion
from apps.procedures import revisions
from apps.teams.models import User

RECORD_EDIT = "procedures.record_edit"
#: By then the process that made an edit has recorded it, or is gone.
MISSED_AFTER = timedelta(seconds=30)

#: Every table that a procedures document is made of.
POLICY: tuple[type[models.Model], ...] = (
    AlertSettings,
    ChecklistTemplateItem,
    EmergencyContact,
    Expert,
    ExternalContact,
    ExternalContactPoint,
    Level,
    LevelTarget,
    MessageTemplate,
    Policy,
    Procedures,
    ResponseRole,
    ReviewQuestion,
    RoleCandidate,
    Severity,
    SeverityRule,
    Trigger,
    UpdateSchedule,
)


def watch() -> None:
    """Listen for edits of the procedures' tables."""
    for model in POLICY:
        for signal in (post_save, post_delete):
            signal.connect(_edited, sender=model, dispatch_uid=f"procedures.{model.__name__}.{id(signal)}")


def _edited(**_: Any) -> None:
    """Record a revision once the edit is committed: one, however many rows it touched.

    The timer is for the process that ends between its commit and the revision.
    """
    connection = transaction.get_connection()
    within = set(connection.savepoint_ids)
    if any(planned is record_edit and ids <= within for ids, planned, _ in connection.run_on_commit):
        return
    transaction.on_commit(record_edit, robust=True)
    person = _signed_in()
    engine.schedule(
        RECORD_EDIT,
        key=RECORD_EDIT,
        due_at=clock.now() + MISSED_AFTER,
        payload={"by": person.pk if person else None},
    )


def record_edit() -> None:
    """Record what is in force now as edited in the admin, by whoever is signed in, unless nothing changed."""
    revisions.record(ProceduresOrigin.ADMIN, by=_signed_in())


def _signed_in() -> User | None:
    request = getattr(HistoricalRecords.context, "request", None)
    person = getattr(request, "user", None)
    return person if isinstance(person, User) else None
