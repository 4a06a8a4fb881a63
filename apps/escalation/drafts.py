"""A chain as it is or as somebody would have it: its policy, and its levels with their targets, stored or not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import QuerySet

from apps.core.errors import Invalid
from apps.escalation import queries, rules
from apps.escalation.models import Level, LevelTarget, Policy, TargetKind
from apps.escalation.models.policies import REFERENCES


@dataclass(frozen=True, slots=True)
class Rung:
    """A level, and its targets in their order."""

    level: Level
    targets: list[LevelTarget]


@dataclass(frozen=True, slots=True)
class Draft:
    """A policy with its levels, the lowest first. Nothing of it need be stored."""

    policy: Policy
    rungs: list[Rung]

    def targets(self) -> Iterator[LevelTarget]:
        """The targets of every level."""
        for rung in self.rungs:
            yield from rung.targets


def of(policy: Policy) -> Draft:
    """The chain as it is stored; no query for a policy of ``queries.policies``."""
    return Draft(policy=policy, rungs=[Rung(level, list(level.targets.all())) for level in policy.levels.all()])


def beginning(policy: Policy, *, copied: bool) -> Draft:
    """What a new ``policy`` begins with: a copy of the chain that covers its scope now, or nothing."""
    covering = covering_now(policy) if copied else None
    if covering is None:
        return Draft(policy=policy, rungs=[])
    policy.repeats, policy.repeat_every = covering.repeats, covering.repeat_every
    policy.asks_again_after = covering.asks_again_after
    return Draft(policy=policy, rungs=of(covering).rungs)


def covering_now(policy: Policy) -> Policy | None:
    """The chain that covers the incidents of the policy's scope at present; None for the scope of every team."""
    if policy.owner is None:
        return None
    services = [policy.service] if policy.service else []
    return queries.policy_for(policy.severity, policy.owner, services)


def check(draft: Draft) -> None:
    """Raise Invalid unless the chain can be climbed, and every level has somebody for the hours that it speaks of."""
    rules.check_chain(
        [(rung.level.number, rung.level.after) for rung in draft.rungs],
        repeats=draft.policy.repeats,
        repeat_every=draft.policy.repeat_every,
    )
    for rung in draft.rungs:
        try:
            rules.check_targets(rung.level.outside_hours, marked=[target.outside_hours for target in rung.targets])
        except Invalid as refused:
            raise Invalid(f"Level {rung.level.number}: {refused}", field=refused.field) from refused


def reference_of(target: LevelTarget) -> tuple[str, int | None]:
    """What a target names: its kind, and the id of what the kind refers to."""
    name = REFERENCES.get(TargetKind(target.kind))
    return target.kind, getattr(target, f"{name}_id") if name else None


def kept(policy: Policy) -> QuerySet[LevelTarget]:
    """The targets that may stay whoever chooses: those of the policy, of a new one those of what covers its scope."""
    covering = covering_now(policy) if policy._state.adding else policy
    return LevelTarget.objects.filter(level__policy=covering) if covering is not None else LevelTarget.objects.none()
