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
    """Plan the filling of every roster up to the horizon; each is a timer of its own, so that none stops another.

    What the rules of a zone moved since they were looked at last is filled by its own timer, which says so.
    """
    followed = actions.look_at_zones()
    in_use = Roster.objects.filter(retired_at__isnull=True).exclude(pk__in=followed)
    engine.schedule_all(
        [
            engine.Planned(
                kind="rosters.materialise",
                key=f"rosters.materialise:{pk}",
                subject=f"roster:{pk}",
                payload={"roster": pk},
            )
            for pk in in_use.order_by("pk").values_list("pk", flat=True)
        ]
    )


@handler("rosters.materialise", lane=Lane.BULK)
def materialise(timer: Timer) -> None:
    """Fill one roster up to the horizon, unless it was deleted meanwhile (one without shifts can be)."""
    roster = Roster.objects.filter(pk=timer.payload["roster"]).first()
    if roster is not None:
        actions.materialise(roster)


@recurring("rosters.look_at_zones", every=timedelta(minutes=15), lane=Lane.BULK)
def look_at_zones(timer: Timer) -> None:
    """See whether the time zone database says something else of the zones in use than shifts were planned by."""
    actions.look_at_zones()


@handler(actions.FOLLOW_ZONE, lane=Lane.BULK)
def follow_zone(timer: Timer) -> None:
    """Fill one roster by the new rules of a zone, unless it was deleted meanwhile, and tell what moved."""
    roster = Roster.objects.filter(pk=timer.payload["roster"]).first()
    if roster is not None:
        actions.follow_zone(roster, timer.payload["zone"])


@recurring("rosters.read_calendars", every=timedelta(minutes=15), lane=Lane.BULK)
def read_calendars(timer: Timer) -> None:
    """Plan the reading of every calendar that is due; each is a timer of its own, so that none stops another."""
    actions.plan_reading()


@handler("rosters.read_calendar", lane=Lane.BULK, transactional=False, attempts=3, at_once=2)
def read_calendar(timer: Timer) -> None:
    """Read one calendar. What fails there is kept and shown, and tried again with the next round."""
    actions.read_calendar(timer.payload["source"], anew=timer.payload["anew"])
