"""Overrides in the API: put in, listed and taken back."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import F
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import clock
from apps.core.api import HouseViewSet
from apps.core.api_fields import EnteredInstant
from apps.rosters import actions, queries
from apps.rosters.api.forms import AcceptsGaps
from apps.rosters.api.rosters import EarliestFirst, ShiftSerializer
from apps.rosters.models import MOST_AT_ONCE
from apps.teams.models import User
from apps.teams.representation import PersonByEmail


class EnteredOverride(serializers.Serializer[Any]):
    """Who stands in, from when to when. A start that has passed means now; seats count from 0."""

    user = PersonByEmail()
    start = EnteredInstant()
    end = EnteredInstant()
    reason = serializers.CharField(max_length=255, required=False, default="", allow_blank=True)
    seat = serializers.IntegerField(required=False, default=0, min_value=0, max_value=MOST_AT_ONCE - 1)


class OverrideSerializer(ShiftSerializer):
    """An override, as the shift that it makes, whether or not that lies within the horizon already."""

    id = serializers.IntegerField()
    reason = serializers.CharField()


class OverrideActions(HouseViewSet):
    """The part of a roster's address that overrides have."""

    @extend_schema(methods=["get"], operation_id="rosters_overrides", responses=OverrideSerializer(many=True))
    @extend_schema(methods=["post"], request=EnteredOverride, responses={201: OverrideSerializer})
    @action(detail=True, methods=["get", "post"], pagination_class=EarliestFirst)
    def overrides(self, request: Request, slug: str) -> Response:
        """The running and coming overrides, earliest first; those of swaps too, which have ``swap`` as their source.

        POST puts somebody in for a while; the answer is their shift. Without the right to manage: only yourself.
        """
        roster = self.get_object()
        if request.method == "POST":
            entered = self.understood(EnteredOverride)
            person = entered.pop("user")
            override = actions.add_override(roster, person=person, by=cast("User", request.user), **entered)
            return Response(OverrideSerializer(override).data, status=status.HTTP_201_CREATED)
        coming = roster.overrides.filter(during__endswith__gt=clock.now()).select_related("roster", "person")
        page = self.paginate_queryset(coming.annotate(starts_at=F("during__startswith")))
        return self.get_paginated_response(OverrideSerializer(page, many=True).data)

    @extend_schema(parameters=[OpenApiParameter("override_id", int, "path"), AcceptsGaps], responses={204: None})
    @action(detail=True, methods=["delete"], url_path="overrides/(?P<override_id>[0-9]{1,18})")
    def remove_override(self, request: Request, slug: str, override_id: str) -> Response:
        """Take back what of it is still to come."""
        asked = AcceptsGaps(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        override = self.get_object().overrides.select_related("roster__team", "person").filter(pk=override_id).first()
        if override is None:
            raise Http404
        concerned, by = queries.with_stood_for([override.roster]), cast("User", request.user)
        with actions.refusing_gaps(concerned, by=by, accepts_all=asked.validated_data["accept_gaps"]):
            actions.remove_override(override, by=by)
        return Response(status=status.HTTP_204_NO_CONTENT)
