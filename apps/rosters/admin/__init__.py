"""Where roster managers work: rosters, overrides, leave, swaps, shadows and the links to calendars."""

from apps.rosters.admin import feeds, leave, overrides, rosters, shadows, swaps

__all__ = ["feeds", "leave", "overrides", "rosters", "shadows", "swaps"]
