"""Proves that nobody was forgotten, repairs what is missing, and raises it as an incident of its own (R13)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta

import structlog
from django.db import connection, transaction

from apps.core import clock as house_clock
from apps.escalation import proof
from apps.escalation.models import Proof
from apps.escalation.proof import Gap
from apps.incidents import actions as incidents
from apps.incidents import timeline
from apps.incidents.models import OPEN, Detection, EventKind, Incident, Via

log = structlog.get_logger(__name__)

#: How often it is proved; a look that follows another one sooner than this is left out.
EVERY = timedelta(minutes=1)
KEPT = timedelta(days=30)
TITLE = "Pages were missing and have been repaired"


@transaction.atomic
def prove() -> Proof | None:
    """Look at everything that is open, put in place what is missing and say so; None if another process just did.

    The gaps are on the timeline of their incidents, and together an incident of the worst one's severity and team: a
    page that nobody planned is a fault of this house, which somebody has to look into.
    """
    if not _is_my_turn():
        return None
    begun = time.monotonic()
    found = proof.gaps()
    took = time.monotonic() - begun
    for gap in found:
        gap.repair()
        log.error("page_was_missing", incident=gap.incident_id, text=gap.text)
    return Proof.objects.create(
        at=house_clock.now(),
        milliseconds=round(took * 1000),
        open_incidents=Incident.objects.filter(status__in=OPEN).count(),
        gaps=[gap.text for gap in found],
        raised=_raise(found) if found else None,
    )


def forget_old_proofs() -> None:
    """Delete proofs that are older than KEPT and found nothing."""
    Proof.objects.filter(at__lt=house_clock.now() - KEPT, raised=None).delete()


def _is_my_turn() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('escalation.proof'))")
        (mine,) = cursor.fetchone()
    return mine and not Proof.objects.filter(at__gt=house_clock.now() - EVERY / 2).exists()


def _raise(found: Sequence[Gap]) -> Incident:
    told = "\n".join(f"- {gap.text}" for gap in found)
    affected = Incident.objects.in_bulk({gap.incident_id for gap in found})
    for gap in found:
        timeline.record(affected[gap.incident_id], EventKind.NOTE, text=f"Repaired: {gap.text}")
    last = Proof.objects.filter(raised__status__in=OPEN).select_related("raised").first()
    if last is not None and last.raised is not None:
        timeline.record(last.raised, EventKind.NOTE, text=f"More was missing and has been repaired:\n{told}")
        return last.raised
    worst = min(affected.values(), key=lambda incident: (incident.severity.rank, incident.pk))
    return incidents.declare(
        title=TITLE,
        summary=told,
        severity=worst.severity,
        team=worst.team,
        by=None,
        via=Via.ENGINE,
        detection=Detection.MONITORING,
        private=any(incident.private for incident in affected.values()),
    )
