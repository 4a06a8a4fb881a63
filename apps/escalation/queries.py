"""Reads of the chain: which policy applies, where a run stands, and who would be paged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Prefetch, Q, QuerySet

from apps.contacts import queries as contacts
from apps.contacts.models import ExternalContact
from apps.core import clock as house_clock
from apps.escalation import rules, targets
from apps.escalation.models import Level, LevelState, LevelTarget, Policy, Proof, Run, RunLevel, Trigger
from apps.incidents.models import EventKind, Incident, Severity
from apps.notifications.models import Notification, NotificationKind
from apps.teams.models import Team, User


@dataclass(frozen=True)
class EscalationSummary:
    """Where an incident stands in its chain: the highest level paged, and the one that is due next."""

    level: int | None
    next_level: int | None
    next_at: datetime | None


@dataclass(frozen=True)
class Asked:
    """Of whom the chain expects an answer, in words, and whether anybody of them is left who could give one."""

    whom: str
    somebody_left: bool


#: What a person does on the timeline without working on the incident.
NO_WORK = (EventKind.WATCHED, EventKind.UNWATCHED, EventKind.PAGE_DECLINED)

NOWHERE = EscalationSummary(level=None, next_level=None, next_at=None)


def policy_for(severity: Severity, team: Team) -> Policy | None:
    """The team's own policy for the severity, else the one of every team, with levels and targets at hand."""
    targets_with_names = LevelTarget.objects.select_related("role", "contact", "person", "roster")
    levels = Prefetch("levels", Level.objects.prefetch_related(Prefetch("targets", targets_with_names)))
    policies = Policy.objects.filter(severity=severity).prefetch_related(levels)
    return policies.filter(team=team).first() or policies.filter(team__isnull=True).first()


def lender_of(number: int, *, severity: Severity, team: Team) -> Level | None:
    """The level ``number`` of the nearest chain that has it, for a run of ``severity`` whose own chain lacks it.

    Nearest is the severity's own, then the next worse; in each the team's policy before that of every team.
    """
    lenders = Level.objects.filter(
        Q(policy__team=team) | Q(policy__team=None), number=number, policy__severity__rank__lte=severity.rank
    )
    nearest = lenders.order_by("-policy__severity__rank", F("policy__team").asc(nulls_last=True))
    return nearest.select_related("policy__severity", "policy__team").first()


def current_run(incident: Incident) -> Run | None:
    """The run that goes on now, if any."""
    return Run.objects.filter(incident=incident, ended_at__isnull=True).first()


def latest_run(incident: Incident) -> Run | None:
    """The run that goes on now, or the last one that did."""
    return Run.objects.filter(incident=incident).last()


def levels_of(incident: Incident) -> list[RunLevel]:
    """The levels of the latest run with who was paged, lowest first; two queries."""
    run = latest_run(incident)
    return list(run.levels.prefetch_related("people")) if run else []


def paged_levels(incident: Incident) -> QuerySet[RunLevel]:
    """The levels that were paged since the response began, those of the latest run last."""
    runs = Run.objects.filter(incident=incident, started_at=incident.response_started_at)
    return RunLevel.objects.filter(run__in=runs, state=LevelState.FIRED).order_by("run")


def answers_of(incident: Incident) -> rules.Answers:
    """What has happened to the incident, as far as the chain asks."""
    return rules.Answers(
        acknowledged_at=incident.acknowledged_at,
        resolved_at=incident.resolved_at,
        ended=not incident.is_open,
        response_started_at=incident.response_started_at,
    )


def next_level(incident: Incident) -> RunLevel | None:
    """The level that fires next if nothing more happens, while the chain still goes on."""
    run = current_run(incident)
    return rules.next_to_fire(list(run.levels.all()), answers_of(incident)) if run else None


