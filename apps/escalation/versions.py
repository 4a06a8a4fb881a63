"""Which state of a chain somebody saw, and what was changed since."""

from __future__ import annotations

from django.db import connection
from django.db.models import Max

from apps.core.history import PartChange, changes_of_parts
from apps.escalation import turns
from apps.escalation.models import Level, LevelTarget, Policy

Version = tuple[int, int, int]

# The lock that a foreign key takes, before the row that refers to it is written.
_HOLD = "SELECT id FROM escalation_level WHERE policy_id = %s ORDER BY id FOR KEY SHARE"


def of(policy_id: int) -> str:
    """The state of the chain now: another one after every change of the policy, its levels or their targets."""
    return ".".join(map(str, _now(policy_id)))


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


def changes_since(policy_id: int, version: str) -> list[str]:
    """What was changed since the chain was at ``version``, by whom, in words, the oldest first.

    Nothing if it is at that version still; everything for a version that is none.
    """
    seen = _read(version)
    levels = Level.history.filter(policy_id=policy_id).values_list("id", flat=True).distinct()
    of_parts = (
        (changes_of_parts(Policy, fk="id", owners=[policy_id]), seen[0]),
        (changes_of_parts(Level, fk="policy_id", owners=[policy_id]), seen[1]),
        (changes_of_parts(LevelTarget, fk="level_id", owners=list(levels)), seen[2]),
    )
    since = [change for changes, last in of_parts for _, change in changes if change.record > last]
    return [_in_words(change) for change in sorted(since, key=lambda change: change.at)]


def _now(policy_id: int) -> Version:
    levels = Level.history.filter(policy_id=policy_id)
    targets = LevelTarget.history.filter(level_id__in=levels.values("id"))
    found = [
        rows.aggregate(last=Max("history_id"))["last"] or 0
        for rows in (Policy.history.filter(id=policy_id), levels, targets)
    ]
    return found[0], found[1], found[2]


def _read(version: str) -> Version:
    numbers = version.split(".")
    if len(numbers) != 3 or not all(number.isdecimal() and len(number) < 19 for number in numbers):
        return 0, 0, 0
    return int(numbers[0]), int(numbers[1]), int(numbers[2])


def _in_words(change: PartChange) -> str:
    fields = ", ".join(label for label, _, _ in change.fields)
    return f"{change.by or 'The house'}: {change.part} {change.verb}{f' ({fields})' if fields else ''}"
