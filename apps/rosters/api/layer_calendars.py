"""Where the turns of a layer come from, in the API: read, set, looked at before, and taken away."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.parsers import FormWithFileParser
from apps.rosters import actions, uploads
from apps.rosters.api.forms import AcceptsGaps
from apps.rosters.api.managed import ManagedRosterViewSet
from apps.rosters.api.outlooks import OutlookSerializer
from apps.rosters.api.uploads import FORM, SentCalendar, UnmatchedSerializer
from apps.rosters.models import CalendarSource, Layer, Roster
from apps.rosters.models.rosters import MOST_PEOPLE
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.authentication import caller
from apps.teams.models import Scope
from apps.teams.permissions import reaches
from apps.teams.representation import PersonByEmail

LAYER = OpenApiParameter("layer_id", int, "path")
_ADDRESS = r"layers/(?P<layer_id>[0-9]{1,18})/calendar"


class CalendarSourceSerializer(serializers.ModelSerializer[CalendarSource]):
    """The calendar that the turns of a layer come from: at an address, or in a file.

    ``url`` is null for a file, and for whoever does not manage the roster: the address of a private calendar is a
    secret. ``fetched_at`` is null until it was read; ``failure`` says why the last reading failed, ``failed_at`` since
    when, and the last good copy counts meanwhile. ``unmatched`` are the events that are nobody's turn.
    """

    url = serializers.SerializerMethodField()
    file_name = serializers.CharField(allow_null=True)
    failure = serializers.CharField(allow_null=True)
    unmatched = UnmatchedSerializer(many=True)

    class Meta:
        model = CalendarSource
        fields = ("url", "file_name", "uploaded_at", "fetched_at", "failure", "failed_at", "unmatched")
        read_only_fields = fields

    def get_url(self, source: CalendarSource) -> str | None:
        return (source.url or None) if self.context["shows_address"] else None

    def to_representation(self, source: CalendarSource) -> dict[str, Any]:
        shown = super().to_representation(source)
        return shown | {name: shown[name] or None for name in ("file_name", "failure")}


class CalendarAddress(AcceptsGaps):
    """Where the calendar is: ``https``, ``http``, or ``webcal`` as devices have it, and in no private network."""

    url = serializers.CharField(max_length=2000)


class CalendarFile(SentCalendar, AcceptsGaps):
    """A calendar in the iCalendar format (.ics)."""


class TakenAway(AcceptsGaps):
    """Who takes the turns from now on, in this order; without anybody named, the layer's own people."""

    people = serializers.ListField(child=PersonByEmail(), required=False, max_length=MOST_PEOPLE)


class CalendarOutlookSerializer(OutlookSerializer):
    """What a calendar would make: shifts of six weeks, new gaps, and the events that are nobody's turn."""

    unmatched = UnmatchedSerializer(many=True)


class CalendarActions(ManagedRosterViewSet):
    """The part of a roster's address that the calendars of its layers have."""

    @extend_schema(parameters=[LAYER], responses=CalendarSourceSerializer)
    @action(detail=True, methods=["get"], url_path=_ADDRESS, url_name="layer-calendar")
    def calendar(self, request: Request, slug: str, layer_id: str) -> Response:
        """Where the turns of the layer come from, and how reading it went; 404 for a layer of people.

        Its address is shown to whoever manages the roster, with a token of the scope ``manage``.
        """
        roster: Roster = self.get_object()
        return self._shown(_layer(roster, layer_id))

    @extend_schema(
        parameters=[LAYER], request=CalendarAddress, responses=CalendarSourceSerializer,
    )  # fmt: skip
    @calendar.mapping.put
    def set_calendar(self, request: Request, slug: str, layer_id: str) -> Response:
        """Let the turns come from a calendar at an address. It is read at once, and then every quarter of an hour.

        Until it was read there are no turns, or those of the calendar before. Where nobody would be on call any more it
        is refused (409) unless ``accept_gaps``; ``missing`` lists the times. The same address again reads it anew.
        """
        layer = _layer(self.managed(), layer_id)
        entered = self.understood(CalendarAddress)
        actions.use_address(layer, entered["url"], by=caller(request), accept_gaps=entered["accept_gaps"])
        return self._shown(layer)

    @extend_schema(parameters=[LAYER, TakenAway], responses={204: None})
    @calendar.mapping.delete
    def remove_calendar(self, request: Request, slug: str, layer_id: str) -> Response:
        """Let people take the turns again: those who are named, or the layer's own.

        Where nobody would be on call any more it is refused (409) unless ``accept_gaps``.
        """
        layer = _layer(self.managed(), layer_id)
        asked = TakenAway(data=request.query_params)
        asked.is_valid(raise_exception=True)
        said = asked.validated_data
        _source(layer)
        actions.take_calendar_away(
            layer, people=said.get("people", ()), by=caller(request), accept_gaps=said["accept_gaps"]
        )
        return Response(status=HTTPStatus.NO_CONTENT)

    @extend_schema(parameters=[LAYER], request={FORM: CalendarFile}, responses=CalendarSourceSerializer)
    @action(detail=True, methods=["post"], url_path=f"{_ADDRESS}/file", parser_classes=[FormWithFileParser])
    def upload_calendar(self, request: Request, slug: str, layer_id: str) -> Response:
        """Let the turns be those of a file, from now on.

        Where nobody would be on call any more it is refused (409) unless ``accept_gaps``; ``missing`` lists the times.
        """
        layer = _layer(self.managed(), layer_id)
        entered = self.understood(CalendarFile)
        sent = entered["file"]
        actions.use_file(
            layer,
            name=sent.name or "",
            text=uploads.calendar_of(sent),
            by=caller(request),
            accept_gaps=entered["accept_gaps"],
        )
        return self._shown(layer)

    @extend_schema(parameters=[LAYER], request={FORM: SentCalendar}, responses=CalendarOutlookSerializer)
    @action(detail=True, methods=["post"], url_path=f"{_ADDRESS}/preview", parser_classes=[FormWithFileParser])
    def preview_calendar(self, request: Request, slug: str, layer_id: str) -> Response:
        """What the same file would make; nothing is saved."""
        layer = _layer(self.managed(), layer_id)
        sent = self.understood(SentCalendar)["file"]
        found = actions.look_at_file(layer, name=sent.name or "", text=uploads.calendar_of(sent), by=caller(request))
        return Response(CalendarOutlookSerializer(found).data)

    def _shown(self, layer: Layer) -> Response:
        """The layer's calendar, with its address for those who manage the roster."""
        manages = layer.roster.team_id in access.team_ids(caller(self.request), Permission.MANAGE)
        context = {"shows_address": manages and reaches(self.request, Scope.MANAGE)}
        return Response(CalendarSourceSerializer(_source(layer), context=context).data)


def _layer(roster: Roster, layer_id: str) -> Layer:
    """The layer of ``roster`` that has the id. Raises Http404 where there is none."""
    found = roster.layers.filter(pk=layer_id).first()
    if found is None:
        raise Http404
    return found


def _source(layer: Layer) -> CalendarSource:
    """The calendar of the layer. Raises Http404 for one of people."""
    found = CalendarSource.objects.defer("good_text").filter(layer=layer).first()
    if found is None:
        raise Http404
    return found
