"""Hands a running incident to other people, or to another chain, now."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction

from apps.core import clock as house_clock
from apps.core.errors import Invalid, RuleViolation
from apps.engine import actions as engine
from apps.escalation import queries
from apps.escalation.actions import climbing, holding, levels, standing_still
from apps.escalation.models import UNDECIDED, LevelState, Policy, RunLevel, Unless
from apps.incidents import actions as incidents
from apps.incidents import timeline
from apps.incidents.actions.locking import locked
from apps.incidents.models import EventKind, Incident, Status, TimelineEvent, Via
from apps.notifications import actions as notifications
from apps.notifications import messages
from apps.notifications import queries as reach
from apps.notifications.models import NotificationKind, Until
from apps.teams import access
from apps.teams.models import User

#: Who reassigns to the same people within this means the same thing.
AT_ONCE = timedelta(seconds=30)


@transaction.atomic
def reassign(
    incident_id: int,
    *,
    reason: str,
    by: User,
    people: Iterable[User] = (),
    policy: Policy | None = None,
    via: Via = Via.WEB,
) -> Incident:
    """Hand the incident to ``people``, or to the chain of ``policy``: they are paged at once and have to answer.

    It counts as not acknowledged until one of them does; pages of the chain that nobody answered stop. To people: what
    waits for an acknowledgement is skipped until all of them decline, levels that enforce the resolution keep their
    times. To a policy: its chain begins now, in place of the one that runs. Raises Invalid without a reason, for both
    or neither of the two, or where nobody of them can be reached; RuleViolation unless it is open, or where the same
    was asked a moment ago; NotAllowed without the right.
    """
    incident = locked(incident_id, by=by)
    access.require(by, access.Permission.RESPOND, incident)
    if not incident.is_open:
        raise RuleViolation(f"{incident} is {incident.get_status_display().lower()}; there is nothing to reassign.")
    if not reason.strip():
        raise Invalid("Say why the incident is reassigned.", field="reason")
    wanted = list(dict.fromkeys(people))
    if bool(wanted) == (policy is not None):
        raise Invalid("Name the people to whom it is reassigned, or one policy.", field="users")
    to = f"the chain of {policy}" if policy else ", ".join(map(str, wanted))
    _require_no_repetition(incident, wanted, policy, to)
    reached = _require_somebody(wanted, policy, to)
    missed = ", ".join(str(person) for person in wanted if person not in reached)
    but = f" (not reached: {missed})" if missed else ""
    _take_back_the_acknowledgement(incident)
    notifications.withdraw_chain(incident)
    if (run := queries.current_run(incident)) is not None:
        standing_still.go_on_now(run, incident)
        holding.let_go(run, incident)
    spared = _what_waits_for_an_answer(incident) if policy is None else []
    event = timeline.record(
        incident,
        EventKind.REASSIGNED,
        text=f"{by} reassigns it to {to}{but}: {reason.strip()}",
        actor=by,
        via=via,
        data={
            "people": [person.pk for person in reached],
            **_asked_for(wanted, policy),
            "reason": reason.strip(),
            "spared": [level.pk for level in spared],
        },
    )
    if policy is not None:
        climbing.start_by(policy, incident, reason=f"reassigned to {to}")
    else:
        for level in spared:
            engine.cancel_key(levels.key_of(level))
            levels.decide(level, LevelState.SKIPPED, f"reassigned to {to}")
        for person in reached:
            _page(event, person, by=by, reason=reason.strip())
    return incident


def _asked_for(people: list[User], policy: Policy | None) -> dict[str, object]:
    """To whom, as it is kept with the event."""
    return {"asked": sorted(person.pk for person in people), "policy": policy and policy.pk}


def _require_no_repetition(incident: Incident, people: list[User], policy: Policy | None, to: str) -> None:
    """Raise RuleViolation where the same was asked for AT_ONCE before: two tabs, or a form that was sent twice."""
    asked = incident.timeline.filter(kind=EventKind.REASSIGNED, at__gt=house_clock.now() - AT_ONCE)
    last = asked.last()
    if last is not None and _asked_for(people, policy).items() <= last.data.items():
        raise RuleViolation(f"{last.actor} reassigned it to {to} a moment ago; nobody was paged a second time.")


def _require_somebody(people: list[User], policy: Policy | None, to: str) -> list[User]:
    """Whom a page reaches. Raises Invalid where nobody would be paged."""
    if policy is not None and not policy.levels.exists():
        raise Invalid(f"The chain of {policy} has no levels.", field="policy")
    for person in people:
        if access.only_reads(person):
            raise Invalid(f"{person} reads and changes nothing here; reassign it to who responds.", field="users")
    reached = reach.reachable(people)
    if people and not reached:
        raise Invalid(f"Nobody of {to} can be reached.", field="users")
    return reached


def _take_back_the_acknowledgement(incident: Incident) -> None:
    if incident.acknowledged_at is None:
        return
    if incident.status == Status.ACKNOWLEDGED:
        incident.status = Status.DECLARED
    incident.acknowledged_at = incident.acknowledged_by = None
    incident.save(update_fields=["status", "acknowledged_at", "acknowledged_by"])


def _what_waits_for_an_answer(incident: Incident) -> list[RunLevel]:
    run = queries.current_run(incident)
    if run is None:
        return []
    return list(run.levels.filter(state__in=UNDECIDED, unless=Unless.ACKNOWLEDGED).select_related("run"))


def _page(event: TimelineEvent, person: User, *, by: User, reason: str) -> None:
    incident = event.incident
    incidents.involve(incident, person, reason="reassigned to")
    notifications.notify(
        person,
        incident=incident,
        kind=NotificationKind.PAGE,
        step=f"reassigned:{event.pk}",
        subject=messages.subject(incident, "reassigned to you"),
        text=messages.about(incident, f"{by} reassigns this incident to you: {reason}"),
        until=Until.ACKNOWLEDGED,
    )
