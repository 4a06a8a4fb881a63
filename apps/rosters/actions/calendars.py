"""The turns of layers, made of calendars: fetched, read and kept."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.db import DataError, IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from apps.core import clock
from apps.core.history import made_by
from apps.core.zones import UnknownZone
from apps.engine import actions as engine
from apps.engine.actions import Planned
from apps.rosters.actions.shifts import lock_with_stood_for, materialise
from apps.rosters.calendars import fetching, reading
from apps.rosters.calendars.expansion import Expansion
from apps.rosters.calendars.fetching import Fetched, NotFetched
from apps.rosters.calendars.reading import Unreadable
from apps.rosters.calendars.turns import directory, turns_of, zone_of
from apps.rosters.models import CalendarSource, CalendarTurn, Layer, Roster
from apps.rosters.rules import Window
from apps.teams.models import User

log = structlog.get_logger(__name__)

#: What the calendar says is made turns of so often, even where it stays the same: the horizon moves on.
MADE_ANEW_EVERY = timedelta(hours=20)


def window_at(now: datetime) -> Window:
    """The time of which a calendar is read."""
    return Window(now, now + settings.ROSTER_HORIZON)


def plan_reading(roster: Roster | None = None) -> None:
    """Have the calendars of ``roster``, whose layers were edited, read now; without one those that are due."""
    sources = CalendarSource.objects.filter(layer__roster__retired_at=None)
    if roster is not None:
        sources = sources.filter(layer__roster=roster)
    else:
        before = clock.now() - MADE_ANEW_EVERY
        sources = sources.exclude(url="", expanded_at__gt=before)
    engine.schedule_all(
        [
            Planned(
                kind="rosters.read_calendar",
                key=f"rosters.read_calendar:{pk}",
                subject=f"roster:{of}",
                payload={"source": pk, "anew": roster is not None},
            )
            for pk, of in sources.values_list("pk", "layer__roster")
        ]
    )


def read_calendar(source_id: int, *, anew: bool = False) -> None:
    """Fetch the calendar, if it is at an address, and make turns of what is new; ``anew``: of all of it.

    Where that fails the last good copy stays, the failure is kept beside it, and the copy goes on to give turns as the
    horizon moves on. So it does while the roster is frozen: nothing new is fetched then. Nothing happens for one that
    is retired. Not to be called in a transaction: it talks to the network, and waits for the process that reads.
    """
    now = clock.now()
    source = CalendarSource.objects.select_related("layer__roster").filter(pk=source_id).first()
    if source is None or source.layer.roster.retired_at is not None:
        return
    fetched, expansion, failure = None, None, ""
    try:
        fetched = None if _stands_still(source.layer.roster, now) else _fetched(source)
        if fetched is not None:
            expansion = _expanded(source, fetched.text, now)
    except (NotFetched, Unreadable) as error:
        fetched, failure = None, str(error)
    is_due = anew or source.expanded_at is None or now - source.expanded_at >= MADE_ANEW_EVERY
    if fetched is None and is_due and source.good_text:
        try:
            expansion = _expanded(source, source.good_text.encode(), now)
        except Unreadable as error:
            failure = failure or str(error)
    try:
        keep(source, fetched=fetched, expansion=expansion, failure=failure, now=now)
    except (DataError, IntegrityError):
        log.exception("calendar_not_kept", source=source.pk)
        keep(source, fetched=None, expansion=None, failure="What it says cannot be kept.", now=now)


@transaction.atomic
def keep(
    source: CalendarSource, *, fetched: Fetched | None, expansion: Expansion | None, failure: str, now: datetime
) -> None:
    """Write down what came of reading ``source``, unless it was edited meanwhile: whoever did had it read anew.

    Of a frozen roster only the turns are, of the copy that it has: what was fetched just before that is let go.
    ``now`` is when the reading began; what it changes counts from the instant at which it is written down.
    """
    roster = next(each for each in lock_with_stood_for(source.layer.roster) if each.pk == source.layer.roster_id)
    if roster.retired_at is not None or _of_now(source) != (source.url, source.uploaded_at):
        return
    if _stands_still(roster, now):
        if fetched is not None:
            return
    elif failure:
        _note(source, failure=failure[:500], failed_at=source.failed_at or now)
    else:
        _note(source, failure="", failed_at=None, **({"fetched_at": now} if source.url else {}))
    if fetched is not None:
        _note(source, good_text=as_text(fetched.text), etag=fetched.etag, last_modified=fetched.last_modified)
    if expansion is not None:
        make_turns(source, expansion, now=now)
        materialise(roster)


def set_file(
    source: CalendarSource, *, name: str, text: bytes, expansion: Expansion, zone: ZoneInfo, by: User | None = None
) -> None:
    """Let the turns of the layer come from a file: ``expansion`` is what was read of its ``text`` for ``zone``.

    The roster's shifts are to be filled after it. ``by`` None: whoever signed in to the admin. Raises Unreadable where
    the layer lives in another zone and the file cannot be read for that.
    """
    now = clock.now()
    if zone != zone_of(source.layer):
        expansion = _expanded(source, text, now)
    source.url = source.etag = source.last_modified = source.failure = ""
    source.failed_at = None
    source.file_name, source.uploaded_at, source.fetched_at = name[:255] or "calendar", now, now
    source.good_text = as_text(text)
    made_by(source, by)
    source.save()
    make_turns(source, expansion, now=now)


def set_address(source: CalendarSource, url: str, *, by: User | None = None) -> None:
    """Let the turns of the layer come from ``url``, once the engine read it; until then they stay as they are.

    ``by`` None: whoever signed in to the admin.
    """
    source.url, source.file_name, source.uploaded_at = url, "", None
    source.etag = source.last_modified = source.failure = ""
    source.failed_at = None
    made_by(source, by)
    source.save()


def make_turns(source: CalendarSource, expansion: Expansion, *, now: datetime) -> None:
    """Let the turns of the layer be what ``expansion`` says, and note what nobody's turn was made of."""
    before = {(turn.person_id, turn.start, turn.end): turn.seat for turn in source.turns.all()}
    made = turns_of(expansion, directory(), held=before)
    source.turns.all().delete()
    CalendarTurn.objects.bulk_create(
        CalendarTurn(source=source, seat=turn.seat, person_id=turn.person, during=DateTimeTZRange(turn.start, turn.end))
        for turn in made.turns
    )
    _note(source, unmatched=[asdict(each) for each in made.unmatched], expanded_at=now)


