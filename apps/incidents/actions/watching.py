"""Lets people follow an incident without responding to it."""

from __future__ import annotations

from django.db import transaction

from apps.core import clock as house_clock
from apps.core.errors import Invalid, NotAllowed, RuleViolation
from apps.incidents import queries, timeline
from apps.incidents.actions.locking import locked
from apps.incidents.models import ENDED, EventKind, Incident, Via, Watcher
from apps.teams import access
from apps.teams.models import User


@transaction.atomic
def watch(incident_id: int, *, by: User, person: User | None = None, via: Via = Via.WEB) -> Incident:
    """Let ``person``, or ``by`` themselves, hear of the incident's course; watching twice is watching once.

    Whoever may see it may watch it; who commands may add others who may see it. Raises NotAllowed without the right,
    Invalid for a person who may not see it, RuleViolation once it is over.
    """
    incident, person = _locked(incident_id, by=by, person=person)
    if not access.may(person, access.Permission.VIEW, incident):
        raise Invalid(f"{person} may not see {incident}.", field="user")
    _, new = Watcher.objects.get_or_create(incident=incident, person=person, defaults={"since": house_clock.now()})
    if new:
        _record(incident, EventKind.WATCHED, person, by=by, via=via)
    return incident


@transaction.atomic
def unwatch(incident_id: int, *, by: User, person: User | None = None, via: Via = Via.WEB) -> Incident:
    """End what ``watch`` began; harmless for whoever does not watch. Raises NotAllowed and RuleViolation as it does."""
    incident, person = _locked(incident_id, by=by, person=person)
    if Watcher.objects.filter(incident=incident, person=person).delete()[0]:
        _record(incident, EventKind.UNWATCHED, person, by=by, via=via)
    return incident


def take_watchers_along(incident: Incident, target: Incident) -> None:
    """Whoever watched a merged incident watches the one it is a part of now, if they may see it; both are locked."""
    now = house_clock.now()
    for watcher in incident.watchers.select_related("person"):
        if access.may(watcher.person, access.Permission.VIEW, target):
            Watcher.objects.get_or_create(incident=target, person=watcher.person, defaults={"since": now})


def _locked(incident_id: int, *, by: User, person: User | None) -> tuple[Incident, User]:
    incident = locked(incident_id)
    access.require(by, access.Permission.VIEW, incident)
    if person not in (None, by) and not queries.may_add_watchers(by, incident):
        raise NotAllowed("Only who commands lets others watch an incident.")
    if incident.status in ENDED:
        raise RuleViolation(f"{incident} is {incident.get_status_display().lower()}; nobody watches it any more.")
    return incident, person or by


def _record(incident: Incident, kind: EventKind, person: User, *, by: User, via: Via) -> None:
    verb = "watches it" if kind == EventKind.WATCHED else "watches it no longer"
    whose = f", by {by}" if person != by else ""
    timeline.record(incident, kind, text=f"{person} {verb}{whose}.", actor=by, via=via, data={"person": person.pk})
