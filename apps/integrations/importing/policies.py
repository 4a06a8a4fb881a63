"""Chains of a plan against the policies that are here.

A vendor's escalation policy does not know severities: it becomes the chain of each severity in use, for each team it
belongs to and each service here that has the name of one that uses it. A team that several belong to gets the first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from apps.catalog.models import Service
from apps.catalog.queries import active_services
from apps.escalation import actions, queries, versions
from apps.escalation.drafts import Draft, Rung
from apps.escalation.models import Level, LevelTarget, OutsideHours, Policy, TargetKind, Unless
from apps.incidents.models import Severity
from apps.integrations.importing import plan as wanted
from apps.integrations.importing.accounts import People, Teams, slug_of
from apps.integrations.importing.plan import Note, Outcome
from apps.integrations.importing.rosters import Rosters
from apps.integrations.importing.steps import Hand, References, State, Step
from apps.integrations.models import ImportedKind


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose chain it is: that of a team, by its reference, or of a service."""

    team: str = ""
    service: Service | None = None

    @property
    def ref(self) -> str:
        """What an import knows the scope by."""
        return f"service:{self.service.pk}" if self.service else f"team:{self.team}"


@dataclass(frozen=True, slots=True)
class Place:
    """The chain of one severity and scope."""

    severity: Severity
    scope: Scope


@dataclass(frozen=True, slots=True)
class Here:
    """What a chain can name."""

    people: People
    teams: Teams
    rosters: Rosters


def chain_steps(
    chains: Iterable[wanted.Chain], here: Here, references: References, *, fallback: str
) -> tuple[list[tuple[Step, Place]], list[Note]]:
    """What is to be done about the chain of each severity and scope; ``fallback`` is the team of what has none."""
    notes: list[Note] = []
    severities = list(Severity.objects.filter(is_active=True))
    scopes = _scopes(list(chains), notes, here, fallback=fallback)
    if scopes and not severities:
        said = "There are no severities yet, and a chain is one of a severity; put procedures in force first."
        return [], [*notes, Note("escalation policies", Outcome.LEFT_OUT, said)]
    stored = {(each.severity_id, each.service_id, each.team_id): each for each in queries.policies()}
    steps: list[tuple[Step, Place]] = []
    for scope, chain in scopes:
        state = _wanted(chain, here, notes)
        if not state["levels"]:
            notes.append(Note(f"chain {chain.name}", Outcome.LEFT_OUT, "Nobody is left whom it could page."))
            continue
        team = here.teams.rows.get(scope.team)
        for severity in severities:
            reference = references.of(ImportedKind.CHAIN, f"{severity.code}#{scope.ref}")
            row = None
            if scope.service or team:
                service_id = scope.service.pk if scope.service else None
                row = stored.get((severity.pk, service_id, team.pk if team and not scope.service else None))
            whose = scope.service.slug if scope.service else here.teams.slugs[scope.team]
            step = Step(
                kind=ImportedKind.CHAIN, ref=f"{severity.code}#{scope.ref}", what=f"chain {severity.code} of {whose}",
                row=row, wanted=state, current=_stored(row) if row else None,
                last=reference.state if reference else None,
            )  # fmt: skip
            steps.append((step, Place(severity, scope)))
    return steps, notes


def _scopes(
    chains: list[wanted.Chain], notes: list[Note], here: Here, *, fallback: str
) -> list[tuple[Scope, wanted.Chain]]:
    services = list(active_services())
    by_slug = {service.slug: service for service in services} | {slug_of(service.name): service for service in services}
    found: dict[Scope, wanted.Chain] = {}
    for chain in chains:
        where = f"chain {chain.name}"
        scopes = [Scope(team=team) for team in chain.teams if team in here.teams.slugs]
        for name in chain.services:
            service = by_slug.get(slug_of(name))
            if service is None:
                said = f"The service “{name}” is not in the catalog here; with one of that name, import again."
                notes.append(Note(where, Outcome.LEFT_OUT, said))
            else:
                scopes.append(Scope(service=service))
        if not scopes and fallback:
            scopes = [Scope(team=fallback)]
        if not scopes:
            said = "It belongs to no team and to no service here, so no incident would climb it; --team names a team."
            notes.append(Note(where, Outcome.LEFT_OUT, said))
        for scope in scopes:
            if scope in found:
                whose = scope.service or here.teams.slugs[scope.team]
                said = f"{whose} has a chain by “{found[scope].name}”; a team or service has one for each severity."
                notes.append(Note(where, Outcome.LEFT_OUT, said))
            else:
                found[scope] = chain
    return list(found.items())


