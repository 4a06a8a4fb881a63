"""Writes of rosters, one verb a function. Each locks its rosters first and leaves their shifts as they say."""

from apps.rosters.actions.absences import (
    ABSENCE_ADDED,
    add_absence,
    check_absence,
    people_planned_by,
    remove_absence,
)
from apps.rosters.actions.calendars import (
    plan_reading,
    read_calendar,
    set_address,
    set_file,
    window_at,
)
from apps.rosters.actions.checks import check_layers_move, check_primary, check_standing_in
from apps.rosters.actions.feeds import make_feed, note_reading, revoke_feed
from apps.rosters.actions.gaps import (
    GapWatch,
    LeavesGap,
    NamedGap,
    asked_about,
    refusing_gaps,
    rosters_in_words,
)
from apps.rosters.actions.handovers import LONGEST_NOTE, write_handover_note
from apps.rosters.actions.imports import ImportPlan, PlannedTurns, import_turns, plan_import
from apps.rosters.actions.keeping import STAND_IN_ENDED, StandInEnded, change_from, copy, retire
from apps.rosters.actions.layer_calendars import (
    CalendarOutlook,
    look_at_file,
    take_calendar_away,
    use_address,
    use_file,
)
from apps.rosters.actions.layer_tables import LayersImport, import_layers, plan_layers_import
from apps.rosters.actions.layers import LayerEntry, set_restrictions
from apps.rosters.actions.leave import rosters_of
from apps.rosters.actions.override_tables import OverridesImport, import_overrides, plan_overrides_import
from apps.rosters.actions.overrides import (
    add_override,
    check_one_seat,
    check_seat,
    check_stands_in,
    enter_override,
    remove_override,
    take_shift,
)
from apps.rosters.actions.replacing import replace_in_overrides, replace_in_turns
from apps.rosters.actions.rights import SHIFTS_LOST, ShiftsLost, follow_rights
from apps.rosters.actions.saving import change_roster, create_roster, outlook
from apps.rosters.actions.shadows import SHADOW_ADDED, add_shadow, check_shadow, remove_shadow
from apps.rosters.actions.shifts import lock, materialise
from apps.rosters.actions.swaps import (
    SWAP_ANSWERED,
    SWAP_ASKED,
    accept_swap,
    ask_for_swap,
    refuse_swap,
    withdraw_swap,
)
from apps.rosters.actions.zones import FOLLOW_ZONE, ZONE_CHANGED, follow_zone, look_at_zones

__all__ = [
    "ABSENCE_ADDED",
    "FOLLOW_ZONE",
    "LONGEST_NOTE",
    "SHADOW_ADDED",
    "SHIFTS_LOST",
    "STAND_IN_ENDED",
    "SWAP_ANSWERED",
    "SWAP_ASKED",
    "ZONE_CHANGED",
    "CalendarOutlook",
    "GapWatch",
    "ImportPlan",
    "LayerEntry",
    "LayersImport",
    "LeavesGap",
    "NamedGap",
    "OverridesImport",
    "PlannedTurns",
    "ShiftsLost",
    "StandInEnded",
    "accept_swap",
    "add_absence",
    "add_override",
    "add_shadow",
    "ask_for_swap",
    "asked_about",
    "change_from",
    "change_roster",
    "check_absence",
    "check_layers_move",
    "check_one_seat",
    "check_primary",
    "check_seat",
    "check_shadow",
    "check_standing_in",
    "check_stands_in",
    "copy",
    "create_roster",
    "enter_override",
    "follow_rights",
    "follow_zone",
    "import_layers",
    "import_overrides",
    "import_turns",
    "lock",
    "look_at_file",
    "look_at_zones",
    "make_feed",
    "materialise",
    "note_reading",
    "outlook",
    "people_planned_by",
    "plan_import",
    "plan_layers_import",
    "plan_overrides_import",
    "plan_reading",
    "read_calendar",
    "refuse_swap",
    "refusing_gaps",
    "remove_absence",
    "remove_override",
    "remove_shadow",
    "replace_in_overrides",
    "replace_in_turns",
    "retire",
    "revoke_feed",
    "rosters_in_words",
    "rosters_of",
    "set_address",
    "set_file",
    "set_restrictions",
    "take_calendar_away",
    "take_shift",
    "use_address",
    "use_file",
    "window_at",
    "withdraw_swap",
    "write_handover_note",
]
