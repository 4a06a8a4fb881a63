"""Writes of rosters, one verb a function. Each locks its rosters first and leaves their shifts as they say."""

from apps.rosters.actions.absences import LONGEST_ABSENCE, add_absence, remove_absence
from apps.rosters.actions.keeping import change_from, copy, retire
from apps.rosters.actions.overrides import add_override, check_stands_in, remove_override
from apps.rosters.actions.shifts import materialise
from apps.rosters.actions.swaps import (
    SWAP_ANSWERED,
    SWAP_ASKED,
    accept_swap,
    ask_for_swap,
    refuse_swap,
    withdraw_swap,
)

__all__ = [
    "LONGEST_ABSENCE",
    "SWAP_ANSWERED",
    "SWAP_ASKED",
    "accept_swap",
    "add_absence",
    "add_override",
    "ask_for_swap",
    "change_from",
    "check_stands_in",
    "copy",
    "materialise",
    "refuse_swap",
    "remove_absence",
    "remove_override",
    "retire",
    "withdraw_swap",
]
