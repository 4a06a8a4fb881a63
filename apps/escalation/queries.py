"""Reads of the chain: which policy applies, and where a run stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet, prefetch_related_objects

from apps.catalog.models import Service
from apps.contacts import queries as contacts
from apps.contacts.models import ExternalContact
from apps.core import clock as house_clock
from apps.engine.models import Timer
from apps.escalation import rules
from apps.escalation.models import (
    UNDECIDED,
    Level,
    LevelState,
    LevelTarget,
    Policy,
    Proof,
    Run,
    RunLevel,
    TargetKind,
    Trigger,
)
from apps.escalation.models.policies import REFERENCES
from apps.incidents.models import EventKind, Incident, Severity, TimelineEvent
from apps.notifications.models import Notification, NotificationKind
from apps.teams import access
from apps.teams.models import Team, User


@dataclass(frozen=True)
class EscalationSummary:
    """Where an incident stands in its chain: the highest level paged in any round, and the one that is due next."""

    level: int | None
    next_level: int | None
    next_at: datetime | None


@dataclass(frozen=True)
class Asked:
    """Of whom the chain expects an answer, in words, and who of them has not declined: all, and who can be reached.

    ``pages`` are those that nobody answered, ``spared`` the ids of the levels that count again once all declined.
    """

    whom: str
    silent: list[User]
    reachable: list[User]
    pages: list[Notification]
    spared: list[int]


@dataclass(frozen=True)
class Reassigned:
    """To whom a running incident was handed last, and when."""

    at: datetime
    people: list[User]


#: What a person does on the timeline without working on the incident.
NO_WORK = (EventKind.WATCHED, EventKind.UNWATCHED, EventKind.PAGE_DECLINED)

#: The kind of the timer that proves that nobody was forgotten.
PROOF = "escalation.proof"

NOWHERE = EscalationSummary(level=None, next_level=None, next_at=None)


def policies() -> QuerySet[Policy]:
    """Every policy with its severity, its scope, and its levels and targets at hand."""
    named = LevelTarget.objects.prefetch_related("role", "contact", "person", "roster", "team", "webhook")
    levels = Prefetch("levels", Level.objects.prefetch_related(Prefetch("targets", named)))
    return Policy.objects.select_related("severity", "team", "service__team").prefetch_related(levels)


def visible_policies(viewer: User) -> QuerySet[Policy]:
    """What holds for every team is open to who belongs to one, a team's own to whoever may see the team's matters."""
    seen = access.team_ids(viewer, access.Permission.VIEW)
    shown = Q(team__in=seen) | Q(service__team__in=seen)
    if access.belongs_here(viewer):
        shown |= Q(team=None, service=None)
    return policies().filter(shown)


def policy_for(severity: Severity, team: Team, services: Iterable[Service] = ()) -> Policy | None:
    """The policy of the first of ``services`` (by name) that has one, else the team's, else that of every team.

    One without levels covers nothing and is passed over. With levels and targets at hand.
    """
    near = Policy.objects.filter(_near(team, services), pk__in=climbed(severity))
    policy = near.select_related("severity", "team", "service__team").order_by(*_NEAREST).first()
    if policy is not None:
        prefetch_related_objects([policy], "levels__targets")
        targets = [target for level in policy.levels.all() for target in level.targets.all()]
        named = {REFERENCES[TargetKind(target.kind)] for target in targets if target.kind in REFERENCES}
        prefetch_related_objects(targets, *sorted(named))  # of what a target may name the few that these do
    return policy


def policies_of(services: Iterable[Service]) -> dict[int, list[Policy]]:
    """The policies that an incident of each service alone climbs, by its id, the worst severity first; one query."""
    wanted = list(services)
    with_levels = Exists(Level.objects.filter(policy=OuterRef("pk")))
    by_scope: dict[tuple[int | None, int | None], dict[int, Policy]] = {}
    for policy in Policy.objects.filter(with_levels, severity__is_active=True).select_related("severity"):
        by_scope.setdefault((policy.service_id, policy.team_id), {})[policy.severity_id] = policy
    found: dict[int, list[Policy]] = {}
    for service in wanted:
        scopes = ((None, None), (None, service.team_id), (service.pk, None))
        nearest = {key: policy for scope in scopes for key, policy in by_scope.get(scope, {}).items()}
        found[service.pk] = sorted(nearest.values(), key=lambda policy: policy.severity.rank)
    return found


def lender_of(number: int, *, severity: Severity, team: Team, services: Iterable[Service] = ()) -> Level | None:
    """The level ``number`` of the nearest chain that has it, for a run of ``severity`` whose own chain lacks it.

    Nearest is the severity's own, then the next worse; in each a service's policy, the team's, that of every team.
    """
    near = policies().filter(_near(team, services), severity__rank__lte=severity.rank, levels__number=number)
    lender = near.order_by("-severity__rank", *_NEAREST).first()
    return next((level for level in lender.levels.all() if level.number == number), None) if lender else None


_NEAREST = (
    F("service__name").asc(nulls_last=True), F("service__pk").asc(nulls_last=True), F("team").asc(nulls_last=True)
)  # fmt: skip


def _near(team: Team, services: Iterable[Service]) -> Q:
    return Q(service__in=[service.pk for service in services]) | Q(service=None, team=team) | Q(service=None, team=None)


def teams_of(policy: Policy) -> list[Team]:
    """Whose incidents may climb the policy: its owner's, those of every team in use for the chain of every team."""
    return [policy.owner] if policy.owner is not None else list(Team.objects.filter(is_active=True))


