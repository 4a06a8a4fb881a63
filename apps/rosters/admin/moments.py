"""Moments on a roster's pages, by the clock of whoever looks, and what says so."""

from __future__ import annotations

from datetime import datetime

from django.contrib import admin
from django.utils import timezone

from apps.rosters.models import Override


def by_whose_clock() -> str:
    """What a field for a moment says of its zone."""
    return f"By the clock in {timezone.get_current_timezone_name()}."


class SaysWhen:
    """The part of an inline of overrides that says when those that are there begin and end."""

    @admin.display(description="From")
    def start(self, override: Override) -> str:
        """When it begins."""
        return _by_the_clock(override.start)

    @admin.display(description="Until")
    def end(self, override: Override) -> str:
        """When it ends."""
        return _by_the_clock(override.end)


def _by_the_clock(at: datetime) -> str:
    return f"{timezone.localtime(at):%a %d %b %Y %H:%M %Z}"
