"""``/coverage/``: how the rosters that one may see are covered, and what being on call asks of people."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import HouseViewSet
from apps.core.errors import Invalid
from apps.desk import coverage
from apps.rosters.coverage import Measure, StrainKind, WeakPointKind
from apps.rosters.models import Roster
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.authentication import caller
from apps.teams.representation import PersonSerializer, VisibleTeam


@extend_schema_field(int)
class Seconds(serializers.Field[Any, Any, Any, Any]):
    """A span as whole seconds of elapsed time."""

    def to_representation(self, value: timedelta) -> int:
        return round(value.total_seconds())


class GapSerializer(serializers.Serializer[Any]):
    """When nobody is there though somebody should be; ``seconds`` of that, for what lies between its parts not counted.

    ``since`` is when somebody was there before, ``until`` when somebody is again; null where nobody is within the time
    that was looked at.
    """

    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    seconds = Seconds(source="missing")
    since = serializers.DateTimeField(allow_null=True)
    until = serializers.DateTimeField(allow_null=True)


class ShortageSerializer(GapSerializer):
    """When only ``held`` of the people are there who are ``wanted`` at once; up to ``since`` and from ``until`` all."""

    held = serializers.IntegerField()
    wanted = serializers.IntegerField()


class WeakPointSerializer(serializers.Serializer[Any]):
    """``only_one``: nobody else in the roster can be paged. ``left``: who takes turns responds for no team.

    ``cannot_be_paged``: nothing reaches whoever holds a seat, for so many ``seconds``; else these are 0.
    """

    kind = serializers.ChoiceField([kind.value for kind in WeakPointKind])
    person = PersonSerializer()
    seconds = Seconds(source="length")


class ShareSerializer(serializers.Serializer[Any]):
    """Who has so many ``times`` an equal share of what the measure counts."""

    person = PersonSerializer()
    measure = serializers.ChoiceField([measure.value for measure in Measure])
    times = serializers.FloatField()


class RosterCoverageSerializer(serializers.Serializer[Any]):
    """How one roster is covered."""

    roster = serializers.SlugField(source="roster.slug")
    team = serializers.SlugField(source="roster.team.slug")
    gaps = GapSerializer(many=True)
    shortages = ShortageSerializer(many=True)
    single_points = WeakPointSerializer(many=True, source="weak_points")
    unequal = ShareSerializer(many=True, source="shares")


class HoursSerializer(serializers.Serializer[Any]):
    """Seconds on call, each of one kind, by the person's own clock and public holidays."""

    total = Seconds()
    ordinary = Seconds()
    night = Seconds()
    weekend = Seconds()
    holiday = Seconds()


class StrainSerializer(serializers.Serializer[Any]):
    """What wears somebody out: how often, and when it is worst; ``nights`` of too many of them, else null."""

    kind = serializers.ChoiceField([kind.value for kind in StrainKind])
    times = serializers.IntegerField()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    nights = serializers.IntegerField(allow_null=True)


class LoadSerializer(serializers.Serializer[Any]):
    """What being on call asks of one person; pages are those of as long a time before."""

    person = PersonSerializer(source="of.person")
    can_be_paged = serializers.BooleanField(source="of.can_be_paged")
    rosters = serializers.SerializerMethodField()
    seconds = HoursSerializer(source="of.hours")
    nights = serializers.IntegerField(source="of.nights")
    strains = StrainSerializer(many=True, source="of.strains")
    pages = serializers.IntegerField(source="pages.received")
    pages_at_night = serializers.IntegerField(source="pages.at_night")

    def get_rosters(self, load: coverage.Load) -> list[str]:
        return [roster.slug for roster in load.of.rosters]


class ExposedSerializer(serializers.Serializer[Any]):
    """A service of which even the worst incident would page nobody at this moment, and why."""

    service = serializers.SlugField(source="service.slug")
    team = serializers.SlugField(source="service.team.slug")
    reason = serializers.CharField(source="text")


class CoverageSerializer(serializers.Serializer[Any]):
    """Coverage ``from`` now ``to`` then."""

    rosters = RosterCoverageSerializer(many=True, source="coverage.report.rosters")
    people = serializers.SerializerMethodField()
    services_without_anybody = ExposedSerializer(many=True, source="exposed")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        window = "coverage.report.window"
        return {
            "from": serializers.DateTimeField(source=f"{window}.start"),
            "to": serializers.DateTimeField(source=f"{window}.end"),
            **super().get_fields(),
        }

    @extend_schema_field(LoadSerializer(many=True))
    def get_people(self, found: coverage.Found) -> Any:
        return LoadSerializer(coverage.loads(found.coverage), many=True).data


class CoverageQuery(serializers.Serializer[Any]):
    """How far ahead, and for which team; without: 90 days, and every team that one may see."""

    days = serializers.IntegerField(required=False, default=coverage.DAYS)
    team = VisibleTeam(required=False)

    def validate_days(self, days: int) -> int:
        """Raise ValidationError for what cannot be looked ahead."""
        try:
            coverage.check_days(days)
        except Invalid as refused:
            raise serializers.ValidationError(str(refused)) from refused
        return days


class CoverageViewSet(HouseViewSet):
    """Gaps, single points of failure and load."""

    serializer_class = CoverageSerializer
    pagination_class = None
    filter_backends = ()

    @extend_schema(operation_id="coverage", parameters=[CoverageQuery], responses=CoverageSerializer)
    def retrieve(self, request: Request) -> Response:
        """How the rosters of the teams you may see are covered: one object; rosters by team, people by name."""
        given = {name: value for name, value in request.query_params.items() if value}
        asked = CoverageQuery(data=given, context=self.get_serializer_context())
        asked.is_valid(raise_exception=True)
        teams = access.team_ids(caller(request), Permission.VIEW)
        if "team" in asked.validated_data:
            teams = teams & {asked.validated_data["team"].pk}
        rosters = Roster.objects.filter(team__in=teams)
        found = coverage.find(rosters, teams, days=asked.validated_data["days"])
        return Response(self.get_serializer(found).data)
