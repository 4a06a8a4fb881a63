"""Rosters as tables that spreadsheets read and write: what a CSV file says, and how it is written. No database."""

from apps.rosters.tables.cells import instant
from apps.rosters.tables.files import LARGEST, LARGEST_IN_WORDS, MOST_ROWS, Problem, write_table
from apps.rosters.tables.layers import (
    COLUMNS,
    LayerSaid,
    LayerTable,
    RosterSaid,
    labels,
    layer_rows,
    read_layers,
    settings_of,
)
from apps.rosters.tables.overrides import SHIFT_COLUMNS, OverrideSaid, read_overrides, shift_rows

__all__ = [
    "COLUMNS",
    "LARGEST",
    "LARGEST_IN_WORDS",
    "MOST_ROWS",
    "SHIFT_COLUMNS",
    "LayerSaid",
    "LayerTable",
    "OverrideSaid",
    "Problem",
    "RosterSaid",
    "instant",
    "labels",
    "layer_rows",
    "read_layers",
    "read_overrides",
    "settings_of",
    "shift_rows",
    "write_table",
]
