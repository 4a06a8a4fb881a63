"""Proves that nobody was forgotten, repairs what is missing, and raises it as an incident of its own (R13)."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from enum import Enum, auto

import structlog
from django.db import DatabaseError, connection, transaction

from apps.core import clock as house_clock
from apps.escalation import proof
from apps.escalation.actions import alarms
from apps.escalation.gaps import Gap
from apps.escalation.models import Proof
from apps.incidents import timeline
from apps.incidents.actions.locking import locked
from apps.incidents.models import OPEN, EventKind, Incident

log = structlog.get_logger(__name__)

#: How often it is proved; a look that follows another one sooner than this is left out.
EVERY = timedelta(minutes=1)
KEPT = timedelta(days=30)
TITLE = "Pages were missing"


class Outcome(Enum):
    """What came of a gap: it is put in place, it is no longer missing or needed, or it stays."""

    REPAIRED = auto()
    NEEDLESS = auto()
    STAYS = auto()


class StillMissing(Exception):
    """Something was put in place, and the look that found the gap still finds it."""


def prove() -> Proof | None:
    """Look at everything that is open, put in place what is missing and say so; None if another process just did.

    Each gap is repaired in a transaction of its own, under the lock of its incident and after a second look: what was
    answered or done meanwhile is left alone, and one that cannot be repaired keeps no other from it. They are on the
    timeline of their incidents, and are raised, as incidents of the worst one's severity: a page that nobody planned is
    a fault of this house, which somebody has to look into, the more so where it stays missing. Not to be called within
    a transaction.
    """
    with _turn() as mine:
        if not mine:
            return None
        begun = time.monotonic()
        found = proof.gaps()
        took = time.monotonic() - begun
        outcomes = [(gap, _repaired(gap)) for gap in found]
        repaired = [gap for gap, outcome in outcomes if outcome is Outcome.REPAIRED]
        stays = [gap for gap, outcome in outcomes if outcome is Outcome.STAYS]
        told = Proof.objects.values_list("unrepaired", flat=True).first() or []
        return Proof.objects.create(
            at=house_clock.now(),
            milliseconds=round(took * 1000),
            open_incidents=Incident.objects.filter(status__in=OPEN).count(),
            gaps=[gap.text for gap in repaired],
            unrepaired=[gap.text for gap in stays],
            raised=_raise(
                [gap for gap in repaired if gap.is_fault], stays=[gap for gap in stays if gap.text not in told]
            ),
        )


@contextmanager
def _turn() -> Iterator[bool]:
    """Whether it is this process's turn to prove, which nobody else has until the end of the block."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext('escalation.proof'))")
        (mine,) = cursor.fetchone()
    try:
        yield mine and not Proof.objects.filter(at__gt=house_clock.now() - EVERY / 2).exists()
    finally:
        if mine:
            try:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_unlock(hashtext('escalation.proof'))")
            except DatabaseError:
                connection.close()  # the lock goes with it
                raise


def _repaired(gap: Gap) -> Outcome:
    """Put it in place, and say what came of it; what STAYS the next proof tries again."""
    try:
        outcome = _repair(gap)
    except Exception:  # whatever is wrong with one gap, the next may be the page that wakes somebody
        log.exception("page_could_not_be_repaired", incident=gap.incident_id, text=gap.text)
        return Outcome.STAYS
    if outcome is Outcome.REPAIRED:
        log.error("page_was_missing", incident=gap.incident_id, text=gap.text)
    return outcome


@transaction.atomic
def _repair(gap: Gap) -> Outcome:
    incident = locked(gap.incident_id) if gap.incident_id is not None else None
    row = gap.missing.first()
    if row is None:
        return Outcome.NEEDLESS
    gap.put_in_place(row)
    if gap.missing.exists():
        raise StillMissing(gap.text)
    if incident is not None:
        timeline.record(incident, EventKind.NOTE, text=f"Repaired: {gap.text}")
    return Outcome.REPAIRED


def _raise(repaired: Sequence[Gap], *, stays: Sequence[Gap]) -> Incident | None:
    """The incidents about the gaps, the worst of which is returned; None where no incident lacked anything.

    One for each team, and one more for what is private there: nobody reads in them of what they may not see.
    """
    found = [*repaired, *stays]
    affected = Incident.objects.select_related("severity", "team").in_bulk(
        {gap.incident_id for gap in found if gap.incident_id is not None}
    )
    groups: dict[tuple[int, bool], list[Gap]] = defaultdict(list)
    for gap in found:
        if gap.incident_id is not None:
            incident = affected[gap.incident_id]
            groups[incident.team_id, incident.private].append(gap)
    raised = [_raise_together(gaps, affected, stays=stays) for gaps in groups.values()]
    return min(raised, key=lambda incident: (incident.severity.rank, incident.pk), default=None)


@transaction.atomic
def _raise_together(found: Sequence[Gap], affected: dict[int, Incident], *, stays: Sequence[Gap]) -> Incident:
    """Say it in the open incident about earlier gaps of the same team, as private as these; else declare one."""
    told = "\n".join(f"- {gap.text} {'It could NOT be' if gap in stays else 'It is'} repaired." for gap in found)
    worst = min(
        (affected[gap.incident_id] for gap in found if gap.incident_id is not None),
        key=lambda incident: (incident.severity.rank, incident.pk),
    )
    standing = alarms.standing_for(TITLE, worst.team, private=worst.private)
    if standing is not None:
        alarms.say_more(standing, f"More was missing:\n{told}")
        return standing
    return alarms.raise_alarm(TITLE, told, severity=worst.severity, team=worst.team, private=worst.private)