def climbed(severity: Severity) -> QuerySet[Policy]:
    """The policies of the severity that cover anything: those with levels."""
    return Policy.objects.filter(Exists(Level.objects.filter(policy=OuterRef("pk"))), severity=severity)


def current_run(incident: Incident) -> Run | None:
    """The run that goes on now, if any."""
    return (
        Run.objects.filter(incident=incident, ended_at__isnull=True)
        .select_related("policy__severity", "policy__team", "policy__service", "held_by")
        .first()
    )


def stands_still(run: Run) -> bool:
    """Whether the chain waits for the end of maintenance, as was reckoned last."""
    return run.maintenance_until is not None and run.maintenance_until > house_clock.now()


def latest_run(incident: Incident) -> Run | None:
    """The run that goes on now, or the last one that did."""
    return Run.objects.filter(incident=incident).last()


def levels_of(incident: Incident) -> list[RunLevel]:
    """The levels of the latest run with who was paged, lowest first, round by round; two queries."""
    run = latest_run(incident)
    return list(run.levels.select_related("run").prefetch_related("people")) if run else []


def paged_levels(incident: Incident) -> QuerySet[RunLevel]:
    """The levels that were paged since the response began, those of the latest run last."""
    runs = Run.objects.filter(incident=incident, created_at__gte=incident.response_started_at)
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
    return rules.next_to_fire(list(run.levels.select_related("run")), answers_of(incident)) if run else None


def levels_to_come(incident: Incident) -> list[RunLevel]:
    """The undecided levels of the round that goes on, as far as they are needed yet, lowest first."""
    run = current_run(incident)
    if run is None:
        return []
    chain, answers = list(run.levels.select_related("run")), answers_of(incident)
    begun = rules.current_round(chain, now=house_clock.now())
    return [
        level
        for level in chain
        if level.round == begun and level.state in UNDECIDED and not rules.why_not(level, answers)
    ]


def next_by_hand(incident: Incident) -> RunLevel | None:
    """The level that fires when somebody escalates without naming one."""
    run = current_run(incident) if incident.is_open else None
    return rules.lowest_not_paged(list(run.levels.select_related("run")), now=house_clock.now()) if run else None


def asked_last(incident: Incident) -> Asked | None:
    """Whom the level that fired last paged, or to whom it was reassigned since; None before anybody was."""
    asking = (EventKind.LEVEL_FIRED, EventKind.REASSIGNED)
    last = incident.timeline.filter(kind__in=asking, at__gte=incident.response_started_at).last()
    if last is None or not last.data["people"]:
        return None
    unanswered = Notification.objects.filter(
        incident=incident, kind=NotificationKind.PAGE, created_at__gte=incident.response_started_at,
        person__in=last.data["people"], person__is_active=True, acknowledged_at=None, declined_at=None,
        withdrawn_at=None,
    )  # fmt: skip
    fired = last.kind == EventKind.LEVEL_FIRED
    whom = f"who was paged on level {last.data['level']}" if fired else "to whom it was reassigned"
    pages = list(unanswered.select_related("person"))
    silent = [page.person for page in pages]
    return Asked(whom, silent, contacts.can_be_paged(silent), pages, last.data.get("spared", []))


def reassigned_to(incident: Incident) -> Reassigned | None:
    """To whom the unacknowledged incident was reassigned; None where its chain pages, or goes on, since."""
    if not incident.is_open or incident.acknowledged_at is not None:
        return None
    telling = (EventKind.LEVEL_FIRED, EventKind.REASSIGNED, EventKind.REOPENED)
    last = incident.timeline.filter(kind__in=telling).order_by("-pk").first()
    if last is None or last.kind != EventKind.REASSIGNED or not last.data["people"]:
        return None
    people = User.objects.in_bulk(last.data["people"])
    return Reassigned(at=last.at, people=[people[pk] for pk in last.data["people"]])


def last_activity(incident: Incident) -> datetime:
    """When a person last did anything about the incident; before that, when its response began."""
    last = _by_people(incident).values_list("at", flat=True).first()
    return max(last or incident.response_started_at, incident.response_started_at)


def activity_before(incident: Incident) -> datetime:
    """When a person had last done anything before what was done just now; else when the response began."""
    before = _by_people(incident).values_list("at", flat=True)[1:2]
    return max([*before, incident.response_started_at])


def last_who_acted(incident: Incident) -> User | None:
    """Who did anything about the incident last since its response began, if they are still here."""
    since = _by_people(incident).filter(at__gte=incident.response_started_at).select_related("actor")
    last = since.first()
    return last.actor if last is not None and last.actor is not None and last.actor.is_active else None


def _by_people(incident: Incident) -> QuerySet[TimelineEvent]:
    """What people did about the incident, the latest first."""
    return incident.timeline.filter(actor__isnull=False).exclude(kind__in=NO_WORK).order_by("-pk")


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
            next_at=upcoming.decided_at if upcoming else None,
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
    """How long ago it was proved that nobody was forgotten; before the first proof, since when one is planned."""
    latest = Proof.objects.values_list("at", flat=True).first()
    since = latest or Timer.objects.filter(kind=PROOF).order_by("pk").values_list("created_at", flat=True).first()
    return house_clock.now() - since if since is not None else timedelta(0)


def triggers() -> QuerySet[Trigger]:
    """The reasons to raise at once that the procedures know."""
    return Trigger.objects.filter(is_active=True)
