"""Rosters: who takes turns for a team, the exceptions, and the shifts that come of both."""

from apps.rosters.models.calendars import CalendarFeed, CalendarSource, CalendarTurn, FeedKind
from apps.rosters.models.exceptions import Absence, AbsenceKind, Override, Swap, SwapState
from apps.rosters.models.handovers import HandoverNote
from apps.rosters.models.rosters import MOST_AT_ONCE, Layer, LayerMember, Restriction, Roster, Rotation, Weekday
from apps.rosters.models.shadows import Shadow
from apps.rosters.models.shifts import Shift, ShiftSource
from apps.rosters.models.zones import ZoneChange, ZoneRules

__all__ = [
    "MOST_AT_ONCE",
    "Absence",
    "AbsenceKind",
    "CalendarFeed",
    "CalendarSource",
    "CalendarTurn",
    "FeedKind",
    "HandoverNote",
    "Layer",
    "LayerMember",
    "Override",
    "Restriction",
    "Roster",
    "Rotation",
    "Shadow",
    "Shift",
    "ShiftSource",
    "Swap",
    "SwapState",
    "Weekday",
    "ZoneChange",
    "ZoneRules",
]
