"""What the chain does when whoever was paged cannot take it on, or turns out not to be reached by anything."""

from __future__ import annotations

from apps.engine import actions as engine
from apps.escalation import ends, queries
from apps.escalation.actions import levels, silence
from apps.escalation.actions.going_on import go_on
from apps.escalation.actions.nobody import Reason, say_if_nobody_is_left
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
    has no contact method any more that is in use. A provider that is broken for everybody ends no chain, but where the
    chain is at its end it is said that nobody is reached. What a reassignment spared counts again. Of an acknowledged
    incident it is whoever was asked whether they are still on it. The incident's row is locked.
    """
    run = queries.current_run(incident)
    if run is None or not incident.is_open:
        return
    if incident.acknowledged_at is not None:
        silence.go_on_if_all_declined(run, incident)
        return
    asked = queries.asked_last(incident)
    if asked is None:
        return
    if asked.reachable:
        if ends.failed_for_all(asked.pages):
            because = f"No message arrives at anybody {asked.whom}."
            say_if_nobody_is_left(run, incident, reason=Reason.UNREACHED, because=because)
        return
    because = f"Everybody {asked.whom} declined{' or cannot be reached' if asked.silent else ''}."
    levels.let_count_again(run, asked.spared, incident)
    if go_on(run, incident, because=because) is None:
        timeline.record(incident, EventKind.NOTE, text=f"{because} No level of the chain is left to be paged.")
        say_if_nobody_is_left(run, incident, reason=Reason.DECLINED, because=because)
