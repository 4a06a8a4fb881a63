"""What time does to rosters: the horizon moves on."""

from __future__ import annotations

from datetime import timedelta

from apps.core import clock
from apps.engine import actions as engine
from apps.engine.models import Timer
from apps.engine.registry import Lane, handler, recurring
from apps.rosters import actions
from apps.rosters.models import Roster


@recurring("rosters.roll_on", every=timedelta(days=1), lane=Lane.BULK)
def roll_on(timer: Timer) -> None:
    """Plan the filling of every roster up to the horizon; each is a timer of its own, so that none stops another."""
    for roster in Roster.objects.filter(retired_at__isnull=True).only("pk"):
        engine.schedule(
            "rosters.materialise",
            key=f"rosters.materialise:{roster.pk}",
            subject=f"roster:{roster.pk}",
            payload={"roster": roster.pk},
        )


@handler("rosters.materialise", lane=Lane.BULK)
def materialise(timer: Timer) -> None:
    """Fill one roster up to the horizon, unless it was deleted meanwhile (one without shifts can be)."""
    roster = Roster.objects.filter(pk=timer.payload["roster"]).first()
    if roster is not None:
        actions.materialise(roster, now=clock.now())
