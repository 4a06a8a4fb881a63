"""What may be published, and how single statuses make the status of the whole. No database (R25)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from apps.communications.models import ComponentStatus, PublicImpact, PublicStatus
from apps.communications.models.status_page import LONGEST_NAME
from apps.core.errors import Invalid
from apps.core.texts import one_line

#: From the best to the worst.
_ORDER = tuple(ComponentStatus)
#: So many days of each component are shown, today included.
DAYS_SHOWN = 90
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Notice:
    """What is told to everybody: ``components`` are the statuses of those that are affected, by their id.

    ``after``: the id of the message that was the last when this was written, 0 if there was none; None: whatever was.
    """

    name: str
    status: str
    impact: str
    message: str
    components: Mapping[int, str]
    after: int | None = None


@dataclass(frozen=True, slots=True)
class Overall:
    """The page in a word: ``indicator`` is none, minor, major, critical or maintenance."""

    indicator: str
    description: str


@dataclass(frozen=True, slots=True)
class Span:
    """A component was in ``status`` from ``begin`` up to but not including ``end``; None: until now."""

    begin: datetime
    end: datetime | None
    status: ComponentStatus


_OVERALL = {
    ComponentStatus.OPERATIONAL: Overall("none", "All systems operational"),
    ComponentStatus.MAINTENANCE: Overall("maintenance", "Maintenance under way"),
    ComponentStatus.DEGRADED: Overall("minor", "Some systems are slower or fail now and then"),
    ComponentStatus.PARTIAL: Overall("major", "Some systems are down"),
    ComponentStatus.MAJOR: Overall("critical", "Major outage"),
}
#: At least so bad the page is while an incident of that impact is open, whatever its components say.
_AT_LEAST = {
    PublicImpact.NONE: ComponentStatus.OPERATIONAL,
    PublicImpact.MINOR: ComponentStatus.DEGRADED,
    PublicImpact.MAJOR: ComponentStatus.PARTIAL,
    PublicImpact.CRITICAL: ComponentStatus.MAJOR,
}


def checked(notice: Notice) -> Notice:
    """The notice as it is published: its name in one line, and nothing affected any more once it is resolved.

    Raises Invalid, naming the field, for an empty or too long name, an empty message, or a word that is none.
    """
    name = one_line(notice.name)
    if not 0 < len(name) <= LONGEST_NAME:
        raise Invalid(f"A name for everybody has 1 to {LONGEST_NAME} characters.", field="name")
    if not notice.message.strip():
        raise Invalid("Everybody reads a message: write one.", field="message")
    _require(notice.status, PublicStatus.values, "status")
    _require(notice.impact, PublicImpact.values, "impact")
    for status in notice.components.values():
        _require(status, ComponentStatus.values, "components")
    settled = notice.status == PublicStatus.RESOLVED
    components = {
        component: str(ComponentStatus.OPERATIONAL if settled else status)
        for component, status in notice.components.items()
    }
    return Notice(name, notice.status, notice.impact, notice.message.strip(), components, notice.after)


def _require(word: str, words: Sequence[str], field: str) -> None:
    if word not in words:
        raise Invalid(f"{word!r} is none of {', '.join(words)}.", field=field)


def worst(statuses: Iterable[ComponentStatus]) -> ComponentStatus:
    """The worst of them; without any all is well."""
    return max(statuses, key=_ORDER.index, default=ComponentStatus.OPERATIONAL)


def overall(components: Iterable[ComponentStatus], impacts: Iterable[str]) -> Overall:
    """The whole page, from the statuses of its components and the impacts of the incidents that are open."""
    return _OVERALL[worst([*components, *(_AT_LEAST[PublicImpact(impact)] for impact in impacts)])]


def days(spans: Iterable[Span], *, now: datetime, shown: int = DAYS_SHOWN) -> list[tuple[date, ComponentStatus]]:
    """The worst status of each of the last ``shown`` days in UTC, the oldest first and today last."""
    today = now.astimezone(UTC).date()
    found = {today - DAY * back: ComponentStatus.OPERATIONAL for back in range(shown - 1, -1, -1)}
    for span in spans:
        first, last = span.begin.astimezone(UTC).date(), _last_day(span.end or now)
        for day in found:
            if first <= day <= last:
                found[day] = worst([found[day], span.status])
    return list(found.items())


def _last_day(end: datetime) -> date:
    """The day in UTC of the last instant before ``end``."""
    return (end.astimezone(UTC) - timedelta.resolution).date()
