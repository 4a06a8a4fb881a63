"""Moments on a roster's pages, by the clock of whoever looks, and what says so."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.utils import timezone
from django.utils.functional import lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from apps.core.moments import LocalMoment
from apps.rosters.models.lasting import Lasting

_SHOWN = "%Y-%m-%dT%H:%M"


def by_whose_clock() -> str:
    """What a field for a moment says of its zone."""
    return f"By the clock in {timezone.get_current_timezone_name()}."


class Moment(LocalMoment):
    """A moment by the clock of whoever looks, shown to the minute: what comes back as it was shown did not change."""

    def __init__(self, **options: Any) -> None:
        widget = UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"})
        whose = lazy(by_whose_clock, str)()  # said anew to whoever looks
        super().__init__(widget=widget, input_formats=[_SHOWN], help_text=whose, **options)

    def prepare_value(self, value: Any) -> Any:
        return f"{timezone.localtime(value):{_SHOWN}}" if isinstance(value, datetime) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (self.prepare_value(initial) or "") != (data or "")


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
