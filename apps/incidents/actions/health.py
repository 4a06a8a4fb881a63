"""Lets the health of an incident's services be looked at from the incident, and writes down what was seen (R16)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from apps.catalog import queries as catalog
from apps.catalog.health.running import Looked
from apps.catalog.models import HealthCheck
from apps.core.errors import RuleViolation
from apps.engine import actions as engine
from apps.incidents import health, timeline
from apps.incidents.actions.locking import locked
from apps.incidents.models import ENDED, EventKind, Incident, TimelineEvent, Via
from apps.teams import access
from apps.teams.models import User

#: The kind of the timer that looks by the checks of an incident's services.
LOOK = "incidents.health"


@transaction.atomic
def ask_for_health(incident_id: int, *, by: User | None, via: Via = Via.WEB) -> Incident:
    """Let the engine look by the health checks of the incident's services now, and put what they see on the timeline.

    While it looks, asking again changes nothing. ``by`` None is whoever works at the house's own command line. Raises
    NotAllowed without the right to respond, RuleViolation where there is nothing to look by, or once it is over.
    """
    incident = locked(incident_id, by=by)
    if by is not None:
        access.require(by, access.Permission.RESPOND, incident)
    if incident.status in ENDED:
        raise RuleViolation(f"{incident} is {incident.get_status_display().lower()}; its health is of no concern.")
    if health.latest_run(incident).is_under_way:
        return incident
    checks = _checks_of(incident)
    named = ", ".join(dict.fromkeys(str(check.service) for check in checks))
    event = timeline.record(
        incident, EventKind.HEALTH_ASKED, text=f"The health of {named} is looked at.", actor=by, via=via,
        data={"checks": [check.pk for check in checks]},
    )  # fmt: skip
    engine.schedule(
        LOOK, key=f"{LOOK}:{incident.pk}", subject=f"incident:{incident.pk}", payload={"asked": event.pk}
    )  # fmt: skip
    return incident


def checks_asked_for(event: TimelineEvent) -> list[HealthCheck]:
    """The checks in use of those that somebody asked for."""
    return list(catalog.active_checks().filter(pk__in=event.data["checks"]))


def note_health(asked: TimelineEvent, looked: Sequence[Looked]) -> None:
    """Put what the checks saw on the timeline, once for each time that somebody asked."""
    good = sum(each.is_good for each in looked)
    lines = [f"Health: {good} of {len(looked)} as they should be.", *map(_line, looked)]
    _answer(asked, "\n".join(lines), {"results": [_result(each) for each in looked]})


def note_no_health(asked: TimelineEvent, error: str) -> None:
    """Put on the timeline that nobody could look."""
    _answer(asked, f"The health could not be looked at: {error[:300]}", {"results": []})


@transaction.atomic
def _answer(asked: TimelineEvent, text: str, data: dict[str, Any]) -> None:
    incident = locked(asked.incident_id)
    if health.answer_to(asked) is None:
        timeline.record(incident, EventKind.HEALTH_CHECKED, text=text, data={"asked": asked.pk, **data})


def _checks_of(incident: Incident) -> list[HealthCheck]:
    checks = list(catalog.active_checks(incident.services.all()))
    if not checks:
        raise RuleViolation("None of its services has a health check; managers keep them in the admin.")
    return checks


def _result(looked: Looked) -> dict[str, Any]:
    check = looked.check
    return {
        "check": check.pk,
        "service": check.service.slug,
        "name": str(check),
        "outcome": looked.outcome,
        "words": looked.words,
        "took_seconds": round(looked.took.total_seconds(), 3),
    }


def _line(looked: Looked) -> str:
    return f"{looked.mark} {looked.check}: {looked.words}"