def _wanted(chain: wanted.Chain, here: Here, notes: list[Note]) -> State:
    levels = []
    for level in chain.levels:
        targets = [named for target in level.targets if (named := _named(target, chain, here, notes))]
        if targets:
            levels.append(
                {
                    "after": int(level.after.total_seconds()),
                    "unless": str(level.unless),
                    "round_robin": level.round_robin,
                    "outside_hours": str(OutsideHours.PAGE),
                    "targets": targets,
                }
            )
    every = int(chain.repeat_every.total_seconds()) if chain.repeat_every else None
    return {"repeats": chain.repeats, "repeat_every": every, "levels": levels}


def _named(target: wanted.Target, chain: wanted.Chain, here: Here, notes: list[Note]) -> list[str] | None:
    """The target as a state has it: its kind, and the address or slug; None for one that cannot be named."""
    if target.kind == TargetKind.PERSON:
        if here.people.active(target.ref):
            return [str(target.kind), target.ref]
        notes.append(Note(f"chain {chain.name}", Outcome.LEFT_OUT, f"{target.ref} is not active here."))
        return None
    slugs = here.teams.slugs if target.kind == TargetKind.TEAM else here.rosters.slugs
    return [str(target.kind), slugs[target.ref]] if target.ref in slugs else None


def _stored(policy: Policy) -> State:
    every = policy.repeat_every if policy.repeats else None
    return {
        "repeats": policy.repeats,
        "repeat_every": int(every.total_seconds()) if every else None,
        "levels": [
            {
                "after": int(level.after.total_seconds()),
                "unless": level.unless,
                "round_robin": level.round_robin,
                "outside_hours": level.outside_hours,
                "targets": [_stored_target(target) for target in level.targets.all()],
            }
            for level in policy.levels.all()
        ],
    }


def _stored_target(target: LevelTarget) -> list[str]:
    if target.person:
        return [target.kind, target.person.email.lower()]
    named = target.roster or target.team
    return [target.kind, named.slug if named else str(target)]


def write_chain(step: Step, place: Place, here: Here, hand: Hand) -> Policy:
    """Do what ``step`` says; levels that stay keep their names."""
    state = step.wanted or {}
    scope = place.scope
    policy = step.row if isinstance(step.row, Policy) else Policy(severity=place.severity)
    if scope.service:
        policy.service = scope.service
    else:
        policy.team = here.teams.rows[scope.team]
    policy.repeats = state["repeats"]
    policy.repeat_every = timedelta(seconds=state["repeat_every"]) if state["repeat_every"] else None
    names = {level.number: level.name for level in policy.levels.all()} if policy.pk else {}
    rungs = [
        Rung(
            level=Level(
                policy=policy,
                number=number,
                name=names.get(number, f"Level {number}"),
                after=timedelta(seconds=level["after"]),
                unless=Unless(level["unless"]),
                outside_hours=OutsideHours(level["outside_hours"]),
                round_robin=level["round_robin"],
            ),
            targets=[_target(kind, ref, here) for kind, ref in level["targets"]],
        )
        for number, level in enumerate(state["levels"], start=1)
    ]
    based_on = versions.of(policy.pk) if policy.pk else ""
    return actions.save_policy(Draft(policy=policy, rungs=rungs), by=hand.by, based_on=based_on)


def _target(kind: str, ref: str, here: Here) -> LevelTarget:
    target = LevelTarget(kind=kind)
    if kind == TargetKind.PERSON:
        target.person = here.people.by_email[ref]
    elif kind == TargetKind.TEAM:
        target.team = next(team for team in here.teams.rows.values() if team.slug == ref)
    else:
        target.roster = next(roster for roster in here.rosters.rows.values() if roster.slug == ref)
    return target


def primaries(chains: Iterable[wanted.Chain], rosters: Iterable[wanted.Roster]) -> dict[str, str]:
    """For each team the roster that pages first: that of the first level of its chain, else its first one."""
    found: dict[str, str] = {}
    teams = {roster.ref: roster.team for roster in rosters}
    for chain in chains:
        for target in chain.levels[0].targets:
            if target.kind == TargetKind.ROSTER and target.ref in teams:
                found.setdefault(teams[target.ref], target.ref)
    for ref, team in teams.items():
        found.setdefault(team, ref)
    return found
