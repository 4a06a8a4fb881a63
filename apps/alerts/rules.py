"""How an alert is read and what a delivery means: pure, no database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from apps.alerts.models import ANY_VALUE, NO_VALUE, AlertStatus

A_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class SeverityRow:
    """One rule as plain values; ``severity`` is a code, None for the label's value as written."""

    labels: Collection[str]
    values: Collection[str]
    severity: str | None


def severity_of(labels: Mapping[str, str], rules: Iterable[SeverityRow], *, known: Collection[str]) -> str | None:
    """Return the code that the first rule that fits gives, or None if none does.

    Values are compared in any case of letters. A rule that gives a code which is not ``known`` does not fit.
    """
    codes = {code.casefold(): code for code in known}
    for rule in rules:
        for value in _matches(labels, rule):
            code = codes.get((rule.severity or value).casefold())
            if code is not None:
                return code
    return None


def _matches(labels: Mapping[str, str], rule: SeverityRow) -> list[str]:
    """The values of the labels by which ``rule`` fits; one empty value if it fits for want of any."""
    wanted = {value.casefold() for value in rule.values}
    present = [labels[label].strip() for label in rule.labels if labels.get(label, "").strip()]
    if not present:
        return [""] if NO_VALUE in wanted else []
    return [value for value in present if ANY_VALUE in wanted or value.casefold() in wanted]


def says(labels: Mapping[str, str], label: str, value: str) -> bool:
    """Whether ``label`` has ``value``, in any case of letters; ANY_VALUE is any but none."""
    said = labels.get(label, "").strip().casefold()
    return bool(said) and value.strip().casefold() in (said, ANY_VALUE)


class Meaning(Enum):
    """What a delivery means for the alert it belongs to."""

    FIRES = auto()
    STILL_FIRES = auto()
    ENDS = auto()
    SAYS_NOTHING_NEW = auto()


@dataclass(frozen=True)
class Episode:
    """A stretch of time in which an alert fired, as far as it is known. Times are the sender's."""

    status: AlertStatus
    starts_at: datetime | None
    ends_at: datetime | None


def meaning(known: Episode, delivered: Episode) -> Meaning:
    """Return what ``delivered`` means where ``known`` is the latest of the same fingerprint; order does not help it.

    A delivery that was overtaken is recognised by the sender's times alone: a resolve that ended before the present
    episode began, and a firing of an episode older than the one that was resolved. Where times say nothing or are
    equal, a firing fires: a page too many is better than one too few.
    """
    if delivered.status is AlertStatus.RESOLVED:
        if known.status is AlertStatus.RESOLVED or _before(delivered.ends_at, known.starts_at):
            return Meaning.SAYS_NOTHING_NEW
        return Meaning.ENDS
    if known.status is AlertStatus.FIRING:
        return Meaning.STILL_FIRES
    if _before(delivered.starts_at, known.starts_at):
        return Meaning.SAYS_NOTHING_NEW
    return Meaning.FIRES


def ended_already(known: Episode, delivered: Episode) -> bool:
    """Whether the firing ``delivered`` is of an episode whose end is ``known`` (its resolve came first)."""
    return (
        known.status is AlertStatus.RESOLVED
        and known.ends_at is not None
        and delivered.starts_at is not None
        and delivered.starts_at <= known.ends_at
    )


def _before(first: datetime | None, second: datetime | None) -> bool:
    """Whether ``first`` is known to be the earlier one: some senders cut off the fractions of a second."""
    return first is not None and second is not None and second - first >= A_SECOND
