"""Finds people who were to be asked for help or for a role, and would not hear of it."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Exists, OuterRef, TextField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Concat

from apps.engine import queries as engine
from apps.escalation.gaps import Gap
from apps.incidents.actions import backups
from apps.incidents.models import (
    OPEN,
    EventKind,
    Incident,
    RequestState,
    ResponderRequest,
    ResponseRole,
    RoleAssignment,
    TimelineEvent,
)
from apps.notifications import helping
from apps.notifications.models import Notification


def gaps() -> Iterator[Gap]:
    """Vacant roles that nobody else would be asked to take, and requests to respond that paged nobody."""
    yield from _no_timer_of_backups()
    yield from _no_page_of_a_request()


def _no_timer_of_backups() -> Iterator[Gap]:
    incident = OuterRef(OuterRef("pk"))
    held = RoleAssignment.objects.filter(
        incident=incident, role=OuterRef("pk"), until__isnull=True, person__is_active=True
    )  # fmt: skip
    given_up = TimelineEvent.objects.annotate(role=KeyTextTransform("role", "data")).filter(
        incident=incident, kind=EventKind.ROLE_VACANT, role=OuterRef("key"),
        at__gte=OuterRef(OuterRef("response_started_at")),
    )  # fmt: skip
    vacant = ResponseRole.objects.filter(~Exists(held), ~Exists(given_up))
    waiting = Incident.objects.filter(Exists(vacant), status__in=OPEN).select_related("severity", "team")
    missing = engine.without_timer(waiting, kind=backups.BACKUP)
    # Roles that were all held come to be vacant where a holder is deactivated or the procedures gain a role.
    for found in missing:
        yield Gap(
            found.pk,
            f"Nobody else would have been asked for the vacant roles of {found}.",
            missing.filter(pk=found.pk),
            backups.plan,
            is_fault=not engine.was_settled(backups.key(found)),
        )


def _no_page_of_a_request() -> Iterator[Gap]:
    step = Concat(Value(helping.STEP), Cast(OuterRef("pk"), TextField()))
    told = Notification.objects.filter(person=OuterRef("person"), incident=OuterRef("incident"), step=step)
    missing = ResponderRequest.objects.filter(
        ~Exists(told), state=RequestState.PENDING, incident__status__in=OPEN, person__is_active=True
    ).select_related("person", "asked_by", "incident__severity", "incident__team")
    for request in missing:
        yield Gap(
            request.incident_id,
            f"{request.person} was asked to respond to {request.incident}, and was sent nothing.",
            missing.filter(pk=request.pk),
            helping.page,
        )
