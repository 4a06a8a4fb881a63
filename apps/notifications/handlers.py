"""What the engine calls: deliveries and codes that are due, shifts that begin or end, and how rosters are covered."""

from __future__ import annotations

from datetime import timedelta

from apps.engine.models import Timer
from apps.engine.registry import Lane, handler, on_dead, recurring, reopens
from apps.incidents.models import Incident
from apps.notifications import (
    codes,
    coverage_notices,
    delivery,
    recalls,
    reopening,
    shadow_notices,
    shift_notices,
    team_notices,
    transports,
)
from apps.notifications.actions import DELIVER, DELIVERY_KEY, RECALL, TELL_SHADOWS
from apps.notifications.models import Channel, Urgency
from apps.teams.models import Team

#: A provider that hangs holds back nobody else's: each way has so many threads of the lane, together fewer than it has.
PAGES_AT_ONCE = {
    Channel.EMAIL: 3,
    Channel.SMS: 2,
    Channel.VOICE: 2,
    Channel.CHAT: 1,
    Channel.PUSH: 2,
    Channel.WEBHOOK: 2,
}
NOTICES_AT_ONCE = CODES_AT_ONCE = 1


def deliver(timer: Timer) -> None:
    """Make one attempt; the engine tries again with growing pauses while that is of use."""
    delivery.attempt(timer.payload["delivery"])


def delivery_given_up(timer: Timer, error: str) -> None:
    """After the last attempt the next contact method is tried, and failing that the timeline says so."""
    delivery.give_up(timer.payload["delivery"], error)


def reopen_delivery(timer: Timer) -> None:
    """Whoever runs it again has it sent, or reads why it is not."""
    reopening.reopen(timer.payload["delivery"])


@handler(RECALL, lane=Lane.WORK, transactional=False, at_once=2)
def recall(timer: Timer) -> None:
    """A call that still rings for what was answered is ended."""
    recalls.attempt(timer.payload["delivery"])


def send_code(timer: Timer) -> None:
    """Send the code that verifies a contact method."""
    codes.send(timer.payload["verification"])


def code_given_up(timer: Timer, error: str) -> None:
    """Whoever waits for the code reads why it does not come."""
    codes.give_up(timer.payload["verification"], error)


@handler(team_notices.TELL, lane=Lane.WORK)
def tell_the_response_team(timer: Timer) -> None:
    """A notice to whoever was asked to take a role in an incident that was declared a moment ago."""
    team_notices.tell(Incident.objects.select_related("severity", "team").get(pk=timer.payload["incident"]))


@handler(TELL_SHADOWS, lane=Lane.WORK)
def tell_the_shadows(timer: Timer) -> None:
    """A notice to whoever looks over the shoulder of somebody who was paged."""
    shadow_notices.tell(timer.payload["pages"])


@recurring("notifications.shift_changes", every=timedelta(minutes=1), lane=Lane.WORK)
def tell_of_shift_changes(timer: Timer) -> None:
    """A notice to whoever wants one when their shift begins or ends."""
    shift_notices.tell()


@recurring("notifications.coverage_gaps", every=coverage_notices.EVERY)
def plan_warnings_of_gaps(timer: Timer) -> None:
    """Plan a look at the rosters of each team; each is a timer of its own, so that none stops another."""
    coverage_notices.plan_warnings()


@handler(coverage_notices.WARN, lane=Lane.BULK)
def warn_of_gaps(timer: Timer) -> None:
    """A warning to the managers of a team of a gap in a roster that begins within a week, and again within a day."""
    team = Team.objects.filter(pk=timer.payload["team"]).first()
    if team is not None:
        coverage_notices.warn_of_gaps(team)


@recurring("notifications.coverage_weekly", every=timedelta(minutes=10))
def plan_weekly_coverage(timer: Timer) -> None:
    """On Monday morning the managers of each team hear how its rosters are covered."""
    coverage_notices.plan_weekly()


@handler(coverage_notices.WRITE, lane=Lane.BULK)
def write_weekly_coverage(timer: Timer) -> None:
    """The weekly mail of one team, unless it was deleted meanwhile."""
    team = Team.objects.filter(pk=timer.payload["team"]).first()
    if team is not None:
        coverage_notices.write(team, step=timer.payload["step"])


@recurring("notifications.forget_circuits", every=timedelta(days=1), lane=Lane.BULK)
def forget_circuits(timer: Timer) -> None:
    """Forget the circuits to hosts that people entered and nobody called in vain for long."""
    transports.forget_hosts()


def _register() -> None:
    for (urgency, channel), kind in DELIVER.items():
        high = urgency == Urgency.HIGH
        at_once = PAGES_AT_ONCE[channel] if high else NOTICES_AT_ONCE
        handler(kind, lane=Lane.PAGES if high else Lane.WORK, transactional=False, at_once=at_once)(deliver)
        on_dead(kind)(delivery_given_up)
        reopens(kind)(reopen_delivery)
    # Planned by a version that knew one way only.
    handler(DELIVERY_KEY, lane=Lane.PAGES, transactional=False, at_once=1)(deliver)
    handler(f"{DELIVERY_KEY}_low", lane=Lane.WORK, transactional=False, at_once=1)(deliver)
    for kind in (DELIVERY_KEY, f"{DELIVERY_KEY}_low"):
        on_dead(kind)(delivery_given_up)
        reopens(kind)(reopen_delivery)
    for kind in codes.SEND.values():
        handler(kind, lane=Lane.WORK, transactional=False, attempts=4, at_once=CODES_AT_ONCE)(send_code)
        on_dead(kind)(code_given_up)


_register()
