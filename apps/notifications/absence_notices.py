"""Notices of leave that leaves somebody on call: whoever was put in by name stays, until somebody takes it over."""

from __future__ import annotations

from collections import defaultdict

from apps.core import clock
from apps.core.events import on
from apps.notifications import actions, messages
from apps.notifications.coverage_notices import AHEAD, SOON, managers_of
from apps.notifications.models import NotificationKind, Urgency
from apps.rosters import queries as rosters
from apps.rosters.actions import ABSENCE_ADDED
from apps.rosters.models import Absence, Roster, Shift
from apps.rosters.rules import Window
from apps.teams.models import User


@on(ABSENCE_ADDED)
def tell_who_stays_on_call(absence: Absence) -> None:
    """Tell a roster's managers of shifts within AHEAD that stay with somebody who is away; within SOON it is urgent."""
    ahead = clock.now() + AHEAD
    if absence.start >= ahead:
        return
    staying: dict[Roster, list[Shift]] = defaultdict(list)
    for shift in rosters.shifts_by_name(absence.person, Window(absence.start, min(absence.end, ahead))):
        staying[shift.roster].append(shift)
    managers = managers_of({roster.team_id for roster in staying})
    for roster, shifts in staying.items():
        _tell(absence, roster, shifts, told=[each for each in managers[roster.team_id] if each != absence.created_by])


def _tell(absence: Absence, roster: Roster, shifts: list[Shift], *, told: list[User]) -> None:
    is_soon = shifts[0].start <= clock.now() + SOON
    actions.notify_all(
        dict.fromkeys(told, messages.away_by_name(absence, roster, shifts)),
        incident=None,
        kind=NotificationKind.NOTICE,
        urgency=Urgency.HIGH if is_soon else Urgency.LOW,
        step=f"away_by_name:{absence.pk}:{roster.pk}",
        subject=f"{absence.person} is away and still on call for {roster}",
    )
