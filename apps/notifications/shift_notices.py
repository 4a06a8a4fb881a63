"""A notice when somebody's shift begins or ends, for those who want one."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from apps.core import clock as house_clock
from apps.notifications import actions, messages
from apps.notifications.models import NotificationKind, Preferences
from apps.rosters import queries as rosters
from apps.rosters.models import Shift

#: A change longer ago than this is told no more: the house was away, and it is news to nobody.
LATEST = timedelta(minutes=30)
#: So many of the notes that were left are in the notice, the newest.
NOTES_TOLD = 3


@transaction.atomic
def tell() -> None:
    """Tell whoever wants it that their shift began or ended within LATEST; each change once, however often called.

    Where the same person goes on in the next shift of the seat nothing changes for them.
    """
    now = house_clock.now()
    since = now - LATEST
    wanting = set(Preferences.objects.filter(shift_notices=True).values_list("person", flat=True))
    if not wanting:
        return
    changes = Shift.objects.filter(
        Q(during__startswith__gt=since, during__startswith__lte=now)
        | Q(during__endswith__gt=since, during__endswith__lte=now),
        roster__stands_in_for=None,
    ).select_related("person", "roster__team")
    shifts = list(changes)
    begun = {(shift.roster_id, shift.seat, shift.start): shift for shift in shifts if since < shift.start <= now}
    ended = {(shift.roster_id, shift.seat, shift.end): shift for shift in shifts if since < shift.end <= now}
    for key in begun.keys() | ended.keys():
        before, after = ended.get(key), begun.get(key)
        if before and after and before.person_id == after.person_id:
            continue
        for shift, begins, other in ((after, True, before), (before, False, after)):
            if shift is not None and shift.person_id in wanting:
                _tell(shift, begins=begins, other=other, at=key[2])


def _tell(shift: Shift, *, begins: bool, other: Shift | None, at: datetime) -> None:
    word = "begins" if begins else "ends"
    notes = list(rosters.handover_notes(shift.roster, at)[:NOTES_TOLD]) if begins else []
    actions.notify(
        shift.person,
        incident=None,
        kind=NotificationKind.NOTICE,
        step=f"shift_{word}:{shift.roster_id}:{shift.seat}:{at.isoformat()}",
        subject=f"On call for {shift.roster}: your shift {word}",
        text=messages.shift_change(shift, begins=begins, other=other.person if other else None, notes=notes),
    )
