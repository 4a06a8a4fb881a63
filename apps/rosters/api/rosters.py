"""Rosters, their shifts and overrides, and who is on call (contract, "HTTP API")."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from django.db.models import Exists, F, OuterRef, Prefetch, QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import clock
from apps.core.api import HouseViewSet
from apps.core.api_fields import Instant
from apps.core.century import LAST_DAY
from apps.core.errors import Invalid
from apps.core.pagination import NewestFirst
from apps.rosters import actions, queries
from apps.rosters.models import CalendarSource, HandoverNote, Layer, Restriction, Roster, ShiftSource
from apps.rosters.versions import with_version
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.models import Team, User
from apps.teams.representation import PersonSerializer, VisibleTeam

#: How far ahead shifts are listed when the request does not say.
LISTED_AHEAD = timedelta(days=14)


class RestrictionSerializer(serializers.ModelSerializer[Restriction]):
    """A part of each week, in the layer's zone: from ``start`` on each of ``weekdays`` to ``end``, ``days`` later.

    0 is Monday.
    """

    class Meta:
        model = Restriction
        fields = ("weekdays", "start", "end", "days")


class LayerSerializer(serializers.ModelSerializer[Layer]):
    """A layer with its people in the order of their turns. Times are local to its zone; without one, the roster's.

    The turns of one that is ``from_calendar`` are what that calendar says, whoever else is in it.
    """

    people = serializers.SerializerMethodField()
    from_calendar = serializers.BooleanField(read_only=True)
    restrictions = RestrictionSerializer(many=True, read_only=True)

    class Meta:
        model = Layer
        fields = (
            "id", "name", "position", "rotation", "length", "handoff_time", "handoff_weekday", "starts_on", "ends_on",
            "time_zone", "holidays_of", "at_once", "from_calendar", "people", "restrictions",
        )  # fmt: skip

    def get_people(self, layer: Layer) -> list[str]:
        return [member.person.email for member in layer.members.all()]


class RosterSerializer(serializers.ModelSerializer[Roster]):
    """A roster with its layers, lowest first: the highest wins. ``version`` is another one after every change."""

    team: serializers.SlugRelatedField[Team] = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    stands_in_for: serializers.SlugRelatedField[Roster] = serializers.SlugRelatedField(
        slug_field="slug", read_only=True, allow_null=True
    )
    stands_in_from = serializers.DateTimeField(source="stands_in_during.lower", allow_null=True, read_only=True)
    stands_in_until = serializers.DateTimeField(source="stands_in_during.upper", allow_null=True, read_only=True)
    version = serializers.CharField(read_only=True)
    layers = LayerSerializer(many=True, read_only=True)

    class Meta:
        model = Roster
        fields = (
            "slug", "name", "team", "time_zone", "holidays_of", "is_primary", "frozen_until", "stands_in_for",
            "stands_in_from", "stands_in_until", "retired_at", "version", "layers",
        )  # fmt: skip


class ShiftSerializer(serializers.Serializer[Any]):
    """Who holds a seat of a roster, from ``start`` up to but not including ``end``."""

    roster = serializers.SlugField(source="roster.slug")
    seat = serializers.IntegerField()
    person = PersonSerializer()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    source = serializers.ChoiceField(ShiftSource.choices)  # type: ignore[assignment]  # the contract's name for it


class NextSerializer(serializers.Serializer[Any]):
    """Who else comes next, and when."""

    person = PersonSerializer(source="next_person")
    start = serializers.DateTimeField(source="next_start")


class OnCallSerializer(serializers.Serializer[Any]):
    """Who is on call. ``person`` is null while nobody is, ``next`` while nobody else is planned."""

    roster = serializers.SlugField(source="roster.slug")
    team = serializers.SlugField(source="team.slug")
    seat = serializers.IntegerField()
    person = PersonSerializer(allow_null=True)
    start = serializers.DateTimeField(allow_null=True)
    end = serializers.DateTimeField(allow_null=True)
    next = serializers.SerializerMethodField()

    @extend_schema_field(NextSerializer(allow_null=True))
    def get_next(self, duty: queries.OnCall) -> dict[str, Any] | None:
        return NextSerializer(duty).data if duty.next_person else None


class TeamOfService(VisibleTeam):
    """The team that owns the service of a slug. The catalog is this app's neighbour: what both know is the team."""

    def __init__(self, **options: Any) -> None:
        super().__init__("services__slug", **options)


class OnCallQuery(serializers.Serializer[Any]):
    """When, and for whom; without: now, and for every team that one may see."""

    at = Instant(required=False)
    team = VisibleTeam(required=False)
    service = TeamOfService(required=False, help_text="The slug of a service: its team is asked for.")


