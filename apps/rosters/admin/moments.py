"""Moments on a roster's pages, by the clock of whoever looks, and what says so."""

from __future__ import annotations

from datetime import datetime

from django.contrib import admin
from django.utils import timezone

from apps.rosters.models.lasting import Lasting


def by_whose_clock() -> str:
    """What a field for a moment says of its zone."""
    return f"By the clock in {timezone.get_current_timezone_name()}."


class SaysWhen:
    """The part of a page of what lasts that says when each begins and ends."""

    @admin.display(description="From", ordering="during__startswith")
    def start(self, row: Lasting) -> str:
        """When it begins."""
        return _by_the_clock(row.start)

    @admin.display(description="Until", ordering="during__endswith")
    def end(self, row: Lasting) -> str:
        """When it ends."""
        return _by_the_clock(row.end)


def _by_the_clock(at: datetime) -> str:
    return f"{timezone.localtime(at):%a %d %b %Y %H:%M %Z}"
