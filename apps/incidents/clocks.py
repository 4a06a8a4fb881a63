"""Runs the clocks: starts, meets, breaches and stops them, and puts each of these on the timeline (R4).

The caller holds the lock of the incident's row.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from apps.core import clock as house_clock
from apps.core.durations import Fixed, Fraction, Targets, parse_delay
from apps.core.spans import in_words
from apps.engine import actions as engine
from apps.incidents import timeline
from apps.incidents.models import Clock, ClockName, EventKind, Incident, Procedures

WARNING = "incidents.clock_warning"
BREACH = "incidents.clock_breach"


def start(
    incident: Incident,
    name: ClockName,
    *,
    due_at: datetime,
    started_at: datetime | None = None,
    warn_at: datetime | None = None,
) -> Clock:
    """Start the clock ``name`` anew; one that still runs under that name is stopped.

    ``warn_at`` defaults to the procedures' ``warn_before``. A clock that is due in the past is breached by the engine
    at once, with its due time as the time of the breach; one that goes on after that breach was recorded stays
    breached, and nobody is told of it twice.
    """
    stop(incident, name)
    begun = started_at or house_clock.now()
    ran_out = incident.clocks.filter(name=name, started_at=begun, due_at=due_at, breached_at__isnull=False).exists()
    clock = Clock(
        incident=incident,
        name=name,
        started_at=begun,
        due_at=due_at,
        warn_at=warn_at or _warning_time(begun, due_at, before=_warn_before(incident)),
        breached_at=due_at if ran_out else None,
    )
    clock.save(force_insert=True)
    _run(incident, [clock])
    return clock


def start_first(incident: Incident, targets: Mapping[ClockName, datetime], *, started_at: datetime) -> None:
    """Start the clocks of an incident that begins, each due at its target."""
    before = _warn_before(incident)
    clocks = [
        Clock(
            incident=incident,
            name=name,
            started_at=started_at,
            due_at=due_at,
            warn_at=_warning_time(started_at, due_at, before=before),
        )
        for name, due_at in targets.items()
    ]
    _run(incident, Clock.objects.bulk_create(clocks))


def plan_breach(clock: Clock) -> None:
    """Let the engine look at the clock when it runs out."""
    engine.schedule_all([_planned(BREACH, clock, clock.due_at)])


def meet(incident: Incident, name: ClockName, *, at: datetime | None = None) -> Clock | None:
    """Record that the running clock ``name`` was met at ``at`` (now), or late; None if none runs."""
    clock = running(incident, name)
    if clock is None:
        return None
    met_at = at or house_clock.now()
    if met_at > clock.due_at:
        breach(clock)
    clock.met_at = met_at
    clock.save(update_fields=["met_at"])
    _unschedule(clock)
    late = f", {in_words(met_at - clock.due_at)} late" if clock.breached_at else ""
    timeline.record(
        incident,
        EventKind.CLOCK_MET,
        text=f"{clock.get_name_display()} clock met after {in_words(met_at - clock.started_at)}{late}.",
        data={"clock": name, "due_at": clock.due_at.isoformat(), "late": bool(clock.breached_at)},
    )
    return clock


def breach(clock: Clock) -> None:
    """Record that the clock ran out at its due time; doing it twice is doing it once."""
    if clock.breached_at is not None:
        return
    clock.breached_at = clock.due_at
    clock.save(update_fields=["breached_at"])
    timeline.record(
        clock.incident,
        EventKind.CLOCK_BREACHED,
        text=f"{clock.get_name_display()} clock ran out after {in_words(clock.due_at - clock.started_at)}.",
        data={"clock": clock.name, "due_at": clock.due_at.isoformat()},
    )


def warn(clock: Clock) -> None:
    """Record that the clock is about to run out."""
    timeline.record(
        clock.incident,
        EventKind.CLOCK_WARNED,
        text=f"{clock.get_name_display()} clock runs out in {in_words(clock.due_at - house_clock.now())}.",
        data={"clock": clock.name, "due_at": clock.due_at.isoformat()},
    )


def stop(incident: Incident, name: ClockName) -> None:
    """End the running clock ``name`` without an answer, if one runs."""
    clock = running(incident, name)
    if clock is None:
        return
    clock.stopped_at = house_clock.now()
    clock.save(update_fields=["stopped_at"])
    _unschedule(clock)


def stop_all(incident: Incident) -> None:
    """End every running clock of the incident: it was cancelled or merged."""
    for name in ClockName:
        stop(incident, name)


def retarget(incident: Incident, name: ClockName, *, due_at: datetime) -> None:
    """Compute the clock anew with another due time, its start kept; an answer that was given stays given."""
    last = incident.clocks.filter(name=name).last()
    if last is None:
        return
    start(incident, name, due_at=due_at, started_at=last.started_at)
    if last.met_at is not None:
        meet(incident, name, at=last.met_at)


def running(incident: Incident, name: ClockName) -> Clock | None:
    """The clock that runs under ``name``, if any."""
    return incident.clocks.filter(name=name, met_at__isnull=True, stopped_at__isnull=True).first()


def _warn_before(incident: Incident) -> timedelta | None:
    """How long before it runs out a clock of the incident warns, by the procedures; None if it does not."""
    severity = incident.severity
    targets = Targets(response=severity.response_time, resolution=severity.resolution_target)
    delay = parse_delay(Procedures.objects.get().warn_before)
    return delay.span(targets) if isinstance(delay, Fraction) else delay.span if isinstance(delay, Fixed) else None


def _warning_time(started_at: datetime, due_at: datetime, *, before: timedelta | None) -> datetime | None:
    if before is None or before <= timedelta(0) or due_at - before <= started_at:
        return None
    return due_at - before


def _run(incident: Incident, clocks: list[Clock]) -> None:
    """Let the engine look at clocks that were saved now when they warn and when they run out."""
    now = house_clock.now()
    warnings = [_planned(WARNING, clock, clock.warn_at) for clock in clocks if clock.warn_at and clock.warn_at > now]
    breaches = [_planned(BREACH, clock, clock.due_at) for clock in clocks if clock.breached_at is None]
    engine.schedule_all([*warnings, *breaches])
    started = (
        (f"{clock.get_name_display()} clock started.", {"clock": clock.name, "due_at": clock.due_at.isoformat()})
        for clock in clocks
    )
    timeline.record_all(incident, EventKind.CLOCK_STARTED, started)


def _planned(kind: str, clock: Clock, at: datetime) -> engine.Planned:
    return engine.Planned(
        kind=kind,
        due_at=at,
        key=f"{kind}:{clock.pk}",
        subject=f"incident:{clock.incident_id}",
        payload={"clock": clock.pk},
    )


def _unschedule(clock: Clock) -> None:
    for kind in (WARNING, BREACH):
        engine.cancel_key(f"{kind}:{clock.pk}")
