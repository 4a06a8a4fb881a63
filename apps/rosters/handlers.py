"""What time does to rosters: the horizon moves on, and calendars are read anew."""

from __future__ import annotations

from datetime import timedelta

from apps.engine import actions as engine
from apps.engine.models import Timer
from apps.engine.registry import Lane, handler, recurring
from apps.rosters import actions
from apps.rosters.models import Roster


@recurring("rosters.roll_on", every=timedelta(days=1), lane=Lane.BULK)
def roll_on(timer: Timer) -> None:
    """Plan the filling of every roster up to the horizon; each is a timer of its own, so that none stops another."""
    in_use = Roster.objects.filter(retired_at__isnull=True).order_by("pk").values_list("pk", flat=True)
    engine.schedule_all(
        [
            engine.Planned(
                kind="rosters.materialise",
                key=f"rosters.materialise:{pk}",
                subject=f"roster:{pk}",
                payload={"roster": pk},
            )
            for pk in in_use
        ]
    )


@handler("rosters.materialise", lane=Lane.BULK)
def materialise(timer: Timer) -> None:
    """Fill one roster up to the horizon, unless it was deleted meanwhile (one without shifts can be)."""
    roster = Roster.objects.filter(pk=timer.payload["roster"]).first()
    if roster is not None:
        actions.materialise(roster)


@recurring("rosters.read_calendars", every=timedelta(minutes=15), lane=Lane.BULK)
def read_calendars(timer: Timer) -> None:
    """Plan the reading of every calendar that is due; each is a timer of its own, so that none stops another."""
    actions.plan_reading()


@handler("rosters.read_calendar", lane=Lane.BULK, transactional=False, attempts=3, at_once=2)
def read_calendar(timer: Timer) -> None:
    """Read one calendar. What fails there is kept and shown, and tried again with the next round."""
    actions.read_calendar(timer.payload["source"], anew=timer.payload["anew"])
