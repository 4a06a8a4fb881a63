"""Which status may follow which, what a gate waits for, what a title is. No database (R13, R21, R22)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps.core.errors import Invalid, Missing, RuleViolation
from apps.core.texts import one_line
from apps.incidents.models.incident import OPEN, Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from apps.incidents.models import ChecklistItem, Resolution

FORWARD = (
    Status.DECLARED,
    Status.ACKNOWLEDGED,
    Status.INVESTIGATING,
    Status.IDENTIFIED,
    Status.MONITORING,
    Status.RESOLVED,
    Status.CLOSED,
)
#: Where work is taken up again: a fix that does not hold, an incident that comes back.
BACK = {Status.MONITORING: Status.INVESTIGATING, Status.RESOLVED: Status.INVESTIGATING}


LONGEST_TITLE = 200


def title(words: str) -> str:
    """``words`` as a title: one line of what is seen, cut where it is too long. Raises Invalid for none."""
    told = one_line(words)[:LONGEST_TITLE]
    if not told:
        raise Invalid("An incident needs a title.", field="title")
    return told


def check_transition(current: str, wanted: str) -> None:
    """Raise RuleViolation unless an incident may go from ``current`` to ``wanted``.

    Steps may be skipped forward (a responder who knows the cause need not click through), never past RESOLVED:
    closing is a step of its own, after the checklist. Cancelled and merged end what is open.
    """
    current, wanted = Status(current), Status(wanted)
    if wanted in following(current):
        return
    raise RuleViolation(f"An incident that is {current.label.lower()} cannot become {wanted.label.lower()}.")


def following(current: str) -> tuple[Status, ...]:
    """Every status that may follow ``current``, in the order in which a person would look for them."""
    current = Status(current)
    if current is Status.RESOLVED:
        return (Status.CLOSED, Status.INVESTIGATING)
    if current not in OPEN:
        return ()
    forward = FORWARD[FORWARD.index(current) + 1 : FORWARD.index(Status.CLOSED)]
    back = (BACK[current],) if current in BACK else ()
    return (*forward, *back, Status.CANCELLED, Status.MERGED)


def missing_for(wanted: str, *, items: Iterable[ChecklistItem], resolution: Resolution | None) -> tuple[Missing, ...]:
    """What still stands before ``wanted``: gating checklist items, and for RESOLVED the verified fix (R21, R22)."""
    open_items = [
        Missing(gate=item.part, item_id=item.pk, text=item.text)
        for item in items
        if item.gates == wanted and not item.is_settled
    ]
    if wanted == Status.RESOLVED and not (resolution and resolution.is_verified_or_explained):
        open_items.append(
            Missing(gate="verification", item_id=None, text="The fix is verified, or it is said why it cannot be.")
        )
    return tuple(open_items)
