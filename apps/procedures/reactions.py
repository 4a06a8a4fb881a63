"""Makes a revision of the procedures when they are edited in the admin (contract: every edit makes one)."""

from __future__ import annotations

from typing import Any

from django.db import models, transaction
from django.db.models.signals import post_delete, post_save
from simple_history.models import HistoricalRecords

from apps.alerts.models import AlertSettings, SeverityRule
from apps.communications.models import MessageTemplate, UpdateSchedule
from apps.contacts.models import EmergencyContact, ExternalContact, ExternalContactPoint
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
    """Record a revision once the edit is committed: one, however many rows it touched."""
    connection = transaction.get_connection()
    within = set(connection.savepoint_ids)
    if not any(planned is record_edit and ids <= within for ids, planned, _ in connection.run_on_commit):
        transaction.on_commit(record_edit, robust=True)


def record_edit() -> None:
    """Record what is in force now as edited in the admin, by whoever is signed in, unless nothing changed."""
    request = getattr(HistoricalRecords.context, "request", None)
    person = getattr(request, "user", None)
    revisions.record(ProceduresOrigin.ADMIN, by=person if isinstance(person, User) else None)
