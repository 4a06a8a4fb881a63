"""Who is on call, who is next, and which shifts there are. Plain reads of stored shifts."""

from apps.rosters.queries.exceptions import (
    NOTES_KEPT_IN_VIEW,
    absences_of,
    coming_shadows,
    handover_notes,
    is_away,
    open_swaps,
    open_swaps_of,
    shadows_of,
    swaps_for,
    visible_swaps,
)
from apps.rosters.queries.on_call import OnCall, next_people_on, on_call, on_call_by_team, on_call_people, people_on
from apps.rosters.queries.rosters import (
    rosters_at,
    seats,
    standing_in_for,
    visible_rosters,
    with_stand_ins,
    with_stood_for,
)
from apps.rosters.queries.shifts import holds, my_shifts, seats_of, shifts_between, shifts_by_name, teams_left_by

__all__ = [
    "NOTES_KEPT_IN_VIEW",
    "OnCall",
    "absences_of",
    "coming_shadows",
    "handover_notes",
    "holds",
    "is_away",
    "my_shifts",
    "next_people_on",
    "on_call",
    "on_call_by_team",
    "on_call_people",
    "open_swaps",
    "open_swaps_of",
    "people_on",
    "rosters_at",
    "seats",
    "seats_of",
    "shadows_of",
    "shifts_between",
    "shifts_by_name",
    "standing_in_for",
    "swaps_for",
    "teams_left_by",
    "visible_rosters",
    "visible_swaps",
    "with_stand_ins",
    "with_stood_for",
]
