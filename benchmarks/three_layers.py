"""The roster whose year is measured: a week each always, the office hours in days, the weekends.

The tests compare just this one, among others, with what the reference says at every quarter of an hour.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from apps.rosters.models import Rotation
from apps.rosters.rules import LayerPlan, WeeklyRange, Window

ZONE = ZoneInfo("Europe/Berlin")
YEAR = Window(datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
OFFICE = WeeklyRange(frozenset(range(5)), time(9), time(18))
WEEKENDS = WeeklyRange(frozenset({5, 6}), time(0), time(0), 1)


def turns(*people: int, **fields: object) -> LayerPlan:
    """A layer of ``people`` who take a week each from Monday 30 December 2024, 09:00, but for what ``fields`` say."""
    defaults = {
        "rotation": Rotation.WEEKS,
        "length": 1,
        "handoff_time": time(9),
        "starts_on": date(2024, 12, 30),
    }
    return LayerPlan(people=people, **{**defaults, **fields})


#: From the lowest.
LAYERS = (
    turns(1, 2, 3, 4),
    turns(5, 6, 7, rotation=Rotation.DAYS, restrictions=(OFFICE,)),
    turns(8, 9, 10, handoff_weekday=4, restrictions=(WEEKENDS,)),
)
