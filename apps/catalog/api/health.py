"""The health checks of services, and what they saw (contract, "HTTP API"; R16)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.catalog import actions, queries
from apps.catalog.models import HealthCheck, HealthResult, HealthState
from apps.catalog.representation import VisibleService
from apps.core.api import HouseViewSet
from apps.core.errors import NotAllowed
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.authentication import caller
from apps.teams.models import Scope

YEAR = timedelta(days=366)


class Seconds(serializers.FloatField):
    """A span as its seconds."""

    default_error_messages: ClassVar[dict[str, Any]] = {"no_span": "A span is a number of seconds, a year at most."}

    def to_internal_value(self, data: Any) -> Any:
        seconds = super().to_internal_value(data)
        if not 0 <= seconds <= YEAR.total_seconds():
            self.fail("no_span")
        return timedelta(seconds=seconds)

    def to_representation(self, value: Any) -> Any:
        return value.total_seconds()


class SeenSerializer(serializers.ModelSerializer[HealthState]):
    """What a check saw last, and since when it sees the same."""

    took_seconds = Seconds(source="took")

    class Meta:
        model = HealthState
        fields = ("outcome", "words", "took_seconds", "at", "since", "failures", "alerting")


class HealthResultSerializer(serializers.ModelSerializer[HealthResult]):
    """What a check saw at one time; ``asked``: somebody wanted to know, else it was time for it."""

    took_seconds = Seconds(source="took")

    class Meta:
        model = HealthResult
        fields = ("at", "outcome", "words", "took_seconds", "asked")


class HealthCheckSerializer(serializers.ModelSerializer[HealthCheck]):
    """A health check; ``seen`` is null before its first look."""

    service = VisibleService()
    every_seconds = Seconds(source="every", required=False)
    timeout_seconds = Seconds(source="timeout", required=False)
    seen = SeenSerializer(read_only=True, allow_null=True)

    class Meta:
        model = HealthCheck
        fields = (
            "id", "service", "name", "kind", "target", "method", "expected_status", "expected_text", "query",
            "comparison", "threshold", "every_seconds", "timeout_seconds", "alerts_after", "severity", "is_active",
            "seen",
        )  # fmt: skip
        # Whether a service has a check of the name the action finds out, after the right.
        validators: ClassVar[list[Any]] = []


class HealthCheckViewSet(
    mixins.CreateModelMixin, mixins.RetrieveModelMixin, mixins.UpdateModelMixin, mixins.ListModelMixin, HouseViewSet
):
    """The health checks of the services one may see; managers of a team keep those of its own."""

    serializer_class = HealthCheckSerializer
    write_scope = Scope.MANAGE
    lookup_value_regex = "[0-9]{1,18}"
    http_method_names = ("get", "post", "patch", "head", "options")
    queryset = HealthCheck.objects.none()

    def get_queryset(self) -> QuerySet[HealthCheck]:
        """The checks that the caller may see."""
        return queries.visible_health_checks(caller(self.request))

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Add a check to a service of a team that you manage; it looks soon after."""
        if not access.team_ids(caller(request), Permission.MANAGE):
            raise NotAllowed(f"{caller(request)} has no right to add health checks.")
        return super().create(request, *args, **kwargs)

    def perform_create(self, serializer: Any) -> None:
        fields = dict(serializer.validated_data)
        service = fields.pop("service")
        serializer.instance = actions.create_health_check(by=caller(self.request), service=service, fields=fields)

    def perform_update(self, serializer: Any) -> None:
        serializer.instance = actions.update_health_check(
            serializer.instance, by=caller(self.request), fields=serializer.validated_data
        )

    @extend_schema(operation_id="health_check_results", responses=HealthResultSerializer(many=True))
    @action(detail=True, methods=["get"])
    def results(self, request: Request, pk: str) -> Response:
        """What the check saw, the newest first; of looks that saw the same some are kept."""
        page: list[Any] = self.paginate_queryset(self.get_object().results.order_by("-pk")) or []
        return self.get_paginated_response(HealthResultSerializer(page, many=True).data)

    @extend_schema(operation_id="health_check_test", request=None, responses=HealthCheckSerializer)
    @action(detail=True, methods=["post"])
    def test(self, request: Request, pk: str) -> Response:
        """Look at once; what is seen stands in ``seen`` a moment later."""
        check = self.get_object()
        actions.look_now(check, by=caller(request))
        return Response(HealthCheckSerializer(check).data)
