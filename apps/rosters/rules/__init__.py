"""How shifts come about: layers take turns, the higher layer wins, overrides come last. No database, no clock.

All instants are UTC, all stretches half-open: the handoff instant belongs to the next one. A handoff at 09:00 local
is at 09:00 local on every day of the year (see ``core.walltime`` for the two days on which the clocks change), and so
are the ranges to which a layer is restricted; turns in hours count elapsed hours. A layer lives in its own zone or in
that of its roster. Whoever is away is taken over from by the next in order who is not; where nobody can, nobody holds
the seat. Nobody holds two seats at once: whoever was put into one by name has no other meanwhile. What a window shows
does not depend on the window: computing day by day is computing the whole year.
"""

from apps.rosters.rules.cutting import Span, merged, outside
from apps.rosters.rules.handoffs import DAYS_OF_A_TURN, turn_at
from apps.rosters.rules.people import (
    LEFT_TO_CALENDARS,
    check_left_to_calendar,
    check_takes_turns,
    said_by_calendar,
)
from apps.rosters.rules.plans import (
    FIRST_SEAT,
    CalendarPlan,
    LayerPlan,
    Plan,
    Stretch,
    WeeklyRange,
    Window,
)
from apps.rosters.rules.shifts import LONGEST_OVERRIDE, check_override, compute
from apps.rosters.rules.turns import clipped, turns
from apps.rosters.rules.words import LONGEST_RANGES, ranges_in_words, read_ranges

__all__ = [
    "DAYS_OF_A_TURN",
    "FIRST_SEAT",
    "LEFT_TO_CALENDARS",
    "LONGEST_OVERRIDE",
    "LONGEST_RANGES",
    "CalendarPlan",
    "LayerPlan",
    "Plan",
    "Span",
    "Stretch",
    "WeeklyRange",
    "Window",
    "check_left_to_calendar",
    "check_override",
    "check_takes_turns",
    "clipped",
    "compute",
    "merged",
    "outside",
    "ranges_in_words",
    "read_ranges",
    "said_by_calendar",
    "turn_at",
    "turns",
]
