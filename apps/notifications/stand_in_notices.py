"""Notices of rosters that ended because the one that they stood in for did."""

from __future__ import annotations

from apps.core.events import on
from apps.notifications import actions, messages
from apps.notifications.coverage_notices import managers_of
from apps.notifications.models import NotificationKind
from apps.rosters.actions import STAND_IN_ENDED, StandInEnded


@on(STAND_IN_ENDED)
def tell_whose_stand_in_ended(ended: StandInEnded) -> None:
    """Tell the managers of the roster that stood in, but for whoever retired the other one themselves."""
    roster, team = ended.roster, ended.roster.team_id
    actions.notify_all(
        {manager: messages.stand_in_ended(ended) for manager in managers_of({team})[team] if manager != ended.by},
        incident=None,
        kind=NotificationKind.NOTICE,
        step=f"stand_in_ended:{roster.pk}",
        subject=f"{roster} is retired: so is {ended.stood_for}, for which it stood in",
    )
