"""A small organisation to climb chains in, and what became of the levels."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from apps.catalog.models import Service
from apps.escalation.models import Level, LevelTarget, Policy, RunLevel
from apps.incidents.models import EventKind, Incident
from apps.teams.models import Team, TeamRole, User
from tests.factories.escalation import make_chain
from tests.factories.incidents import make_procedures
from tests.factories.teams import make_person, make_team


@dataclass
class House:
    """Olga, Tom, Emma, Carl and Ceo may be paged; Olga is of the team."""

    team: Team
    olga: User
    tom: User
    emma: User
    carl: User
    ceo: User

    @property
    def everybody(self) -> list[User]:
        return [self.olga, self.tom, self.emma, self.carl, self.ceo]


def make_house() -> House:
    """Procedures in force, a team, and no chain yet."""
    make_procedures()
    team = make_team()
    others = [make_person(name) for name in ("Tom", "Emma", "Carl", "Ceo")]
    return House(team, make_person("Olga", team, TeamRole.RESPONDER), *others)


def chain(severity: str, *people: User, minutes: tuple[int, ...] = (0, 15, 60, 120, 240), **scope: Team | Service):
    """The chain of a severity, one level for each of ``people``: of every team, or of the ``team`` or ``service``."""
    return make_chain(severity, list(people), minutes=minutes[: len(people)], **scope)


def repeat(policy: Policy, *, times: int, every: timedelta) -> Policy:
    """Let the chain be climbed ``times`` more, a round beginning ``every`` so long."""
    policy.repeats, policy.repeat_every = times, every if times else None
    policy.save()
    return policy


def asks_again(policy: Policy, after: timedelta | None = timedelta(minutes=30)) -> Policy:
    """Let it be asked whether anybody is still on it, ``after`` so long a silence."""
    policy.asks_again_after = after
    policy.full_clean(exclude=["severity"])
    policy.save()
    return policy


def aim(policy: Policy, number: int, **target: object) -> None:
    """Let the level page ``target`` too: a kind, and what it names."""
    level = policy.levels.get(number=number)
    LevelTarget.objects.create(level=level, position=level.targets.count(), **target)


def aim_anew(policy: Policy, number: int, **target: object) -> None:
    """Let the level page ``target`` alone."""
    policy.levels.get(number=number).targets.all().delete()
    aim(policy, number, **target)


def make_level(policy: Policy, number: int, **known: object) -> Level:
    """Change what a level of the policy says."""
    Level.objects.filter(policy=policy, number=number).update(**known)
    return policy.levels.get(number=number)


def cut_off(person: User) -> None:
    """Nothing reaches the person any more."""
    person.contact_methods.all().delete()


def states(incident: Incident) -> dict[int, str]:
    """What became of the levels of the latest run."""
    run = incident.escalation_runs.last()
    return dict(run.levels.values_list("number", "state"))


def rounds(incident: Incident) -> dict[int, list[str]]:
    """What became of the levels of the latest run, round by round."""
    found: dict[int, list[str]] = {}
    for level in incident.escalation_runs.last().levels.all():
        found.setdefault(level.round, []).append(level.state)
    return found


def level_of(incident: Incident, number: int) -> RunLevel:
    """The level of the first round of the latest run."""
    return incident.escalation_runs.last().levels.get(round=1, number=number)


def paged(incident: Incident, number: int) -> list[User]:
    """Whom the level of the latest run paged."""
    return list(level_of(incident, number).people.order_by("pk"))


def texts(incident: Incident, kind: EventKind) -> list[str]:
    """What the timeline says of that kind."""
    return list(incident.timeline.filter(kind=kind).values_list("text", flat=True))
