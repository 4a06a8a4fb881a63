"""A calendar taken into a roster once, as overrides, over the API: first looked at, then done."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.parsers import FormWithFileParser
from apps.rosters import actions, sealed_plans, uploads
from apps.rosters.api.managed import ManagedRosterViewSet
from apps.rosters.api.uploads import (
    FORM,
    AddedSerializer,
    PlannedTurnSerializer,
    RefusedTurnSerializer,
    SentCalendar,
    SentPlan,
    UnmatchedSerializer,
    turns,
)
from apps.teams.authentication import caller


class CalendarPlanSerializer(serializers.Serializer[Any]):
    """What taking a calendar in would do: what is added, is so already, or is left out, and what is nobody's turn.

    ``plan`` is to be sent back to do just that; null where nothing is to be added.
    """

    added = PlannedTurnSerializer(many=True)
    already = PlannedTurnSerializer(many=True)
    refused = RefusedTurnSerializer(many=True)
    unmatched = UnmatchedSerializer(many=True)
    plan = serializers.CharField(allow_null=True)


class CalendarImportActions(ManagedRosterViewSet):
    """The part of a roster's address that takes in calendars."""

    @extend_schema(request={FORM: SentCalendar}, responses=CalendarPlanSerializer)
    @action(detail=True, methods=["post"], url_path="import-calendar/preview", parser_classes=[FormWithFileParser])
    def preview_import(self, request: Request, slug: str) -> Response:
        """Say what taking a calendar in as overrides would do, from now to the horizon; nothing is saved."""
        roster = self.managed()
        plan = actions.plan_import(roster, uploads.calendar_of(self.understood(SentCalendar)["file"]))
        sealed = sealed_plans.seal_turns({roster.pk: plan.planned}, of=roster) if plan.added else None
        answer = {
            "added": turns((roster, each) for each in plan.added),
            "already": turns((roster, each) for each in plan.already),
            "refused": turns((roster, each) for each in plan.refused),
            "unmatched": plan.unmatched,
            "plan": sealed,
        }
        return Response(CalendarPlanSerializer(answer).data)

    @extend_schema(request=SentPlan, responses=AddedSerializer)
    @action(detail=True, methods=["post"], url_path="import-calendar")
    def import_calendar(self, request: Request, slug: str) -> Response:
        """Add the overrides that the preview said, in whole or not at all; what is so already adds none.

        Refused (409) where an override of the roster was put in or taken back since then.
        """
        roster = self.managed()
        planned = sealed_plans.unseal_turns(self.understood(SentPlan)["plan"], of=roster)
        added = actions.import_turns(roster, planned[roster.pk], by=caller(request))
        return Response(AddedSerializer({"added": added}).data)