class ShiftQuery(serializers.Serializer[Any]):
    """The time of which shifts are asked for; without: the next 14 days."""

    to = Instant(required=False)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {"from": Instant(required=False), **super().get_fields()}


class HandoverNoteSerializer(serializers.ModelSerializer[HandoverNote]):
    """What somebody left for whoever is on call next."""

    author = PersonSerializer()

    class Meta:
        model = HandoverNote
        fields = ("id", "text", "author", "written_at")


class WrittenNote(serializers.Serializer[Any]):
    """A note for whoever is on call next."""

    text = serializers.CharField(max_length=actions.LONGEST_NOTE)


class OnCallViewSet(HouseViewSet):
    """Who is on call."""

    serializer_class = OnCallSerializer
    pagination_class = None
    filter_backends = ()

    @extend_schema(operation_id="oncall", parameters=[OnCallQuery], responses=OnCallSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Who is on call in each roster of the teams you may see: a bare list, one entry a seat."""
        asked = OnCallQuery(data=_given(request), context=self.get_serializer_context())
        asked.is_valid(raise_exception=True)
        teams = access.team_ids(request.user, Permission.VIEW)
        for name in ("team", "service"):
            if name in asked.validated_data:
                teams = teams & {asked.validated_data[name].pk}
        found = queries.on_call(at=asked.validated_data.get("at") or clock.now(), teams=teams)
        return Response(self.get_serializer(found, many=True).data)


class EarliestFirst(NewestFirst):
    """Pages of shifts by their start, which the view annotates."""

    ordering = ("starts_at", "id")


def whole(rosters: QuerySet[Roster]) -> QuerySet[Roster]:
    """``rosters`` with all that their answers say; as many queries for one as for many."""
    calendar = CalendarSource.objects.filter(layer=OuterRef("pk"))
    layers = Prefetch("layers", Layer.objects.annotate(from_calendar=Exists(calendar)))
    found = with_version(rosters.select_related("team", "stands_in_for"))
    return found.prefetch_related(layers, "layers__members__person", "layers__restrictions")


class RosterViewSet(mixins.RetrieveModelMixin, mixins.ListModelMixin, HouseViewSet):
    """The rosters of the teams one may see."""

    serializer_class = RosterSerializer
    lookup_field = "slug"
    lookup_value_regex = "[-a-zA-Z0-9_]+"

    def get_queryset(self) -> QuerySet[Roster]:
        """The rosters that the caller may see, retired ones included."""
        visible = access.team_ids(self.request.user, Permission.VIEW)
        rosters = Roster.objects.filter(team__in=visible).select_related("team")
        return whole(rosters) if self.action in ("list", "retrieve") else rosters

    @extend_schema(parameters=[ShiftQuery], responses=ShiftSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=EarliestFirst)
    def shifts(self, request: Request, slug: str) -> Response:
        """The shifts of which some part lies in the time asked for, earliest first."""
        asked = ShiftQuery(data=_given(request))
        asked.is_valid(raise_exception=True)
        start = asked.validated_data.get("from") or clock.now()
        if start.date() > LAST_DAY:
            raise Invalid(f"Expected a day up to {LAST_DAY}.", field="from")
        end = asked.validated_data.get("to") or start + LISTED_AHEAD
        if end <= start:
            raise Invalid("The end lies after the start.", field="to")
        shifts = queries.shifts_between(start, end).filter(roster=self.get_object())
        page = self.paginate_queryset(shifts.annotate(starts_at=F("during__startswith")))
        return self.get_paginated_response(ShiftSerializer(page, many=True).data)

    @extend_schema(methods=["get"], operation_id="rosters_notes", responses=HandoverNoteSerializer(many=True))
    @extend_schema(methods=["post"], request=WrittenNote, responses={201: HandoverNoteSerializer})
    @action(detail=True, methods=["get", "post"], pagination_class=NewestFirst)
    def notes(self, request: Request, slug: str) -> Response:
        """The handover notes, newest first; POST leaves one for whoever is on call next."""
        roster = self.get_object()
        if request.method == "POST":
            text = self.understood(WrittenNote)["text"]
            note = actions.write_handover_note(roster, text, by=cast("User", request.user))
            return Response(HandoverNoteSerializer(note).data, status=status.HTTP_201_CREATED)
        page = self.paginate_queryset(roster.handover_notes.select_related("author"))
        return self.get_paginated_response(HandoverNoteSerializer(page, many=True).data)


def _given(request: Request) -> dict[str, Any]:
    """The request's filters; one that is empty does not filter."""
    return {name: value for name, value in request.query_params.items() if value}
