"""Rosters as CSV files: their layers with the people in order, and who was or will be on call."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, time

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import QuerySet
from django.http import HttpResponse

from apps.core.downloads import csv_file
from apps.core.walltime import instant
from apps.core.zones import zone_or_utc
from apps.rosters.days import A_DAY, around, check_days
from apps.rosters.models import Roster, Shift
from apps.rosters.planning import weekly_range
from apps.rosters.tables import COLUMNS, SHIFT_COLUMNS, labels, layer_rows, settings_of, shift_rows, write_table
from apps.teams.models import User


def layers_csv(rosters: QuerySet[Roster]) -> str:
    """The layers of ``rosters``, by slug and the lowest first, from which ``import_layers`` makes the same.

    A row for each person in the order of a layer, and one for a layer without any; the columns are ``tables.COLUMNS``.
    Five queries.
    """
    found = rosters.order_by("slug").prefetch_related("layers__members__person", "layers__restrictions")
    return write_table(COLUMNS, (row for roster in found for row in _layer_rows(roster)))


def shifts_csv(rosters: QuerySet[Roster], *, first: date, last: date) -> str:
    """The stored shifts of ``rosters`` from ``first`` to ``last``, both included, by slug, start and seat.

    Days are those of each roster's zone; of a shift that begins before or ends after them all is told. The columns are
    ``tables.SHIFT_COLUMNS``. Two queries. Raises Invalid, naming ``from`` or ``to``, for days that ``check_days``
    refuses.
    """
    check_days(first, last)
    asked = around(first, last)
    found = list(rosters.order_by("slug"))
    by_roster: dict[int, list[Shift]] = defaultdict(list)
    shifts = Shift.objects.filter(roster__in=found, during__overlap=DateTimeTZRange(asked.start, asked.end))
    for shift in shifts.select_related("person").order_by("during__startswith", "seat"):
        by_roster[shift.roster_id].append(shift)
    return write_table(
        SHIFT_COLUMNS, (row for roster in found for row in _shift_rows(roster, by_roster[roster.pk], first, last))
    )


def layers_file(rosters: QuerySet[Roster], *, by: User) -> HttpResponse:
    """``layers_csv`` as a file to take away."""
    return csv_file(layers_csv(rosters), f"{_name_of(rosters)}-layers.csv", by=by, teams=teams_of(rosters))


def shifts_file(rosters: QuerySet[Roster], *, first: date, last: date, by: User) -> HttpResponse:
    """``shifts_csv`` as a file to take away."""
    written = shifts_csv(rosters, first=first, last=last)
    name = f"{_name_of(rosters)}-shifts-{first}-to-{last}.csv"
    return csv_file(written, name, by=by, teams=teams_of(rosters))


def teams_of(rosters: QuerySet[Roster]) -> set[int]:
    """The numbers of the teams whose ``rosters`` are."""
    return set(rosters.order_by().values_list("team", flat=True).distinct())


def _name_of(rosters: QuerySet[Roster]) -> str:
    """What a file of ``rosters`` is called: by the slug of the only one, or just rosters."""
    slugs = list(rosters.values_list("slug", flat=True)[:2])
    return slugs[0] if len(slugs) == 1 else "rosters"


def _layer_rows(roster: Roster) -> Iterator[list[str]]:
    layers = list(roster.layers.all())
    made = sorted(layers, key=lambda layer: layer.pk)
    called = dict(zip((layer.pk for layer in made), labels(layer.name for layer in made), strict=True))
    for layer in layers:
        settings = settings_of(layer, [weekly_range(each) for each in layer.restrictions.all()])
        people = [member.person.email for member in layer.members.all()]
        yield from layer_rows(roster.slug, called[layer.pk], settings, people)


def _shift_rows(roster: Roster, shifts: list[Shift], first: date, last: date) -> Iterator[list[str]]:
    zone = zone_or_utc(roster.time_zone)
    start, end = instant(first, time(0), zone), instant(last + A_DAY, time(0), zone)
    yield from shift_rows(roster.slug, zone, [each for each in shifts if each.start < end and start < each.end])
