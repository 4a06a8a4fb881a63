"""What the engine calls for the procedures."""

from __future__ import annotations

from datetime import timedelta

from apps.engine.models import Timer
from apps.engine.registry import Lane, handler, recurring
from apps.incidents.models import ProceduresOrigin
from apps.procedures import reviewing, revisions
from apps.procedures.reactions import RECORD_EDIT
from apps.teams.models import User


@handler(RECORD_EDIT, lane=Lane.WORK)
def record_missed_edit(timer: Timer) -> None:
    """Record an edit whose process ended before it did; changes nothing if the revision is there (R36)."""
    by = timer.payload["by"]
    revisions.record(ProceduresOrigin.ADMIN, by=User.objects.get(pk=by) if by else None)


@recurring("procedures.remind_of_review", every=timedelta(hours=1), lane=Lane.BULK)
def remind_of_review(timer: Timer) -> None:
    """Remind the owner of the procedures of their review, before it and when it is due (R36)."""
    reviewing.remind()
