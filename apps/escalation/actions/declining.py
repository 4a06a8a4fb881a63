"""What the chain does when whoever was paged cannot take it on, or turns out not to be reached by anything."""

from __future__ import annotations

from apps.engine import actions as engine
from apps.escalation import queries
from apps.escalation.actions import silence
from apps.escalation.actions.going_on import go_on
from apps.incidents import timeline
from apps.incidents.models import EventKind, Incident

#: Looks whether anybody of an incident is left who could answer.
LOOK_WHO_IS_LEFT = "escalation.who_is_left"


def plan_to_go_on_without(incident_id: int) -> None:
    """Let the engine do what ``go_on_without`` does, once this transaction committed."""
    engine.schedule(
        LOOK_WHO_IS_LEFT,
        key=f"{LOOK_WHO_IS_LEFT}:{incident_id}",
        subject=f"incident:{incident_id}",
        payload={"incident": incident_id},
    )


def go_on_without(incident: Incident) -> None:
    """Page the next level at once when nobody is left who could answer (requirements, as with an empty level).

    That is: everybody whom the level that fired last paged, or to whom it was reassigned since, has declined, left, or
    has no contact method any more that is in use. A provider that is broken for everybody ends no chain.
    Of an acknowledged incident it is whoever was asked whether they are still on it. The incident's row is locked.
    """
    run = queries.current_run(incident)
    if run is None or not incident.is_open:
        return
    if incident.acknowledged_at is not None:
        silence.go_on_if_all_declined(run, incident)
        return
    asked = queries.asked_last(incident)
    if asked is None or asked.reachable:
        return
    because = f"Everybody {asked.whom} declined{' or cannot be reached' if asked.silent else ''}."
    if go_on(run, incident, because=because) is None:
        timeline.record(incident, EventKind.NOTE, text=f"{because} No level of the chain is left to be paged.")