def who_would_be_paged(level: RunLevel) -> list[User]:
    """Whom the level's targets reach as things stand now."""
    incident = level.run.incident
    return targets.find(level.targets, team=incident.team, incident=incident, at=house_clock.now()).people


def next_by_hand(incident: Incident) -> RunLevel | None:
    """The level that fires when somebody escalates without naming one."""
    run = current_run(incident) if incident.is_open else None
    return rules.lowest_not_paged(list(run.levels.all())) if run else None


def who_would_begin(policy: Policy, incident: Incident) -> list[User]:
    """Whom the first level of the policy would page for the incident as things stand now."""
    first = policy.levels.prefetch_related("targets").first()
    if first is None:
        return []
    chain = [targets.snapshot(target) for target in first.targets.all()]
    return who_would_be_paged(RunLevel(run=Run(incident=incident), number=first.number, targets=chain))


def asked_last(incident: Incident) -> Asked | None:
    """Whom the level that fired last paged, or to whom it was reassigned since; None before anybody was."""
    asking = (EventKind.LEVEL_FIRED, EventKind.REASSIGNED)
    last = incident.timeline.filter(kind__in=asking, at__gte=incident.response_started_at).last()
    if last is None or not last.data["people"]:
        return None
    unanswered = Notification.objects.filter(
        incident=incident, kind=NotificationKind.PAGE, created_at__gte=incident.response_started_at,
        person__in=last.data["people"], person__is_active=True, acknowledged_at=None, declined_at=None,
    )  # fmt: skip
    fired = last.kind == EventKind.LEVEL_FIRED
    whom = f"who was paged on level {last.data['level']}" if fired else "to whom it was reassigned"
    return Asked(whom, unanswered.exists())


def last_activity(incident: Incident) -> datetime:
    """When a person last did anything about the incident; before that, when its response began."""
    by_people = incident.timeline.filter(actor__isnull=False).exclude(kind__in=NO_WORK)
    last = by_people.order_by("-pk").values_list("at", flat=True).first()
    return max(last or incident.response_started_at, incident.response_started_at)


def summaries(incidents: Iterable[Incident]) -> dict[int, EscalationSummary]:
    """Where each incident stands, by incident id; two queries however many there are."""
    by_id = {incident.pk: incident for incident in incidents}
    runs = Run.objects.filter(incident__in=by_id).order_by("pk")
    found = {}
    for run in runs.prefetch_related("levels"):
        levels = list(run.levels.all())
        fired = [level.number for level in levels if level.state == LevelState.FIRED]
        upcoming = rules.next_to_fire(levels, answers_of(by_id[run.incident_id])) if run.ended_at is None else None
        found[run.incident_id] = EscalationSummary(
            level=max(fired, default=None),
            next_level=upcoming.number if upcoming else None,
            next_at=upcoming.due_at if upcoming else None,
        )
    return found


def external_contacts(incident: Incident) -> list[ExternalContact]:
    """Whom outside to ask, once a trigger said that a vendor is needed (R11).

    Those whom the incident or the reason names, else all of them; empty before.
    """
    asking = set(Trigger.objects.filter(shows_external_contacts=True).values_list("key", flat=True))
    raised = incident.timeline.filter(kind=EventKind.ESCALATED).values_list("data__trigger", "text")
    reasons = [text for key, text in raised if key in asking]
    if not reasons:
        return []
    known = list(contacts.external_contacts())
    told = " ".join([incident.title, incident.summary, *reasons])
    named = rules.named_in(told, [contact.name for contact in known])
    return [contact for contact in known if contact.name in named] or known


def age_of_proof() -> timedelta:
    """How long ago it was proved that nobody was forgotten; nothing before the first proof."""
    latest = Proof.objects.values_list("at", flat=True).first()
    return house_clock.now() - latest if latest is not None else timedelta(0)


def triggers() -> QuerySet[Trigger]:
    """The reasons to raise at once that the procedures know."""
    return Trigger.objects.filter(is_active=True)
