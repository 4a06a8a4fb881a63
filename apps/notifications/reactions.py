"""What notifications do when something happens to an incident: tell the response team, and stop what is needless."""

from __future__ import annotations

from django.db.models import Q

from apps.contacts.actions import CODE_REQUESTED
from apps.contacts.models import Verification
from apps.core.events import on
from apps.engine.models import Timer
from apps.engine.outcomes import TIMER_DEAD
from apps.incidents import queries as incidents
from apps.incidents import timeline
from apps.incidents.actions.steps import ANSWERED, Answer
from apps.incidents.models import ClockName, EventKind, Incident, ResponseRole, TimelineEvent
from apps.notifications import actions, codes, messages, queries, team_notices
from apps.notifications.models import Notification, NotificationKind, Until, Urgency
from apps.teams import access
from apps.teams.models import TeamRole, User
from apps.teams.queries import is_a_person


@on(EventKind.DECLARED)
def tell_the_response_team(event: TimelineEvent) -> None:
    """Who is asked to take a role hears of it a moment later: whoever declares, and the first page, do not wait."""
    team_notices.plan(event.incident)


@on(EventKind.ROLE_ASSIGNED)
def tell_who_was_given_a_role(event: TimelineEvent) -> None:
    """A notice to whoever holds a role since now, unless they took it themselves (R6)."""
    if event.actor_id == event.data["person"]:
        return
    role = ResponseRole.objects.get(key=event.data["role"])
    actions.notify(
        User.objects.get(pk=event.data["person"]),
        incident=event.incident,
        kind=NotificationKind.NOTICE,
        step=f"role_given:{event.pk}",
        subject=messages.subject(event.incident, f"you are {role}"),
        text=messages.role_given(event.incident, role, by=event.actor),
    )


@on(EventKind.CLOCK_WARNED, EventKind.CLOCK_BREACHED)
def warn_of_targets(event: TimelineEvent) -> None:
    """A notice to whoever can still meet a target before it breaks, and when it has: response team and paged (R4)."""
    if event.data["clock"] not in (ClockName.RESPONSE, ClockName.RESOLUTION):
        return
    paged = queries.paged_for(event.incident)
    actions.notify_all(
        dict.fromkeys([*incidents.response_team(event.incident), *paged], messages.about(event.incident, event.text)),
        incident=event.incident,
        kind=NotificationKind.NOTICE,
        step=f"clock:{event.pk}",
        subject=messages.subject(event.incident, event.text.rstrip(".")),
    )


@on(EventKind.REOPENED)
def tell_that_it_came_back(event: TimelineEvent) -> None:
    """A notice to the response team of a reopened incident; the chain pages by itself."""
    actions.notify_all(
        dict.fromkeys(incidents.response_team(event.incident), messages.about(event.incident, event.text)),
        incident=event.incident,
        kind=NotificationKind.NOTICE,
        step=f"reopened:{event.pk}",
        subject=messages.subject(event.incident, "reopened"),
    )


@on(EventKind.NOBODY_PAGED)
def tell_who_can_find_somebody(event: TimelineEvent) -> None:
    """Wake who leads the team and every administrator where a chain came to nobody, once per run (R12).

    Nobody who already said that they cannot take it on. Who may not see a private incident learns that there is one,
    and nothing of what it is about.
    """
    incident = event.incident
    leads = Q(memberships__team=incident.team_id, memberships__role__in=(TeamRole.MANAGER, TeamRole.COMMANDER))
    declined = Notification.objects.filter(
        incident=incident, declined_at__isnull=False, created_at__gte=incident.response_started_at
    ).values("person")
    leading = User.objects.filter(is_a_person(), leads, is_active=True).distinct()
    told = [*leading.exclude(pk__in=declined), *access.administrators().exclude(pk__in=declined)]
    seeing = incidents.who_may_see(incident, told)
    step = f"nobody_paged:{incident.pk}:{event.data['run']}"
    actions.notify_all(
        {person: messages.about(incident, event.text) for person in told if person.pk in seeing},
        incident=incident,
        kind=NotificationKind.NOTICE,
        urgency=Urgency.HIGH,
        step=step,
        subject=messages.subject(incident, "nobody could be paged"),
    )
    private = f"Nobody could be paged for {incident}, a private incident of the team {incident.team}."
    actions.notify_all(
        {person: f"{private} Find somebody who takes it on." for person in told if person.pk not in seeing},
        incident=None,
        kind=NotificationKind.OTHER,
        urgency=Urgency.HIGH,
        step=step,
        subject=private.rstrip("."),
    )


@on(EventKind.ACKNOWLEDGED)
def stop_what_waits_for_an_answer(event: TimelineEvent) -> None:
    """The first acknowledgement stops what waits for one."""
    actions.stop_for(event.incident, until=Until.ACKNOWLEDGED)


@on(ANSWERED)
def acknowledge_own_pages(answer: Answer) -> None:
    """Whoever answers acknowledges their own pages; one who is not the first has that on the timeline."""
    if actions.acknowledge_pages(answer.incident, by=answer.by) and not answer.first:
        timeline.record(
            answer.incident,
            EventKind.PAGE_ACKNOWLEDGED,
            text=f"{answer.by} acknowledged their page.",
            actor=answer.by,
            via=answer.via,
        )


@on(TIMER_DEAD)
def tell_administrators_what_was_given_up(timer: Timer) -> None:
    """Whatever the engine gave up is told to every administrator at once, each by their own ways.

    What they were told themselves is not told again: past that the watchdog has to speak. A code is not told, whoever
    waits for it reads on their profile why it does not come. What could itself wait until the morning wakes nobody:
    else anybody with an address that never answers could wake every administrator.
    """
    if timer.kind in codes.SEND.values():
        return
    told = timer.payload if isinstance(timer.payload, dict) else {}
    delivery = told.get("delivery") if timer.kind.startswith(actions.DELIVERY_KEY) else None
    # What another version planned may name it in another way; that is told like anything else that was given up.
    lost = Notification.objects.filter(deliveries=delivery).first() if isinstance(delivery, int) else None
    if lost is not None and lost.kind == NotificationKind.OTHER:
        return
    urgency = Urgency.LOW if lost is not None and lost.urgency == Urgency.LOW else Urgency.HIGH
    actions.notify_all(
        dict.fromkeys(access.administrators(), messages.given_up(timer, private=_is_about_private(timer))),
        incident=None,
        kind=NotificationKind.OTHER,
        urgency=urgency,
        step=f"engine_dead:{timer.pk}",
        subject=f"Given up after {timer.attempts} attempts: {timer.kind}",
    )


def _is_about_private(timer: Timer) -> bool:
    """Whether it is about a private incident, of which an error may quote words."""
    kind, _, number = timer.subject.partition(":")
    return kind == "incident" and number.isdecimal() and Incident.objects.filter(pk=number, private=True).exists()


@on(CODE_REQUESTED)
def send_the_code(verification: Verification) -> None:
    """A code is sent to the method that it is to verify, and nowhere else."""
    codes.plan(verification)


@on(EventKind.RESOLVED, EventKind.CANCELLED, EventKind.MERGED)
def stop_everything(event: TimelineEvent) -> None:
    """Nobody is paged for what is over."""
    actions.stop_for(event.incident)
