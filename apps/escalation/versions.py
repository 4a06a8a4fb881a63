"""Which state of a chain somebody saw, and how it is held while it is written or begun to be climbed."""

from __future__ import annotations

from django.db import connection

from apps.core.editing import Edited, Kept
from apps.escalation import turns
from apps.escalation.models import Level, LevelTarget, Policy

# The lock that a foreign key takes, before the row that refers to it is written.
_HOLD = "SELECT id FROM escalation_level WHERE policy_id = %s ORDER BY id FOR KEY SHARE"


def edited(policy_id: int) -> Edited:
    """The policy with its levels and their targets."""
    levels = Level.history.filter(policy_id=policy_id).values("id")
    pieces = (
        Kept(Policy, "id", [policy_id]),
        Kept(Level, "policy_id", [policy_id]),
        Kept(LevelTarget, "level_id", levels),
    )
    return Edited("chain", Policy.objects.filter(pk=policy_id), pieces)


def of(policy_id: int) -> str:
    """The state of the chain now: another one after every change of the policy, its levels or their targets."""
    return edited(policy_id).version()


def lock(policy_id: int) -> bool:
    """Let nobody else write the chain until the transaction ends; False if it is gone.

    What it is afterwards is read afterwards: whoever wrote before is seen, and so is whoever began to climb it. Its
    levels are locked before anything of them is written, as by a level that pages one after the other: neither then
    waits for what the other holds.
    """
    found = bool(Policy.objects.select_for_update(no_key=True).filter(pk=policy_id).order_by("pk").values_list("pk"))
    list(Level.objects.select_for_update().filter(policy=policy_id).order_by("pk").values_list("pk"))
    return found


def hold(policy: Policy) -> bool:
    """Let nobody remove the levels of ``policy`` until the transaction ends, so that a run may refer to them.

    False if one that was read with it is gone, or it has none: whoever chose the policy chooses anew. Whoever else
    holds it does not wait, nor does whoever is paged in turn by a level. What is only shown (``turns.for_show``) is
    taken back and holds nothing.
    """
    if turns.are_shown():
        return True
    read = {level.pk for level in policy.levels.all()}
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [policy.pk])
        held = {pk for (pk,) in cursor.fetchall()}
    return bool(held) and read <= held
