"""``/audit/``: the record, for who audits."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from apps.audit.forms import SearchForm
from apps.audit.record.search import LINES, Place, page
from apps.audit.record.told import Line, tell, told_of
from apps.core.api import HouseViewSet
from apps.core.errors import Invalid, NotAllowed
from apps.core.pagination import NewestFirst
from apps.incidents.reading import note_reading
from apps.teams import access
from apps.teams.authentication import caller
from apps.teams.representation import PersonSerializer

_FILTERS = {
    "q": "Words in texts, names and reasons; of the last 90 days before `end`, unless `begin` says since when.",
    "who": "The email address of who did it.",
    "verb": "added, changed, removed, an act, or a kind of the timeline.",
    "what": "What it is about: `timeline`, `stream`, or a table such as `rosters.override`.",
    "row": "With `what`: the number of one row.",
    "incident": "INC-7.",
    "team": "The slug of a team.",
    "begin": "From this instant on (ISO 8601).",
    "end": "Until before this instant.",
    "address": "The address that it was asked for from; of the last 90 days, as words are.",
    "request": "The number of the request, as `X-Request-ID` says it; of the last 90 days, as words are.",
}


class FieldChangeSerializer(serializers.Serializer[Any]):
    """A column's values before and after, in words."""

    label = serializers.CharField()  # type: ignore[assignment]  # the serializer's own label is never shown
    before = serializers.CharField(allow_blank=True)
    after = serializers.CharField(allow_blank=True)


class LineSerializer(serializers.Serializer[Line]):
    """One line of the record; ``what`` and ``row`` find everything else about the same thing."""

    id = serializers.CharField(source="place")
    at = serializers.DateTimeField()
    who = PersonSerializer(allow_null=True)
    verb = serializers.CharField()
    thing = serializers.CharField(allow_blank=True)
    text = serializers.CharField(allow_blank=True)
    what = serializers.CharField(allow_blank=True)
    row = serializers.CharField(allow_blank=True)
    incident = serializers.SerializerMethodField()
    changes = FieldChangeSerializer(many=True)
    reason = serializers.CharField(allow_blank=True)
    address = serializers.IPAddressField(allow_null=True)
    request = serializers.CharField(allow_blank=True)

    def get_incident(self, line: Line) -> str | None:
        return line.incident.reference if line.incident else None


class RecordPages(NewestFirst):
    """Pages of the record by cursor; what is paged is a search (``Asked``)."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """The lines that the request's cursor names. Raises NotFound for one that was not made here."""
        self._address = remove_query_param(request.build_absolute_uri(), self.cursor_query_param)
        side, place = _edge(request.query_params.get(self.cursor_query_param, ""))
        size = self.get_page_size(request) or LINES
        self._found = page(caller(request), queryset, size=size, **{side: place})
        return tell(self._found.places)

    def get_next_link(self) -> str | None:
        """The page of what is older."""
        return self._beyond("before", self._found.places[-1:]) if self._found.older else None

    def get_previous_link(self) -> str | None:
        """The page of what is newer."""
        return self._beyond("after", self._found.places[:1]) if self._found.newer else None

    def _beyond(self, side: str, edge: list[Place]) -> str | None:
        return replace_query_param(self._address, self.cursor_query_param, f"{side}.{edge[0]}") if edge else None


class RecordViewSet(HouseViewSet):
    """The record of who did what, for who audits it."""

    serializer_class = LineSerializer
    pagination_class = RecordPages
    filter_backends = ()

    @extend_schema(
        operation_id="audit_list",
        parameters=[OpenApiParameter(name, str, description=words) for name, words in _FILTERS.items()],
        responses=LineSerializer(many=True),
    )
    def list(self, request: Request) -> Response:
        """Who did what, when, on what, from where, from what to what: as far as you audit, newest first."""
        viewer = caller(request)
        if access.audited_team_ids(viewer) == set():
            raise NotAllowed(f"{viewer} audits nothing.")
        form = SearchForm(request.query_params, by=viewer)
        if not form.is_valid():
            raise ValidationError(form.errors.as_data())
        lines: list[Line] = self.paginate_queryset(form.as_asked()) or []  # type: ignore[arg-type]  # pages a search
        note_reading(*told_of(lines), by=viewer)
        return self.get_paginated_response(self.get_serializer(lines, many=True).data)


def _edge(cursor: str) -> tuple[str, Place | None]:
    """The side and the place that a cursor names. Raises NotFound for one that was not made here."""
    side, _, text = cursor.partition(".")
    if not cursor or side not in ("before", "after"):
        if cursor:
            raise NotFound(NewestFirst.invalid_cursor_message)
        return "before", None
    try:
        return side, Place.read(text)
    except Invalid as error:
        raise NotFound(NewestFirst.invalid_cursor_message) from error
