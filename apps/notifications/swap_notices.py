"""Notices of swaps: to whoever is asked, and once there is an answer to whoever asked and whoever else was asked."""

from __future__ import annotations

from apps.core import clock
from apps.core.events import on
from apps.notifications import actions, messages
from apps.notifications.models import Notification, NotificationKind
from apps.rosters import turn_taking
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
        asked = list(turn_taking.people_in_turn(swap.roster, clock.now()).exclude(pk=swap.asked_by_id))
    for person in asked:
        _tell(person, swap, "asked", f"{swap.asked_by} asks you to take a shift for {swap.roster}")


@on(SWAP_ANSWERED)
def tell_whoever_it_concerns(swap: Swap) -> None:
    """Tell whoever asked how it was answered, and whoever was asked that it was withdrawn; nobody of their own deed."""
    for person in (swap.asked_by, swap.asked_of):
        if person is not None and person.is_active and person != swap.answered_by:
            _tell(
                person, swap, "answered", f"{swap.answered_by} {_DID[SwapState(swap.state)]} the swap for {swap.roster}"
            )


@on(SWAP_ANSWERED)
def tell_who_else_could_have_taken_it(swap: Swap) -> None:
    """Tell everybody else who was told of a request for cover that nobody is needed any more."""
    if swap.asked_of is not None:
        return
    if swap.state == SwapState.ACCEPTED:
        subject = f"{swap.answered_by} takes the shift of {swap.asked_by} for {swap.roster}: nobody is needed any more"
    else:
        subject = f"{swap.asked_by} needs no cover any more for {swap.roster}"
    told = Notification.objects.filter(incident=None, step=_step(swap, "asked"), person__is_active=True)
    others = told.exclude(person__in=[swap.asked_by_id, swap.answered_by_id]).select_related("person")
    actions.notify_all(
        {notification.person: messages.about_swap(swap) for notification in others},
        incident=None,
        kind=NotificationKind.NOTICE,
        step=_step(swap, "answered"),
        subject=subject,
    )


def _tell(person: User, swap: Swap, step: str, subject: str) -> None:
    actions.notify(
        person,
        incident=None,
        kind=NotificationKind.NOTICE,
        step=_step(swap, step),
        subject=subject,
        text=messages.about_swap(swap),
    )


def _step(swap: Swap, step: str) -> str:
    return f"swap_{step}:{swap.pk}"
