"""Files that requests bring, what taking them in would do, and the plan that is sent back to do just that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.rosters import tables
from apps.rosters.actions.imports import Entry
from apps.rosters.calendars import reading
from apps.rosters.models import Roster
from apps.teams.models import User
from apps.teams.representation import PersonSerializer

#: How the OpenAPI document says that a body is a form with a file.
FORM = "multipart/form-data"


@extend_schema_field(OpenApiTypes.BINARY)
class SentFile(serializers.FileField):
    """A file that a form brings."""


class SentCalendar(serializers.Serializer[Any]):
    """A calendar in the iCalendar format (.ics)."""

    file = SentFile(help_text=f"{reading.LARGEST_IN_WORDS} at most.")


class SentTable(serializers.Serializer[Any]):
    """A CSV file in UTF-8, with commas, semicolons or tabs."""

    file = SentFile(help_text=f"{tables.LARGEST_IN_WORDS} and {tables.MOST_ROWS:,} rows at most.")


class SentPlan(serializers.Serializer[Any]):
    """The ``plan`` that a preview answered with: just what it said is done. It holds for an hour."""

    plan = serializers.CharField()


class AddedSerializer(serializers.Serializer[Any]):
    """How many overrides were added: none where the rosters said so already."""

    added = serializers.IntegerField()


class UnmatchedSerializer(serializers.Serializer[Any]):
    """Events of one ``summary`` that are nobody's turn: why, how often, and when ``first`` (a day, or empty)."""

    summary = serializers.CharField()
    reason = serializers.CharField()
    times = serializers.IntegerField()
    first = serializers.CharField()


class RowProblemSerializer(serializers.Serializer[Any]):
    """Why a row cannot be used. Rows count as spreadsheets do: that of the header is 1."""

    row = serializers.IntegerField()
    reason = serializers.CharField()


class PlannedTurnSerializer(serializers.Serializer[Any]):
    """A turn that a calendar or table says. ``reason`` is what it is called there."""

    roster = serializers.SlugField()
    seat = serializers.IntegerField()
    person = PersonSerializer()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    reason = serializers.CharField()


class RefusedTurnSerializer(PlannedTurnSerializer):
    """A turn that is left out, and why."""

    problem = serializers.CharField()


def turns(entries: Iterable[tuple[Roster, Entry]]) -> list[dict[str, Any]]:
    """The turns that ``entries`` say, as they are answered. One query."""
    listed = list(entries)
    people = User.objects.in_bulk({entry.turn.person for _, entry in listed})
    return list(_turns(listed, people))


def _turns(entries: Iterable[tuple[Roster, Entry]], people: dict[int, User]) -> Iterator[dict[str, Any]]:
    for roster, entry in entries:
        turn = entry.turn
        yield {
            "roster": roster.slug,
            "seat": turn.seat,
            "person": people[turn.person],
            "start": turn.start,
            "end": turn.end,
            "reason": entry.summary,
            "problem": entry.problem,
        }
