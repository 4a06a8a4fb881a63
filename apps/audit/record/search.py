"""Finds lines of the record, newest first, a page at a time: one query over all its tables, however many lines.

Each table gives no more than a page from its own index; the database merges them.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import F, Q, QuerySet, Value
from django.db.models.fields import BigIntegerField
from django.db.models.functions import Collate
from psycopg.errors import QueryCanceled

from apps.audit.owners import incident_of, rows_of
from apps.audit.record.sources import VERBS, Source, sources
from apps.core import clock
from apps.core.errors import Invalid
from apps.incidents.models import Incident
from apps.incidents.queries import visible_to
from apps.teams import access
from apps.teams.models import Team, User

#: So many lines a page has.
LINES = 50
#: Words, addresses and requests have no index of their own: they are looked for so far back from the end of the search,
#: unless it says from when, or of which incident or row.
LOOKED_FOR_SINCE = timedelta(days=90)
#: A search that takes longer is given up.
_LONGEST = timedelta(seconds=10)

_HISTORY_TYPES = {verb: kind for kind, verb in VERBS.items()}


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for; what is empty does not matter.

    ``verb`` is added, changed, removed, or a kind of the timeline or of the stream; ``what`` the name of a source,
    ``row`` the key of one of its rows. ``begin`` is inclusive, ``end`` exclusive.
    """

    who: User | None = None
    verb: str = ""
    what: str = ""
    row: str = ""
    incident: Incident | None = None
    team: Team | None = None
    begin: datetime | None = None
    end: datetime | None = None
    words: str = ""
    address: str = ""
    request: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a line stands in the record: by its instant, then the name of its source, then the row's number."""

    at: datetime
    source: str
    number: int

    def __str__(self) -> str:
        text = f"{self.at.astimezone(UTC).isoformat()} {self.source} {self.number}"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> Place:
        """The place that ``str`` wrote. Raises Invalid for anything else."""
        try:
            padded = text + "=" * (-len(text) % 4)
            at, source, number = base64.urlsafe_b64decode(padded.encode("ascii")).decode().split(" ")
            place = cls(datetime.fromisoformat(at), source, int(number))
        except ValueError as error:
            raise Invalid("There is no such place in the record.") from error
        if place.at.tzinfo is None or abs(place.number) >= 1 << 63 or source not in sources():
            raise Invalid("There is no such place in the record.")
        return place


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines by their places, newest first; ``older`` and ``newer`` say whether there are more."""

    places: list[Place]
    older: bool
    newer: bool


def page(viewer: User, asked: Asked, *, size: int, before: Place | None = None, after: Place | None = None) -> Page:
    """The newest ``size`` lines that ``viewer`` may read; those next below ``before``, or next above ``after``.

    A line is there for whoever audits its team; one of an incident only if they may see that too. Raises Invalid where
    the search takes too long.
    """
    upwards = after is not None
    with _bounded():
        found = _places(viewer, asked, after if upwards else before, upwards=upwards, limit=size + 1)
    more = len(found) > size
    places = found[:size]
    if upwards:
        return Page(places[::-1], older=True, newer=more)
    return Page(places, older=more, newer=before is not None)


@contextmanager
def _bounded() -> Iterator[None]:
    """Give a search up in time: what nobody waits for any more need not keep the database busy."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {_LONGEST // timedelta(milliseconds=1)}")
            yield
            cursor.execute("SET LOCAL statement_timeout = DEFAULT")  # where this is part of a longer transaction
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise Invalid("This takes too long. Say from when, or of which incident.") from error
        raise


def _places(viewer: User, asked: Asked, edge: Place | None, *, upwards: bool, limit: int) -> list[Place]:
    arms = list(_arms(viewer, asked, edge, upwards=upwards, limit=limit))
    if not arms:
        return []
    first, *others = arms
    if not others:
        return [Place(*row) for row in first]
    sign = "" if upwards else "-"
    merged = first.union(*others, all=True).order_by(f"{sign}line_at", f"{sign}line_source", f"{sign}line_number")
    return [Place(*row) for row in merged[:limit]]


def _arms(viewer: User, asked: Asked, edge: Place | None, *, upwards: bool, limit: int) -> Iterator[QuerySet[Any, Any]]:
    teams = access.audited_team_ids(viewer)
    if asked.team is not None:
        teams = {asked.team.pk} if teams is None else teams & {asked.team.pk}
    incidents = visible_to(viewer)
    for source in sources().values():
        wanted = _wanted(source, asked)
        rows = None if wanted is None else rows_of(source.model, teams=teams, incidents=incidents)
        if rows is None or wanted is None:
            continue
        if edge is not None:
            wanted &= _beyond(source, edge, upwards=upwards)
        sign = "" if upwards else "-"
        yield (
            rows.filter(wanted)
            .annotate(
                line_at=F(source.at), line_source=Collate(Value(source.name), "C"),
                line_number=F(source.model._meta.pk.attname) + Value(0, output_field=BigIntegerField()),
            )
            .order_by(f"{sign}{source.at}", f"{sign}pk")
            .values_list("line_at", "line_source", "line_number")[:limit]
        )  # fmt: skip


def _wanted(source: Source, asked: Asked) -> Q | None:
    """What a row of ``source`` has to be; None: none of them is what is asked for."""
    wanted = Q()
    if asked.what and asked.what != source.name:
        return None
    if asked.verb:
        verb = _HISTORY_TYPES.get(asked.verb)
        if source.is_history is (verb is None):
            return None
        wanted &= Q(**{source.verb: verb or asked.verb})
    if asked.row:
        if not source.is_history or not asked.what:
            return None
        wanted &= Q(**{source.kept._meta.pk.attname: asked.row})
    if asked.incident is not None:
        path = incident_of(source.model)
        if path is None:
            return None
        wanted &= Q(**{path: asked.incident.pk})
    return wanted & _plainly(source, asked)


def _plainly(source: Source, asked: Asked) -> Q:
    """What every source is asked alike."""
    begin = asked.begin or _looked_for_since(asked)
    found = {
        source.who: asked.who and asked.who.pk,
        f"{source.at}__gte": begin,
        f"{source.at}__lt": asked.end,
        source.address: asked.address,
        source.request: asked.request,
    }
    wanted = Q(**{name: value for name, value in found.items() if value})
    words = Q()
    if asked.words:
        for name in source.texts:
            words |= Q(**{f"{name}__icontains": asked.words})
    return wanted & words


def _looked_for_since(asked: Asked) -> datetime | None:
    has_no_index = asked.words or asked.address or asked.request
    if not has_no_index or asked.incident is not None or asked.row:
        return None
    return (asked.end or clock.now()) - LOOKED_FOR_SINCE


def _beyond(source: Source, edge: Place, *, upwards: bool) -> Q:
    """What stands beyond ``edge`` in the order of instant, source and number."""
    side = "gt" if upwards else "lt"
    apart = source.name > edge.source if upwards else source.name < edge.source
    if source.name == edge.source:
        within = Q(**{f"{source.at}__{side}e": edge.at})  # bounds the walk along the index, which what follows does not
        return within & (Q(**{f"{source.at}__{side}": edge.at}) | Q(**{f"pk__{side}": edge.number}))
    return Q(**{f"{source.at}__{side}{'e' if apart else ''}": edge.at})
