"""Notices of swaps: to whoever is asked, and to whoever asked once there is an answer."""

from __future__ import annotations

from apps.core.events import on
from apps.notifications import actions, messages
from apps.notifications.models import NotificationKind
from apps.rosters.actions import SWAP_ANSWERED, SWAP_ASKED
from apps.rosters.models import Swap, SwapState
from apps.teams.models import User

_DID = {SwapState.ACCEPTED: "accepted", SwapState.REFUSED: "refused", SwapState.WITHDRAWN: "withdrew"}


@on(SWAP_ASKED)
def tell_who_is_asked(swap: Swap) -> None:
    """Tell whoever was asked; of a request for cover everybody else who takes turns in the roster."""
    if swap.asked_of is not None:
        asked = [swap.asked_of]
    else:
        turns = User.objects.filter(layer_places__layer__roster=swap.roster, is_active=True).distinct()
        asked = list(turns.exclude(pk=swap.asked_by_id))
    for person in asked:
        _tell(person, swap, "asked", f"{swap.asked_by} asks you to take a shift for {swap.roster}")


@on(SWAP_ANSWERED)
def tell_whoever_it_concerns(swap: Swap) -> None:
    """Tell whoever asked how it was answered, and whoever was asked that it was withdrawn; nobody of their own deed."""
    for person in (swap.asked_by, swap.asked_of):
        if person is not None and person != swap.answered_by:
            _tell(
                person, swap, "answered", f"{swap.answered_by} {_DID[SwapState(swap.state)]} the swap for {swap.roster}"
            )


def _tell(person: User, swap: Swap, step: str, subject: str) -> None:
    actions.notify(
        person,
        incident=None,
        kind=NotificationKind.NOTICE,
        step=f"swap_{step}:{swap.pk}",
        subject=subject,
        text=messages.about_swap(swap),
    )
