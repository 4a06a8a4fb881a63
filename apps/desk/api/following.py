"""What happened in an incident, who was told, how far it climbed, and the alerts it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.pagination import OldestFirst
from apps.desk.api.answers import (
    AlertSerializer,
    EscalationSerializer,
    NotificationSerializer,
    TimelineEventSerializer,
)
from apps.desk.api.base import AboutIncidents
from apps.escalation import outlook
from apps.escalation import queries as chain
from apps.escalation.models import UNDECIDED, RunLevel
from apps.notifications import queries as notices
from apps.teams.models import User


@dataclass(frozen=True, slots=True)
class LevelRecord:
    """A level with the people it paged, or would page now."""

    run_level: RunLevel
    targets: list[User]


class Following(AboutIncidents):
    """The reads below an incident."""

    @extend_schema(operation_id="incident_timeline", responses=TimelineEventSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=OldestFirst)
    def timeline(self, request: Request, reference: str) -> Response:
        """What happened, oldest first."""
        return self._page(self.incident().timeline.select_related("actor"), TimelineEventSerializer)

    @extend_schema(operation_id="incident_notifications", responses=NotificationSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=OldestFirst)
    def notifications(self, request: Request, reference: str) -> Response:
        """Who was told, by which way, and what became of it: one row a way, oldest first (R14)."""
        return self._page(notices.of_incident(self.incident()), NotificationSerializer)

    @extend_schema(operation_id="incident_alerts", responses=AlertSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=OldestFirst)
    def alerts(self, request: Request, reference: str) -> Response:
        """The alerts that led to it or joined it, oldest first."""
        return self._page(self.incident().alerts.select_related("integration", "service"), AlertSerializer)

    @extend_schema(operation_id="incident_escalation", responses=EscalationSerializer)
    @action(detail=True, methods=["get"])
    def escalation(self, request: Request, reference: str) -> Response:
        """The levels of the chain, round by round, lowest first, with who was or would be paged (R12)."""
        incident = self.incident()
        found = chain.levels_of(incident)
        coming = outlook.prospects(incident, [level for level in found if level.state in UNDECIDED])
        levels = [
            LevelRecord(level, coming[level.pk].people if level.pk in coming else list(level.people.all()))
            for level in found
        ]
        return Response(EscalationSerializer({"levels": levels}).data)

    def _page(self, found: QuerySet[Any], serializer: Any) -> Response:
        return self.get_paginated_response(serializer(self.paginate_queryset(found), many=True).data)
