"""Writes of escalation, one verb a function."""

from apps.escalation.actions.calling import call_for_others, call_for_others_than, rehearse_for
from apps.escalation.actions.climbing import end_run, fire_when_due, start_over, start_run
from apps.escalation.actions.declining import LOOK_WHO_IS_LEFT, go_on_without, plan_to_go_on_without
from apps.escalation.actions.exposed_services import WATCH, plan_to_watch, watch_services, watch_team
from apps.escalation.actions.holding import LONGEST_HOLD, end_hold, hold
from apps.escalation.actions.impact import raise_by_impact
from apps.escalation.actions.levels import FIRE
from apps.escalation.actions.policies import delete_policy, require_keeper, save_policy
from apps.escalation.actions.proving import prove
from apps.escalation.actions.raising import escalate
from apps.escalation.actions.reassigning import reassign
from apps.escalation.actions.rehearsing import Rehearsal, rehearse
from apps.escalation.actions.replacing import replace_in_chain
from apps.escalation.actions.silence import SILENCE, listen, look, somebody_acted
from apps.escalation.actions.standing_still import (
    LOOK,
    LOOK_AT,
    look_at,
    look_everywhere,
    plan_to_look,
    plan_to_look_at,
)

__all__ = [
    "FIRE",
    "LONGEST_HOLD",
    "LOOK",
    "LOOK_AT",
    "LOOK_WHO_IS_LEFT",
    "SILENCE",
    "WATCH",
    "Rehearsal",
    "call_for_others",
    "call_for_others_than",
    "delete_policy",
    "end_hold",
    "end_run",
    "escalate",
    "fire_when_due",
    "go_on_without",
    "hold",
    "listen",
    "look",
    "look_at",
    "look_everywhere",
    "plan_to_go_on_without",
    "plan_to_look",
    "plan_to_look_at",
    "plan_to_watch",
    "prove",
    "raise_by_impact",
    "reassign",
    "rehearse",
    "rehearse_for",
    "replace_in_chain",
    "require_keeper",
    "save_policy",
    "somebody_acted",
    "start_over",
    "start_run",
    "watch_services",
    "watch_team",
]
