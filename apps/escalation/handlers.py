"""What the engine calls when a level is due, what proves that none is missing, and that there is somebody to page."""

from __future__ import annotations

from datetime import timedelta

from apps.core import retention
from apps.engine.checks import check
from apps.engine.models import Timer
from apps.engine.registry import Lane, handler, recurring, watch
from apps.escalation import actions, queries
from apps.escalation.actions import proving
from apps.escalation.models import Proof
from apps.incidents.actions.locking import locked

#: A proof that is older than this says nothing about now.
STALE = timedelta(minutes=5)


@handler(actions.FIRE, lane=Lane.PAGES)
def level_is_due(timer: Timer) -> None:
    """Page everyone on the level that is due, or say why nobody could be (R12)."""
    actions.fire_when_due(timer.payload["level"], planned_for=timer.due_at)


@handler(actions.SILENCE, lane=Lane.PAGES)
def it_is_silent(timer: Timer) -> None:
    """Ask whoever took an incident on again, or go on without them, if nobody did anything for the policy's time."""
    actions.look(timer.payload["run"])


@handler(actions.LOOK_WHO_IS_LEFT, lane=Lane.PAGES)
def nothing_reaches_them(timer: Timer) -> None:
    """Page the next level at once where nobody is left who could answer."""
    actions.go_on_without(locked(timer.payload["incident"]))


@handler(actions.LOOK, lane=Lane.PAGES)
def maintenance_changed(timer: Timer) -> None:
    """Look at everything that may wait for the end of maintenance (R34)."""
    actions.look_everywhere()


@handler(actions.LOOK_AT, lane=Lane.WORK)
def wait_anew(timer: Timer) -> None:
    """Let an incident's pages wait for maintenance as it is now, or go out (R34)."""
    actions.look_at(timer.payload["incident"])


@recurring(queries.PROOF, every=proving.EVERY, lane=Lane.PAGES, transactional=False)
def prove(timer: Timer) -> None:
    """Prove that nobody was forgotten."""
    actions.prove()


@watch(queries.PROOF, every=proving.EVERY)
def prove_without_timers() -> None:
    """The same where no timer is needed for it: the timers themselves may be what is missing."""
    actions.prove()


@recurring("escalation.exposed_services", every=timedelta(minutes=5), lane=Lane.WORK)
def watch_services(timer: Timer) -> None:
    """Plan a look at the services of each team; each is a timer of its own, so that none stops another."""
    actions.watch_services()


@handler(actions.WATCH, lane=Lane.WORK)
def watch_team(timer: Timer) -> None:
    """An incident of the house's own for services that an incident would page nobody for at this moment."""
    actions.watch_team(timer.payload["team"])


@check("proof")
def proof_is_fresh() -> str:
    """Whether it was proved lately, or is proved at all once somebody works."""
    age = queries.age_of_proof()
    return f"For {age.total_seconds():.0f} s it was not proved that nobody was forgotten." if age > STALE else ""


retention.keep(
    "proofs",
    "Proofs that nobody was forgotten, which found nothing",
    span=lambda: proving.KEPT,
    rows=lambda before: Proof.objects.filter(at__lt=before, gaps=[], unrepaired=[]),
)
