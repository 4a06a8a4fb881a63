"""Until when maintenance covers services, if windows follow upon or overlap one another. No database (R34)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.core.errors import Invalid


@dataclass(frozen=True, slots=True)
class Span:
    """A window as the rules see it: half-open; ``services`` None: all of them."""

    start: datetime
    end: datetime
    services: frozenset[int] | None

    def covers(self, service: int | None) -> bool:
        """Whether it is about the service; ``None`` stands for what belongs to no service."""
        return self.services is None or service in self.services


def covered_until(spans: Collection[Span], services: Collection[int], at: datetime) -> datetime | None:
    """Up to which instant every one of ``services`` is under maintenance from ``at`` on; None: not even at ``at``.

    Where there are no services, windows for all of them alone count. A service is covered without a break by windows
    that overlap or touch, whoever planned them.
    """
    end = min(_runs_until(spans, service, at) for service in (services or (None,)))
    return end if end > at else None


def _runs_until(spans: Iterable[Span], service: int | None, at: datetime) -> datetime:
    end = at
    for span in sorted((span for span in spans if span.covers(service)), key=lambda span: span.start):
        if span.start <= end < span.end:
            end = span.end
    return end


def check_times(start: datetime, end: datetime, *, now: datetime, longest: timedelta) -> None:
    """Raise Invalid, naming ``ends_at``, unless it has a length, is not over and not longer than ``longest``."""
    if end <= start:
        raise Invalid("The end lies after the start.", field="ends_at")
    if end <= now:
        raise Invalid("The end has passed.", field="ends_at")
    if end - start > longest:
        raise Invalid(f"Maintenance lasts {longest.days} days at most; plan another for later.", field="ends_at")
