"""Writes the chains: those of a team and its services by its managers, that of every team by administrators.

A running incident keeps the snapshot that it began with.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction

from apps.core.errors import Conflict, Invalid, NotAllowed, RuleViolation
from apps.core.history import made_by
from apps.escalation import choices, drafts, queries, versions
from apps.escalation.drafts import Draft, Rung
from apps.escalation.models import Level, LevelTarget, Policy
from apps.escalation.models.policies import REFERENCES
from apps.teams.access import Viewer
from apps.teams.models import User

#: What of a policy and of a level somebody may write; whose and which they are stays.
OF_POLICY = ("repeats", "repeat_every", "asks_again_after")
OF_LEVEL = ("name", "after", "unless", "outside_hours", "round_robin")


def require_keeper(person: Viewer, policy: Policy) -> None:
    """Raise NotAllowed unless ``person`` keeps the policy (``choices.keeps``)."""
    if choices.keeps(person, policy):
        return
    if policy.owner is None:
        raise NotAllowed("The chain of every team is kept by administrators: choose a team or a service.")
    raise NotAllowed(f"The chains of {policy.owner} are kept by its managers.")


@transaction.atomic
def save_policy(draft: Draft, *, by: User, based_on: str = "") -> Policy:
    """Make the chain what ``draft`` says, or a new one, in one step; the history names ``by``.

    ``based_on`` is the version (``versions.of``) of the stored chain that was edited. A level is found again by its
    number, so that whose turn it is goes on, and a target by what it names. Raises NotAllowed unless ``by`` keeps it,
    ChangedMeanwhile if somebody else changed it since, Conflict if it is gone or there is one for its scope by now,
    Invalid for what cannot be climbed or is not theirs to choose.
    """
    policy = draft.policy
    stored = None if policy._state.adding else _locked(policy.pk, by=by)
    if stored is not None:
        versions.edited(stored.pk).refuse_changed(based_on)
    require_keeper(by, policy)
    _check(draft, by=by)
    if stored is None:
        stored = _create(policy, by=by)
    else:
        _put(stored, by, **{name: getattr(policy, name) for name in OF_POLICY})
    _write_levels(stored, draft.rungs, by=by)
    return stored


@transaction.atomic
def delete_policy(policy_id: int, *, by: User) -> None:
    """Remove a chain: the next wider one covers its incidents from then on.

    Raises NotAllowed unless ``by`` keeps it, Conflict if it is gone, RuleViolation for that of every team.
    """
    policy = _locked(policy_id, by=by)
    if policy.owner is None:
        raise RuleViolation("The chain of every team stays: without it only who is on call for a team would be paged.")
    for level in policy.levels.all():
        _remove([*level.targets.all(), level], by=by)
    _remove([policy], by=by)


def _locked(policy_id: int, *, by: User) -> Policy:
    """The policy, locked against whoever saves it at the same time. Raises Conflict if it is gone, NotAllowed."""
    if not versions.lock(policy_id):
        raise Conflict("The chain was removed meanwhile.")
    policy = queries.policies().get(pk=policy_id)
    require_keeper(by, policy)
    return policy


def _check(draft: Draft, *, by: User) -> None:
    """Raise Invalid unless the chain can be climbed and names nobody whom ``by`` may not choose."""
    drafts.check(draft)
    _check_fields(draft.policy)
    for rung in draft.rungs:
        about = f"Level {rung.level.number}: "
        _check_fields(rung.level, without="policy", about=about)
        for target in rung.targets:
            _check_fields(target, without="level", about=about)
    if not choices.allowed(by, draft.targets(), kept=drafts.kept(draft.policy)):
        raise Invalid("A level names somebody whom you may not choose.", field="targets")


def _check_fields(row: models.Model, *, without: str = "", about: str = "") -> None:
    try:
        row.full_clean(exclude={without} if without else None, validate_unique=False)
    except ValidationError as refused:
        raise Invalid(about + " ".join(refused.messages)) from refused


def _create(policy: Policy, *, by: User) -> Policy:
    made_by(policy, by)
    try:
        with transaction.atomic():
            policy.save()
    except IntegrityError as refused:
        raise Conflict(f"There is a chain for {policy} by now: open it to change it.") from refused
    return policy


def _write_levels(policy: Policy, rungs: list[Rung], *, by: User) -> None:
    held = {level.number: level for level in policy.levels.all()}
    wanted = {rung.level.number for rung in rungs}
    for number, level in held.items():
        if number not in wanted:
            _remove([*level.targets.all(), level], by=by)
    for rung in rungs:
        level = held.get(rung.level.number) or Level(policy=policy, number=rung.level.number)
        _put(level, by, **{name: getattr(rung.level, name) for name in OF_LEVEL})
        _write_targets(level, rung.targets, by=by)


def _write_targets(level: Level, wanted: list[LevelTarget], *, by: User) -> None:
    held = list(level.targets.all())
    for position, target in enumerate(wanted):
        same = (row for row in held if drafts.reference_of(row) == drafts.reference_of(target))
        row = next(same, None)
        if row is None:
            row = LevelTarget(level=level, kind=target.kind)
            for name in set(REFERENCES.values()):
                setattr(row, f"{name}_id", getattr(target, f"{name}_id"))
        else:
            held.remove(row)
        _put(row, by, position=position, outside_hours=target.outside_hours)
    _remove(held, by=by)


def _put(row: models.Model, by: User, **values: Any) -> None:
    """Store the values where any differs; what stays leaves no trace in the history."""
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    if changed or row.pk is None:
        for name in changed:
            setattr(row, name, values[name])
        made_by(row, by)
        row.save()


def _remove(rows: Iterable[models.Model], *, by: User) -> None:
    for row in rows:
        made_by(row, by)
        row.delete()
