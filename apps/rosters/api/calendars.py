"""Calendars of rosters, and the private links to them (contract, "HTTP API")."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import clock
from apps.core.api import AnswersFiles, HouseViewSet
from apps.core.idempotency import ShownOnce
from apps.rosters import actions
from apps.rosters.calendars import feeds, links
from apps.rosters.models import CalendarFeed, FeedKind, Roster
from apps.rosters.views import answer, answer_of_feed
from apps.teams import access
from apps.teams.authentication import caller
from apps.teams.models import Team
from apps.teams.permissions import ScopedAndSignedIn
from apps.teams.sensitive import require_session


class RosterCalendarView(AnswersFiles):
    """The shifts of a roster as an iCalendar file."""

    def get_permissions(self) -> list[Any]:
        """A token in the address is all that it takes; without one the caller signs in as ever."""
        return [AllowAny() if "token" in self.request.query_params else ScopedAndSignedIn()]

    @extend_schema(
        operation_id="rosters_calendar",
        parameters=[OpenApiParameter("token", str, description="Of a link to this roster; instead of signing in.")],
        responses={(200, "text/calendar"): OpenApiTypes.STR},
    )
    def get(self, request: Request, slug: str) -> HttpResponseBase:
        """The shifts from 30 days ago to the horizon, as an iCalendar file; 304 where its ETag is known."""
        found = Roster.objects.filter(slug=slug).select_related("team").first()
        if found is None:
            raise Http404
        token = request.query_params.get("token")
        if token is not None:
            feed = feeds.opened_by(token, roster=found)
            if feed is None:
                raise Http404
            return answer_of_feed(request._request, feed)
        if found.team_id not in access.team_ids(caller(request), access.Permission.VIEW):
            raise Http404
        return answer(request._request, feeds.calendar_of_roster(found, now=clock.now()), name=found.slug)


class CalendarFeedSerializer(serializers.ModelSerializer[CalendarFeed]):
    """A private link to a calendar. ``last_read_at`` is noted once an hour."""

    roster: serializers.SlugRelatedField[Roster] = serializers.SlugRelatedField(
        slug_field="slug", read_only=True, allow_null=True
    )
    team: serializers.SlugRelatedField[Team] = serializers.SlugRelatedField(
        slug_field="slug", read_only=True, allow_null=True
    )

    class Meta:
        model = CalendarFeed
        fields = ("id", "kind", "roster", "team", "created_at", "last_read_at")
        read_only_fields = fields


class MadeFeedSerializer(CalendarFeedSerializer):
    """A link that was just made, with its address, which is shown this once."""

    url = serializers.SerializerMethodField()

    class Meta:
        model = CalendarFeed
        fields = (*CalendarFeedSerializer.Meta.fields, "url")
        read_only_fields = fields

    def get_url(self, feed: CalendarFeed) -> str:
        return links.url_of(self.context["token"])


class MakeFeedSerializer(serializers.Serializer[Any]):
    """Which calendar: of a ``roster``, of a ``team``, or of your own shifts (kind ``person``)."""

    kind = serializers.ChoiceField(FeedKind.choices)
    roster = serializers.SlugField(required=False, allow_null=True, default=None)
    team = serializers.SlugField(required=False, allow_null=True, default=None)


class CalendarFeedViewSet(mixins.RetrieveModelMixin, mixins.ListModelMixin, HouseViewSet):
    """Your own links to calendars that are in use. Those of others do not exist here."""

    personal = True
    serializer_class = CalendarFeedSerializer
    filter_backends = ()
    lookup_value_regex = "[0-9]{1,18}"
    queryset = CalendarFeed.objects.none()

    def get_queryset(self) -> QuerySet[CalendarFeed]:
        """The caller's links."""
        return feeds.of_owner(caller(self.request))

    @extend_schema(request=MakeFeedSerializer, responses={201: MadeFeedSerializer})
    def create(self, request: Request) -> Response:
        """Make a link. Whoever has its address reads the calendar without signing in, until it is revoked."""
        require_session(request, "Tokens make no links, which would outlive them: sign in.")
        person, told = caller(request), self.understood(MakeFeedSerializer)
        seen = access.team_ids(person, access.Permission.VIEW)
        rosters, teams = Roster.objects.filter(team__in=seen), Team.objects.filter(pk__in=seen)
        feed, token = actions.make_feed(
            FeedKind(told["kind"]),
            roster=_named(rosters.select_related("team"), "roster", told["roster"]),
            team=_named(teams, "team", told["team"]),
            by=person,
        )
        return ShownOnce(MadeFeedSerializer(feed, context={"token": token}).data, status=HTTPStatus.CREATED)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Revoke the link: from now on its address is 404."""
        actions.revoke_feed(get_object_or_404(self.get_queryset(), pk=pk), by=caller(request))
        return Response(status=HTTPStatus.NO_CONTENT)


def _named(rows: QuerySet[Any], field: str, slug: str | None) -> Any:
    """The one of ``rows`` that ``slug`` names. Raises ValidationError for one that the caller does not see."""
    if slug is None:
        return None
    found = rows.filter(slug=slug).first()
    if found is None:
        raise serializers.ValidationError({field: [f"There is no {field} {slug}."]})
    return found