def copy_calendar(layer: Layer, twin: Layer, *, by: User) -> None:
    """Let the turns of ``twin`` come from where those of ``layer`` do, if they come from a calendar."""
    source = CalendarSource.objects.filter(layer=layer).first()
    if source is None:
        return
    turns = list(source.turns.all())
    source.pk, source.layer = None, twin
    source._state.adding = True
    made_by(source, by)
    source.save()
    CalendarTurn.objects.bulk_create(
        CalendarTurn(source=source, seat=turn.seat, person_id=turn.person_id, during=turn.during) for turn in turns
    )


def as_text(text: bytes) -> str:
    """A calendar as the database keeps it; what is no UTF-8 is marked, and NUL left out."""
    return text.decode("utf-8-sig", "replace").replace("\0", "")


def _of_now(source: CalendarSource) -> tuple[str, datetime | None] | None:
    """Where the calendar comes from as it is stored; None where it was taken away."""
    return CalendarSource.objects.filter(pk=source.pk).values_list("url", "uploaded_at").first()


def _stands_still(roster: Roster, now: datetime) -> bool:
    return roster.frozen_until is not None and roster.frozen_until > now


def _fetched(source: CalendarSource) -> Fetched | None:
    """The calendar at the source's address if it is another than the last good copy. Raises NotFetched."""
    if not source.url:
        return None
    return fetching.fetch(source.url, etag=source.etag, last_modified=source.last_modified)


def _expanded(source: CalendarSource, text: bytes, now: datetime) -> Expansion:
    try:
        zone = zone_of(source.layer)
    except UnknownZone as unknown:
        raise Unreadable(str(unknown)) from unknown
    return reading.read(text, window=window_at(now), zone=zone)


def _note(source: CalendarSource, **changes: Any) -> None:
    """Write what the engine found: no change by anybody, and not in the history."""
    CalendarSource.objects.filter(pk=source.pk).update(**changes)
