"""``/coverage/pay/``: the hours on call of each person by kind, for who pays them; and the same as CSV."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import AnswersFiles, HouseViewSet
from apps.core.errors import NotAllowed
from apps.desk import coverage, queries
from apps.desk.api.coverage import HoursSerializer
from apps.rosters.coverage import pay
from apps.rosters.models import Roster
from apps.teams.authentication import caller
from apps.teams.models import Team
from apps.teams.representation import PersonSerializer, VisibleTeam
from apps.teams.sensitive import require_of_session


class ManagedTeam(VisibleTeam):
    """The team of a slug, of those whose rosters the caller keeps."""

    def get_queryset(self) -> QuerySet[Team]:
        kept = queries.managed_teams(self.context["request"].user)
        return Team.objects.filter(pk__in=[team.pk for team in kept])


class PayQuery(serializers.Serializer[Any]):
    """From which day to which, both included, by each person's own clock: at most 366 days; and for which team.

    Without ``team``: for all whose rosters one keeps.
    """

    to = serializers.DateField()
    team = ManagedTeam(required=False)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {"from": serializers.DateField(), **super().get_fields()}


class PayLineSerializer(serializers.Serializer[Any]):
    """The hours of one person, by their own clock and public holidays; ``nights`` of which they had three hours."""

    person = PersonSerializer()
    time_zone = serializers.CharField(source="person.time_zone")
    holidays_of = serializers.CharField(source="person.holidays_of")
    seconds = HoursSerializer(source="hours")
    nights = serializers.IntegerField()


class PaySerializer(serializers.Serializer[Any]):
    """The hours of everybody who was or will be on call ``from`` a day ``to`` another, by name."""

    people = serializers.SerializerMethodField()

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        days = {"from": serializers.DateField(source="first"), "to": serializers.DateField(source="last")}
        return {**days, **super().get_fields()}

    @extend_schema_field(PayLineSerializer(many=True))
    def get_people(self, found: dict[str, Any]) -> Any:
        return PayLineSerializer(found["lines"], many=True).data


class PayViewSet(AnswersFiles, HouseViewSet):
    """Hours for on-call pay, for managers."""

    serializer_class = PaySerializer
    pagination_class = None
    filter_backends = ()

    @extend_schema(operation_id="coverage_pay", parameters=[PayQuery], responses=PaySerializer)
    def retrieve(self, request: Request) -> Response:
        """The hours on call by kind in the rosters of the teams that you manage: one object, people by name."""
        first, last, rosters = self._asked()
        lines = pay(rosters, first=first, last=last)
        return Response(self.get_serializer({"first": first, "last": last, "lines": lines}).data)

    @extend_schema(
        operation_id="coverage_pay_csv", parameters=[PayQuery], responses={(200, "text/csv"): OpenApiTypes.STR}
    )
    def download(self, request: Request) -> HttpResponse:
        """The same as a CSV file, in hours."""
        first, last, rosters = self._asked()
        require_of_session(self.request)
        return coverage.pay_file(rosters, first=first, last=last, by=caller(request))

    def _asked(self) -> tuple[date, date, QuerySet[Roster]]:
        """The days and the rosters that are asked for. Raises NotAllowed for whoever manages no team."""
        kept = queries.managed_teams(caller(self.request))
        if not kept:
            raise NotAllowed(f"{caller(self.request)} manages no rosters.")
        given = {name: value for name, value in self.request.query_params.items() if value}
        asked = PayQuery(data=given, context=self.get_serializer_context())
        asked.is_valid(raise_exception=True)
        said = asked.validated_data
        rosters = Roster.objects.filter(team__in=[said["team"]] if "team" in said else kept)
        return said["from"], said["to"], rosters
