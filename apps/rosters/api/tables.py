"""Rosters as CSV tables over the API: taken away, and taken in, first looked at and then done."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import AnswersFiles, HouseViewSet
from apps.core.errors import NotAllowed
from apps.core.parsers import FormWithFileParser
from apps.rosters import actions, exports, sealed_plans, uploads
from apps.rosters.api.forms import AcceptsGaps
from apps.rosters.api.uploads import (
    FORM,
    AddedSerializer,
    PlannedTurnSerializer,
    RowProblemSerializer,
    SentPlan,
    SentTable,
    turns,
)
from apps.rosters.layer_changes import LayerChange, Verb
from apps.rosters.models import Roster
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.authentication import caller
from apps.teams.models import Scope, User

_CSV = {(200, "text/csv"): OpenApiTypes.STR}


class TableQuery(serializers.Serializer[Any]):
    """Of which rosters, by their slugs; without any, of all in use that one may see."""

    roster = serializers.ListField(child=serializers.SlugField(), required=False)

    def rosters(self) -> QuerySet[Roster]:
        """The rosters that are asked for. Raises ValidationError for one that the caller does not see."""
        self.is_valid(raise_exception=True)
        seen = Roster.objects.filter(team__in=access.team_ids(self.context["request"].user, Permission.VIEW))
        named = set(self.validated_data.get("roster", ()))
        if not named:
            return seen.filter(retired_at=None)
        found = seen.filter(slug__in=named)
        if unknown := sorted(named - set(found.values_list("slug", flat=True))):
            raise serializers.ValidationError({"roster": [f"There is no roster {slug}." for slug in unknown]})
        return found


class ShiftTableQuery(TableQuery):
    """From which day to which, both included, by each roster's own calendar: at most 366 days."""

    to = serializers.DateField()

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {"from": serializers.DateField(), **super().get_fields()}


class SettingChangeSerializer(serializers.Serializer[Any]):
    """A setting by the name of its column, as the table writes it before and after."""

    column = serializers.CharField()
    before = serializers.CharField()
    after = serializers.CharField()


class LayerChangeSerializer(serializers.Serializer[Any]):
    """What becomes of a layer; people by mail address, in the order of their turns."""

    layer = serializers.CharField(source="label")
    verb = serializers.ChoiceField([verb.value for verb in Verb])
    settings = SettingChangeSerializer(many=True)
    people_before = serializers.SerializerMethodField()
    people = serializers.SerializerMethodField()

    def get_people_before(self, change: LayerChange) -> list[str]:
        return [person.email for person in change.people_before]

    def get_people(self, change: LayerChange) -> list[str]:
        return [person.email for person in change.people]


class RosterChangeSerializer(serializers.Serializer[Any]):
    """What becomes of a roster: its layers that change."""

    roster = serializers.SlugField(source="roster.slug")
    layers = LayerChangeSerializer(many=True)


class LayersPlanSerializer(serializers.Serializer[Any]):
    """What taking a table of layers in would do, or why rows of it cannot be used: then nothing can be imported.

    ``gaps`` say when nobody would be on call any more, which takes ``accept_gaps``. ``plan`` is to be sent back to do
    just that; null where nothing is to be done, or can be.
    """

    changes = RosterChangeSerializer(many=True)
    gaps = serializers.ListField(child=serializers.CharField())
    problems = RowProblemSerializer(many=True)
    plan = serializers.CharField(allow_null=True)


class OverridesPlanSerializer(serializers.Serializer[Any]):
    """What taking a table of overrides in would do; rows that cannot be used are left out.

    ``plan`` is to be sent back to do just that; null where nothing is to be added.
    """

    added = PlannedTurnSerializer(many=True)
    already = PlannedTurnSerializer(many=True)
    problems = RowProblemSerializer(many=True)
    plan = serializers.CharField(allow_null=True)


class SentLayersPlan(SentPlan, AcceptsGaps):
    """The ``plan`` that the preview answered with: just what it said is done. It holds for an hour."""


class ChangedRostersSerializer(serializers.Serializer[Any]):
    """The rosters that were changed, by name."""

    changed = serializers.ListField(child=serializers.SlugField())


