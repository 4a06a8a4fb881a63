"""Writes of notifications, one verb a function."""

from apps.notifications.actions.notifying import (
    mark_read,
    notify,
    notify_all,
    page_by_hand,
    send_test,
    tell_of_oneself,
)
from apps.notifications.actions.planning import DELIVER, DELIVERY_KEY, plan_delivery, plan_next
from apps.notifications.actions.preferring import MOST_STEPS, set_preferences, set_rules
from apps.notifications.actions.shadows import TELL_SHADOWS
from apps.notifications.actions.stopping import (
    RECALL,
    RECALLED,
    RINGS_AT_MOST,
    acknowledge_pages,
    answer_one,
    cancel,
    decline_pages,
    plan_recalls,
    release,
    stop,
    stop_for,
    withdraw_chain,
)

__all__ = [
    "DELIVER",
    "DELIVERY_KEY",
    "MOST_STEPS",
    "RECALL",
    "RECALLED",
    "RINGS_AT_MOST",
    "TELL_SHADOWS",
    "acknowledge_pages",
    "answer_one",
    "cancel",
    "decline_pages",
    "mark_read",
    "notify",
    "notify_all",
    "page_by_hand",
    "plan_delivery",
    "plan_next",
    "plan_recalls",
    "release",
    "send_test",
    "set_preferences",
    "set_rules",
    "stop",
    "stop_for",
    "tell_of_oneself",
    "withdraw_chain",
]
