"""Somebody who leaves is replaced in the chains that page them by name."""

from __future__ import annotations

from django.db import transaction

from apps.core.errors import Conflict
from apps.escalation import drafts, queries, versions
from apps.escalation.actions.policies import save_policy
from apps.escalation.drafts import Rung
from apps.escalation.models import LevelTarget, TargetKind
from apps.teams.models import User


@transaction.atomic
def replace_in_chain(policy_id: int, person: User, *, to: User, by: User) -> None:
    """Page ``to`` wherever the chain names ``person``; on a level that names both, once.

    Raises as ``save_policy`` does, and Conflict if the chain is gone.
    """
    if not versions.lock(policy_id):
        raise Conflict("The chain was removed meanwhile.")
    draft = drafts.of(queries.policies().get(pk=policy_id))
    for rung in draft.rungs:
        _replace(rung, person, to)
    save_policy(draft, by=by, based_on=versions.of(policy_id))


def _replace(rung: Rung, person: User, to: User) -> None:
    there = any(drafts.reference_of(target) == (TargetKind.PERSON, to.pk) for target in rung.targets)
    for place, target in reversed(list(enumerate(rung.targets))):
        if drafts.reference_of(target) == (TargetKind.PERSON, person.pk):
            instead = LevelTarget(kind=TargetKind.PERSON, person=to, outside_hours=target.outside_hours)
            rung.targets[place : place + 1] = [] if there else [instead]
            there = True
