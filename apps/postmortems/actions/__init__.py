"""Every change of a review or an action item, one verb a function, each in one transaction.

Reading asks for the right to view the incident, writing for the right to respond to it.
"""

from apps.postmortems.actions.deadlines import remind, start_clocks, stop_clocks, tell_overdue
from apps.postmortems.actions.improvements import record_improvement, withdraw_improvement
from apps.postmortems.actions.items import (
    add_action_item,
    change_action_item,
    complete_action_item,
    raise_action_item,
    remind_of_action_item,
    settle_action_item,
)
from apps.postmortems.actions.reviews import answer, create_for, edit, finish, follow, open_review

__all__ = [
    "add_action_item",
    "answer",
    "change_action_item",
    "complete_action_item",
    "create_for",
    "edit",
    "finish",
    "follow",
    "open_review",
    "raise_action_item",
    "record_improvement",
    "remind",
    "remind_of_action_item",
    "settle_action_item",
    "start_clocks",
    "stop_clocks",
    "tell_overdue",
    "withdraw_improvement",
]
