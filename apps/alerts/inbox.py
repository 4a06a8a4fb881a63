"""Works the inbox off: one entry a transaction, in the order they came, one process at a time."""

from __future__ import annotations

import json
from datetime import timedelta
from enum import Enum, auto

import structlog
from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet

from apps.alerts import actions
from apps.alerts.formats import FORMATS, Unreadable
from apps.alerts.models import Format, InboxEntry
from apps.core import clock

log = structlog.get_logger(__name__)

#: The name of the advisory lock whose holder handles an entry: an arbitrary number that nothing else here uses.
TURN = 0x1A6B0C5

#: How long a handled entry is kept for whoever wants to see what was really sent.
KEPT_FOR = timedelta(days=30)


class Outcome(Enum):
    """What came of looking for an entry to handle."""

    HANDLED = auto()
    NOTHING_LEFT = auto()
    SOMEBODY_ELSE_IS_AT_IT = auto()


def waiting() -> QuerySet[InboxEntry]:
    """The entries that nobody has tried to handle yet, in order."""
    return InboxEntry.objects.filter(handled_at__isnull=True, failures=0).order_by("pk")


def failing() -> QuerySet[InboxEntry]:
    """The entries that could not be handled for a fault of ours, in order."""
    return InboxEntry.objects.filter(handled_at__isnull=True, failures__gt=0).order_by("pk")


@transaction.atomic
def handle_next(entries: QuerySet[InboxEntry]) -> Outcome:
    """Handle the first of ``entries``, whatever is in it; its effect and its mark are one transaction.

    What cannot be understood is marked with the reason. A fault of ours is noted at the entry and leaves it to be
    tried again; it holds up no other. Raises the database's errors: it is away, or wants all of it tried again.
    """
    if not _is_my_turn():
        return Outcome.SOMEBODY_ELSE_IS_AT_IT
    entry = entries.select_related("integration__service__team", "integration__team").first()
    if entry is None:
        return Outcome.NOTHING_LEFT
    try:
        with transaction.atomic():
            entry.problem = _take_in(entry)
            entry.handled_at = clock.now()
    except OperationalError:
        raise
    except Exception as error:  # whatever is wrong with one entry, the next may be the one that pages
        log.exception("inbox_entry_failed", entry=entry.pk, integration=entry.integration_id)
        entry.problem = f"{type(error).__name__}: {error}".replace("\x00", "")
        entry.failures += 1
        entry.handled_at = None
    entry.save(update_fields=["problem", "handled_at", "failures"])
    return Outcome.HANDLED


def forget_old() -> int:
    """Delete the entries that were handled longer ago than KEPT_FOR; return how many."""
    return InboxEntry.objects.filter(handled_at__lt=clock.now() - KEPT_FOR).delete()[0]


def _take_in(entry: InboxEntry) -> str:
    """Take in what the entry says, and return what of it could not be understood."""
    try:
        reading = FORMATS[Format(entry.integration.format)].read(json.loads(entry.text))
    except Unreadable as problem:
        return str(problem)
    actions.receive(entry.integration, reading.alerts, received_at=entry.received_at)
    return "\n".join(reading.problems)


def _is_my_turn() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [TURN])
        return bool(cursor.fetchone()[0])
