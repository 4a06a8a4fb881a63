"""Maintenance windows (contract, "HTTP API"; R34)."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.catalog import actions, queries
from apps.catalog.models import MaintenanceWindow, Service, WindowState
from apps.core.api import HouseViewSet
from apps.core.api_fields import EnteredInstant
from apps.core.errors import Invalid
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.authentication import caller
from apps.teams.representation import PersonSerializer


class MaintenanceSerializer(serializers.ModelSerializer[MaintenanceWindow]):
    """A window: on from ``starts_at`` up to ``ended_early_at``, else ``ends_at``. Of the services those you may see."""

    services = serializers.SerializerMethodField()
    state = serializers.ChoiceField(WindowState.choices)
    created_by = PersonSerializer(allow_null=True)
    ended_early_by = PersonSerializer(allow_null=True)

    class Meta:
        model = MaintenanceWindow
        fields = (
            "id", "services", "all_services", "message", "is_public", "state", "starts_at", "ends_at", "ended_early_at",
            "ended_early_by", "created_at", "created_by",
        )  # fmt: skip
        read_only_fields = fields

    def get_services(self, window: MaintenanceWindow) -> list[str]:
        return [service.slug for service in window.services.all()]


class MaintenanceForm(serializers.Serializer[Any]):
    """What is under maintenance, and when. Without services: all of them, which takes an administrator."""

    services = serializers.ListField(
        child=serializers.SlugField(), required=False, default=list, help_text="Slugs of services."
    )
    message = serializers.CharField(
        max_length=MaintenanceWindow._meta.get_field("message").max_length, required=False, allow_blank=True
    )
    is_public = serializers.BooleanField(required=False, help_text="Whether the status page tells of it.")
    starts_at = EnteredInstant(required=False, help_text="Without: now.")
    ends_at = EnteredInstant(required=False, help_text="Without: an hour after the start.")

    def validate_services(self, slugs: list[str]) -> list[Service]:
        """The services in use that the caller may see. Raises ValidationError for others."""
        found = {service.slug: service for service in _visible(self.context["request"]).filter(slug__in=slugs)}
        if unknown := [slug for slug in slugs if slug not in found]:
            raise serializers.ValidationError(f"There is no service {unknown[0]}.")
        return list(found.values())


class MaintenanceViewSet(HouseViewSet):
    """Maintenance of the services of teams that one may see; responders keep that of their own."""

    serializer_class = MaintenanceSerializer
    lookup_value_regex = "[0-9]{1,18}"
    filter_backends = ()
    queryset = MaintenanceWindow.objects.none()

    def get_queryset(self) -> QuerySet[MaintenanceWindow]:
        """The windows that the caller may see, those that are over included."""
        return queries.visible_windows(self.request.user)

    @extend_schema(
        operation_id="maintenance_list",
        parameters=[
            OpenApiParameter("state", str, enum=WindowState.values, description="Only what is in this state now."),
            OpenApiParameter("service", str, description="Only what covers the service of this slug."),
        ],
        responses=MaintenanceSerializer(many=True),
    )
    def list(self, request: Request) -> Response:
        """The windows that you may see, the newest first."""
        windows = self.get_queryset()
        if state := request.query_params.get("state"):
            if state not in WindowState.values:
                raise Invalid(f"There is no state {state}; there are {', '.join(WindowState.values)}.", field="state")
            windows = queries.listed_windows(windows, WindowState(state))
        if slug := request.query_params.get("service"):
            windows = queries.about(windows, self._service(slug))
        page: list[Any] = self.paginate_queryset(windows.order_by("-pk")) or []
        return self.get_paginated_response(MaintenanceSerializer(page, many=True).data)

    @extend_schema(operation_id="maintenance_read", responses=MaintenanceSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        """One window."""
        return Response(MaintenanceSerializer(self._window(pk)).data)

    @extend_schema(operation_id="maintenance_plan", request=MaintenanceForm, responses={201: MaintenanceSerializer})
    def create(self, request: Request) -> Response:
        """Put services under maintenance, from now on or later. It ends by itself."""
        person = caller(request)
        access.require_responder(person)  # before anything is said of services
        entered = self.understood(MaintenanceForm)
        window = actions.plan_maintenance(by=person, **entered)
        return Response(MaintenanceSerializer(self._window(window.pk)).data, status=status.HTTP_201_CREATED)

    @extend_schema(operation_id="maintenance_change", request=MaintenanceForm, responses=MaintenanceSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change what a window covers or says, or when it ends; its start while it has not begun."""
        window = self._window(pk)
        entered = self.understood(MaintenanceForm, partial=True)
        actions.change_maintenance(window.pk, by=caller(request), **entered)
        return Response(MaintenanceSerializer(self._window(pk)).data)

    @extend_schema(operation_id="maintenance_end", request=None, responses=MaintenanceSerializer)
    @action(detail=True, methods=["post"])
    def end(self, request: Request, pk: str) -> Response:
        """End a window now: what it held back is paged. One that did not begin is taken back."""
        window = self._window(pk)
        actions.end_maintenance(window.pk, by=caller(request))
        return Response(MaintenanceSerializer(self._window(pk)).data)

    def _window(self, pk: str | int) -> MaintenanceWindow:
        found: MaintenanceWindow = get_object_or_404(self.get_queryset(), pk=pk)
        return found

    def _service(self, slug: str) -> Service:
        found = _visible(self.request).filter(slug=slug).first()
        if found is None:
            raise Invalid(f"There is no service {slug}.", field="service")
        return found


def _visible(request: Request) -> QuerySet[Service]:
    """The services in use that the caller may see."""
    return queries.active_services().filter(team__in=access.team_ids(request.user, Permission.VIEW))
