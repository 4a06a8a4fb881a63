"""Shadows in the API: entered, listed and taken back as on the pages."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import clock
from apps.core.api import HouseViewSet
from apps.core.api_fields import EnteredInstant
from apps.core.pagination import NewestFirst
from apps.rosters import actions, queries
from apps.rosters.api.exceptions import VisibleRoster
from apps.rosters.models import Roster, Shadow
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.models import User
from apps.teams.representation import PersonByEmail, PersonSerializer


class ShadowSerializer(serializers.ModelSerializer[Shadow]):
    """Who sees the pages of whoever is on call in ``roster``, or only of ``of``; ``is_woken``: they ring."""

    roster: serializers.SlugRelatedField[Roster] = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    person = PersonSerializer()
    of = PersonSerializer(allow_null=True)
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()

    class Meta:
        model = Shadow
        fields = ("id", "roster", "person", "of", "start", "end", "is_woken")


class EnteredShadow(serializers.Serializer[Any]):
    """Who is to see whose pages, from when to when; without ``user`` oneself. A start that has passed means now."""

    roster = VisibleRoster()
    user = PersonByEmail(required=False)
    of = PersonByEmail(required=False, allow_null=True, default=None)
    start = EnteredInstant()
    end = EnteredInstant()
    is_woken = serializers.BooleanField(required=False, default=False)


class ShadowViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, HouseViewSet):
    """The running and coming shadows in the rosters that one may see, and one's own; the newest first."""

    serializer_class = ShadowSerializer
    pagination_class = NewestFirst
    lookup_value_regex = "[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[Shadow]:
        """What is not over, of whom one may see."""
        me = self.request.user
        visible = Q(roster__team__in=access.team_ids(me, Permission.VIEW)) | Q(person=me.pk)
        return queries.coming_shadows(clock.now()).filter(visible)

    @extend_schema(request=EnteredShadow, responses={201: ShadowSerializer})
    def create(self, request: Request) -> Response:
        """Let somebody see pages that they need not answer: oneself, or whom one manages."""
        me, entered = cast("User", request.user), self.understood(EnteredShadow)
        shadow = actions.add_shadow(
            entered["roster"],
            person=entered.get("user", me),
            of=entered["of"],
            start=entered["start"],
            end=entered["end"],
            is_woken=entered["is_woken"],
            by=me,
        )
        return Response(self.get_serializer(shadow).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take back what of it is still to come."""
        actions.remove_shadow(self.get_object(), by=cast("User", request.user))
        return Response(status=status.HTTP_204_NO_CONTENT)