class TableViewSet(AnswersFiles, HouseViewSet):
    """Tables of rosters: whoever sees them takes them away, whoever manages them brings them in."""

    pagination_class = None
    filter_backends = ()
    write_scope = Scope.MANAGE
    queryset = Roster.objects.none()

    def _importing(self) -> User:
        """Who imports. Raises NotAllowed, whatever the body, for whoever manages no rosters."""
        person = caller(self.request)
        if not access.team_ids(person, Permission.MANAGE):
            raise NotAllowed(f"{person} manages no rosters.")
        return person

    def _table(self) -> bytes:
        return uploads.table_of(self.understood(SentTable)["file"])


class LayerTableViewSet(TableViewSet):
    """The layers of rosters, a row for each person in the order of their turns."""

    @extend_schema(operation_id="roster_tables_layers", parameters=[TableQuery], responses=_CSV)
    def list(self, request: Request) -> HttpResponse:
        """The layers with their people as a CSV file; ``roster`` may be said more than once."""
        asked = TableQuery(data=request.query_params, context=self.get_serializer_context())
        return exports.layers_file(asked.rosters(), by=caller(request))

    @extend_schema(request={FORM: SentTable}, responses=LayersPlanSerializer)
    @action(detail=False, methods=["post"], parser_classes=[FormWithFileParser])
    def preview(self, request: Request) -> Response:
        """Say what making the layers those of a table would do; nothing is saved."""
        by = self._importing()
        text = self._table()
        plan = actions.plan_layers_import(text, by=by)
        answer = {
            "changes": plan.changes,
            "gaps": [each.text for each in actions.asked_about(plan.gaps, by=by).missing],
            "problems": plan.problems,
            "plan": sealed_plans.seal_layers(text, plan) if plan.changes else None,
        }
        return Response(LayersPlanSerializer(answer).data)

    @extend_schema(
        operation_id="roster_tables_layers_import", request=SentLayersPlan, responses=ChangedRostersSerializer
    )
    def create(self, request: Request) -> Response:
        """Make the layers those of the table, as the preview said, from now on, in whole or not at all.

        Refused (409) where it would do something else by now; and where nobody would be on call any more, unless
        ``accept_gaps``: ``missing`` lists the times.
        """
        by = self._importing()
        sent = self.understood(SentLayersPlan)
        text, seal = sealed_plans.unseal_layers(sent["plan"])
        done = actions.import_layers(text, by=by, seal=seal, accepts_all=sent["accept_gaps"])
        return Response(ChangedRostersSerializer({"changed": [each.roster.slug for each in done.changes]}).data)


class OverrideTableViewSet(TableViewSet):
    """Overrides, a row for each."""

    @extend_schema(request={FORM: SentTable}, responses=OverridesPlanSerializer)
    @action(detail=False, methods=["post"], parser_classes=[FormWithFileParser])
    def preview(self, request: Request) -> Response:
        """Say which overrides a table would add, from now to the horizon; nothing is saved."""
        by = self._importing()
        plan = actions.plan_overrides_import(self._table(), by=by)
        answer = {
            "added": turns(plan.added),
            "already": turns(plan.already),
            "problems": plan.problems,
            "plan": sealed_plans.seal_turns(plan.planned) if plan.added else None,
        }
        return Response(OverridesPlanSerializer(answer).data)

    @extend_schema(operation_id="roster_tables_overrides_import", request=SentPlan, responses=AddedSerializer)
    def create(self, request: Request) -> Response:
        """Add the overrides that the preview said, in whole or not at all; what is so already adds none.

        Refused (409) where an override of one of the rosters was put in or taken back since then.
        """
        by = self._importing()
        planned = sealed_plans.unseal_turns(self.understood(SentPlan)["plan"])
        return Response(AddedSerializer({"added": actions.import_overrides(planned, by=by)}).data)


class ShiftTableViewSet(TableViewSet):
    """Who was or will be on call, a row for each shift."""

    @extend_schema(operation_id="roster_tables_shifts", parameters=[ShiftTableQuery], responses=_CSV)
    def list(self, request: Request) -> HttpResponse:
        """The shifts of which some part lies within the days, as a CSV file from which overrides can be taken in."""
        asked = ShiftTableQuery(data=request.query_params, context=self.get_serializer_context())
        rosters = asked.rosters()
        first, last = asked.validated_data["from"], asked.validated_data["to"]
        return exports.shifts_file(rosters, first=first, last=last, by=caller(request))
