"""Works the inbox off: a few alerts a transaction, in the order their sender posted them, one process at a time."""

from __future__ import annotations

import json
from datetime import timedelta
from enum import Enum, auto

import structlog
from django.db import OperationalError, connection, transaction
from django.db.models import Min, QuerySet

from apps.alerts import actions
from apps.alerts.formats import FORMATS, Unreadable
from apps.alerts.models import Format, InboxEntry
from apps.core import clock

log = structlog.get_logger(__name__)

#: The name of the advisory lock whose holder handles an entry: an arbitrary number that nothing else here uses.
TURN = 0x1A6B0C5

#: How many alerts of one body are taken in before somebody else has their turn.
AT_A_TIME = 10


class Outcome(Enum):
    """What came of looking for an entry to handle."""

    HANDLED = auto()
    NOTHING_LEFT = auto()
    SOMEBODY_ELSE_IS_AT_IT = auto()


def waiting() -> QuerySet[InboxEntry]:
    """The entries of which something was not looked at yet, in order."""
    return InboxEntry.objects.filter(handled_at__isnull=True, failures=0).order_by("pk")


def failing() -> QuerySet[InboxEntry]:
    """The entries of which something could not be handled for a fault of ours, in order."""
    return InboxEntry.objects.filter(handled_at__isnull=True, failures__gt=0).order_by("pk")


def integrations_waiting() -> list[int]:
    """The integrations of which something waits, whoever has waited for the longest first."""
    first = waiting().order_by().values("integration").annotate(first=Min("pk")).order_by("first")
    return [row["integration"] for row in first]


def age_of_oldest() -> timedelta:
    """For how long the oldest entry has waited to be looked at; nothing if none waits."""
    oldest = waiting().values_list("received_at", flat=True).first()
    return clock.now() - oldest if oldest is not None else timedelta(0)


@transaction.atomic
def handle_next(entries: QuerySet[InboxEntry]) -> Outcome:
    """Take in the next few alerts of the first of ``entries``; their effect and the mark are one transaction.

    A body of many alerts takes several calls, between which others have their turn. What cannot be understood is marked
    with the reason. A fault of ours costs the alert that met it, which is noted and tried again; it holds up no other.
    Raises the database's errors: it is away, or wants all of it tried again.
    """
    if not _is_my_turn():
        return Outcome.SOMEBODY_ELSE_IS_AT_IT
    entry = entries.select_related("integration__service__team", "integration__team").first()
    if entry is None:
        return Outcome.NOTHING_LEFT
    try:
        with transaction.atomic():
            _handle(entry)
    except OperationalError:
        raise
    except Exception as error:  # whatever is wrong with one entry, the next may be the one that pages
        log.exception("inbox_entry_failed", entry=entry.pk, integration=entry.integration_id)
        entry.problem = _told(error)
        entry.failures += 1
    entry.save(update_fields=["problem", "handled_at", "failures", "taken_in", "failed"])
    return Outcome.HANDLED


def _handle(entry: InboxEntry) -> None:
    try:
        reading = FORMATS[Format(entry.integration.format)].read(json.loads(entry.text), entry.envelope)
    except Unreadable as problem:
        entry.problem, entry.handled_at = str(problem), clock.now()
        return
    if reading.changes:
        actions.record_changes(entry.integration, reading.changes, received_at=entry.received_at)
    if entry.taken_in < len(reading.alerts):
        places = list(range(len(reading.alerts)))[entry.taken_in : entry.taken_in + AT_A_TIME]
        kept = list(entry.failed)
    else:
        places, kept = entry.failed, []
    faults = actions.receive(
        entry.integration, [reading.alerts[place] for place in places], received_at=entry.received_at
    )
    entry.taken_in = max([entry.taken_in, *(place + 1 for place in places)])
    entry.failed = kept + [places[index] for index in faults]
    entry.problem = "\n".join([*reading.problems, *map(_told, faults.values())])
    if entry.taken_in < len(reading.alerts):
        entry.failures = 0  # whatever kept it from being read is over: it waits for its turn like any other
        return
    entry.failures += bool(entry.failed)
    entry.handled_at = None if entry.failed else clock.now()


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".replace("\x00", "")


def _is_my_turn() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [TURN])
        return bool(cursor.fetchone()[0])
