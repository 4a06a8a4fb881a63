"""What was changed beside an incident, over HTTP (R17)."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.alerts import queries
from apps.alerts.models import Change
from apps.core.pagination import NewestFirst
from apps.desk.api.base import AboutIncidents


class ChangePages(NewestFirst):
    """Changes by when they happened, the latest first."""

    ordering = ("-at", "-id")


class ChangeSerializer(serializers.ModelSerializer[Change]):
    """A deployment, commits, a workflow run or another change; ``author`` is whom its sender names."""

    integration = serializers.CharField(source="integration.name")
    services: serializers.SlugRelatedField[Change] = serializers.SlugRelatedField(
        slug_field="slug", many=True, read_only=True
    )

    class Meta:
        model = Change
        fields = ("id", "at", "kind", "summary", "author", "services", "integration", "labels", "links", "received_at")
        read_only_fields = fields


class Changes(AboutIncidents):
    """What was changed beside an incident."""

    @extend_schema(operation_id="incident_changes", responses=ChangeSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=ChangePages)
    def changes(self, request: Request, reference: str) -> Response:
        """What was changed of its services shortly before it (procedures: 2 h) and during it, latest first (R17)."""
        page = self.paginate_queryset(queries.changes_beside(self.incident()))
        return self.get_paginated_response(ChangeSerializer(page, many=True).data)
