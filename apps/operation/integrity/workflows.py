"""Whether what must work would: an incident is played through, nobody was forgotten, and somebody is on call."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from apps.audit.verifying import verify as verify_record
from apps.catalog.models import Service
from apps.core import clock
from apps.core.errors import HouseError
from apps.engine import queries as engine
from apps.engine.models import State, Timer
from apps.engine.registry import key_of_recurrence, recurring_handlers
from apps.escalation.models import Policy
from apps.escalation.proof import gaps
from apps.incidents.models import Clock, ClockName, EventKind, Incident, Severity, TimelineEvent
from apps.operation.integrity.findings import Finding, Found, Kind
from apps.procedures.simulation import simulate
from apps.rosters.coverage import gaps_of
from apps.rosters.models import Layer, Roster, Shift
from apps.rosters.rules import Window

#: So long is now: what is looked at of rosters is a stretch of time.
NOW = timedelta(minutes=1)


def record_fits_its_seals(component: str) -> Found:
    """Everything that was sealed is what it was (``audit verify``)."""
    for finding in verify_record(every=True).findings:
        yield Finding(Kind.CHECKSUM, component, str(finding), finding.table)


def incidents_are_complete(component: str) -> Found:
    """Every incident has its declaration on the timeline and the two clocks that a declaration starts."""
    declared = TimelineEvent.objects.filter(kind=EventKind.DECLARED)
    yield from _without(declared.values_list("incident_id", flat=True), component, "a declaration on its timeline")
    for name in (ClockName.RESPONSE, ClockName.RESOLUTION):
        clocks = Clock.objects.filter(name=name).values_list("incident_id", flat=True)
        yield from _without(clocks, component, f"a clock for its {name.label.lower()}")


def _without(numbers: Iterable[int], component: str, what: str) -> Found:
    for incident in Incident.objects.exclude(pk__in=set(numbers)).order_by("pk"):
        yield Finding(Kind.COUNT, component, f"{incident.reference} has not got {what}.", "incidents_incident")


def nobody_was_forgotten(component: str) -> Found:
    """Every page that should have been sent is sent, planned, or left out for a reason."""
    for gap in gaps():
        yield Finding(Kind.WORKFLOW, component, gap.text)


def the_engine_goes_on(component: str) -> Found:
    """What recurs is planned, once somebody has worked, and nothing was given up."""
    planned = set(Timer.objects.filter(state__in=(State.PENDING, State.LEASED)).values_list("key", flat=True))
    if Timer.objects.filter(key__startswith=key_of_recurrence("")).exists():
        for handler in recurring_handlers():
            if key_of_recurrence(handler.kind) not in planned:
                yield Finding(Kind.WORKFLOW, component, f"{handler.kind} recurs, and its next run is not planned.")
    for timer in engine.dead():
        yield Finding(Kind.WORKFLOW, component, f"{timer} was given up: {timer.last_error[:200]}", "engine_timer")


def an_incident_would_be_handled(component: str) -> Found:
    """An incident of each severity at a service is declared, paged and answered; all of it is taken back."""
    service = Service.objects.filter(is_active=True).order_by("pk").first()
    for severity in Severity.objects.all() if service else ():
        try:
            simulate(severity, service, at=clock.now())  # type: ignore[arg-type]  # there is one
        except HouseError as error:
            yield Finding(Kind.WORKFLOW, component, f"A {severity.code} at {service} could not be handled: {error}")


def every_severity_has_a_chain(component: str) -> Found:
    """A severity without a chain of its own would page nobody."""
    chained = Policy.objects.filter(team=None, service=None).values_list("severity_id", flat=True)
    for severity in Severity.objects.exclude(pk__in=chained):
        yield Finding(Kind.WORKFLOW, component, f"{severity.code} has no chain that holds for everybody.")


def somebody_is_on_call(component: str) -> Found:
    """Every roster in use has shifts ahead, and somebody holds it now where somebody should."""
    now = clock.now()
    ahead = set(Shift.objects.filter(during__endswith__gt=now).values_list("roster_id", flat=True))
    layered = Roster.objects.filter(pk__in=Layer.objects.values("roster"))
    for roster in layered.filter(retired_at=None).exclude(pk__in=ahead):
        yield Finding(Kind.WORKFLOW, component, f"{roster} has layers, and no shift from now on.", "rosters_shift")
    for roster, gaps_now in gaps_of(layered.filter(pk__in=ahead), Window(now, now + NOW)):
        if any(gap.held == 0 and gap.start == now for gap in gaps_now):
            yield Finding(Kind.WORKFLOW, component, f"Nobody is on call for {roster} now.", "rosters_shift")


def every_service_has_a_team(component: str) -> Found:
    """A service in use is of a team in use."""
    for service in Service.objects.filter(is_active=True, team__is_active=False).select_related("team"):
        text = f"{service} is of {service.team}, a team that is switched off."
        yield Finding(Kind.WORKFLOW, component, text, "catalog_service")
