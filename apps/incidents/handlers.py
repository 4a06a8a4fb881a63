"""What the engine calls when a timer of an incident is due: clocks that warn or run out, roles nobody took."""

from __future__ import annotations

from apps.catalog.health.running import run
from apps.engine.models import Timer
from apps.engine.registry import Lane, handler, on_dead
from apps.incidents import clocks
from apps.incidents.actions import backups, health
from apps.incidents.actions.locking import locked
from apps.incidents.models import Clock, TimelineEvent


@handler(clocks.WARNING, lane=Lane.PAGES)
def clock_warns(timer: Timer) -> None:
    """Say that a clock is about to run out, unless it was answered meanwhile (R4)."""
    if (clock := _still_running(timer)) is not None:
        clocks.warn(clock)


@handler(clocks.BREACH, lane=Lane.PAGES)
def clock_runs_out(timer: Timer) -> None:
    """Record the breach at the clock's due time, unless it was answered meanwhile (R4)."""
    if (clock := _still_running(timer)) is not None:
        clocks.breach(clock)


@handler(backups.BACKUP, lane=Lane.PAGES)
def roles_still_vacant(timer: Timer) -> None:
    """Page the next candidate of each role that nobody took (R6)."""
    backups.ask_backups(timer.payload["incident"])


@handler(health.LOOK, lane=Lane.WORK, transactional=False, at_once=2)
def look_at_health(timer: Timer) -> None:
    """Look by the health checks of an incident's services, as somebody asked for (R16)."""
    asked = TimelineEvent.objects.get(pk=timer.payload["asked"])
    health.note_health(asked, run(health.checks_asked_for(asked)))


@on_dead(health.LOOK)
def give_up_looking(timer: Timer, error: str) -> None:
    """Say that nobody could look: else it would be under way for ever."""
    health.note_no_health(TimelineEvent.objects.get(pk=timer.payload["asked"]), error)


def _still_running(timer: Timer) -> Clock | None:
    clock = Clock.objects.get(pk=timer.payload["clock"])
    clock.incident = locked(clock.incident_id)
    clock.refresh_from_db(fields=["met_at", "stopped_at", "breached_at"])
    return clock if clock.is_running else None
