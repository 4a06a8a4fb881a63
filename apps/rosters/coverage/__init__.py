"""Coverage of rosters: gaps, single points of failure, what strains people, and how the load is shared.

What is planned is read from stored shifts in a constant number of queries; all else is computed from plain values.
Who can be paged is said by the caller, who knows how people are reached.
"""

from apps.rosters.coverage.gaps import Gap
from apps.rosters.coverage.hours import NIGHT_BEGINS, NIGHT_ENDS
from apps.rosters.coverage.pay import PayLine, pay
from apps.rosters.coverage.reading import wanted_of
from apps.rosters.coverage.report import (
    PersonCoverage,
    Report,
    RosterCoverage,
    WeakPointKind,
    enough_until,
    gaps_of,
    of_plan,
    of_rosters,
)
from apps.rosters.coverage.seats import Seats
from apps.rosters.coverage.shares import Measure, Share
from apps.rosters.coverage.strain import StrainKind

__all__ = [
    "NIGHT_BEGINS",
    "NIGHT_ENDS",
    "Gap",
    "Measure",
    "PayLine",
    "PersonCoverage",
    "Report",
    "RosterCoverage",
    "Seats",
    "Share",
    "StrainKind",
    "WeakPointKind",
    "enough_until",
    "gaps_of",
    "of_plan",
    "of_rosters",
    "pay",
    "wanted_of",
]
