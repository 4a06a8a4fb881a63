"""Policies and triggers that people edit, the runs that follow them, and the proofs that nobody was forgotten."""

from apps.escalation.models.policies import (
    LEVEL_NUMBERS,
    SHORTEST_SILENCE,
    Level,
    LevelTarget,
    OutsideHours,
    Policy,
    TargetKind,
    Trigger,
    TriggerKind,
    Turn,
    Unless,
)
from apps.escalation.models.runs import UNDECIDED, LevelState, Proof, Run, RunLevel

__all__ = [
    "LEVEL_NUMBERS",
    "SHORTEST_SILENCE",
    "UNDECIDED",
    "Level",
    "LevelState",
    "LevelTarget",
    "OutsideHours",
    "Policy",
    "Proof",
    "Run",
    "RunLevel",
    "TargetKind",
    "Trigger",
    "TriggerKind",
    "Turn",
    "Unless",
]
