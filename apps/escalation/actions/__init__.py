"""Writes of escalation, one verb a function."""

from apps.escalation.actions.climbing import end_run, fire_when_due, start_over, start_run
from apps.escalation.actions.impact import raise_by_impact
from apps.escalation.actions.levels import FIRE
from apps.escalation.actions.proving import forget_old_proofs, prove
from apps.escalation.actions.raising import LONGEST_HOLD, escalate, hold
from apps.escalation.actions.rehearsing import Rehearsal, rehearse

__all__ = [
    "FIRE",
    "LONGEST_HOLD",
    "Rehearsal",
    "end_run",
    "escalate",
    "fire_when_due",
    "forget_old_proofs",
    "hold",
    "prove",
    "raise_by_impact",
    "rehearse",
    "start_over",
    "start_run",
]
