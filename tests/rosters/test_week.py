"""Many parts of a day at once cover what each of them covers alone, in every zone and on every day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.zones import offsets
from apps.rosters.models import Rotation
from apps.rosters.rules import LayerPlan, WeeklyRange, Window, merged
from apps.rosters.rules.week import open_times

zones = st.sampled_from(sorted(available_timezones())).map(ZoneInfo)
parts = st.lists(st.tuples(st.times(), st.times()), min_size=2, max_size=6)


def layer(*said: tuple[time, time]) -> LayerPlan:
    """Open on every day from the first to the second time, on the next day where that comes before."""
    return LayerPlan(
        people=(1,),
        rotation=Rotation.DAYS,
        length=1,
        handoff_time=time(9),
        starts_on=date(2000, 1, 1),
        restrictions=tuple(
            WeeklyRange(frozenset(range(7)), start, end, 0 if start < end else 1) for start, end in said
        ),
    )


def around_a_change(zone: ZoneInfo, year: int) -> Window:
    """A week with the first change of the clocks in that year, if there is one."""
    begins, ends = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    changes = offsets(zone, begins, ends)
    middle = datetime.fromtimestamp(changes[1][0], UTC) if len(changes) > 1 else begins
    return Window(middle - timedelta(days=3), middle + timedelta(days=4))


@settings(max_examples=200, deadline=None)
@given(zones, st.integers(2000, 2099), parts)
def test_all_parts_together_are_open_when_any_of_them_is(zone, year, said):
    window = around_a_change(zone, year)
    alone = [each for part in said for each in open_times(layer(part), zone, window)]
    assert list(open_times(layer(*said), zone, window)) == merged(alone)
