"""``/incidents/``: declare one, list them, read one."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.catalog.models import Service
from apps.core.errors import NotAllowed
from apps.desk.api import listing, records
from apps.desk.api.answers import IncidentSerializer
from apps.desk.api.changes import Changes
from apps.desk.api.following import Following
from apps.desk.api.granting import Granting
from apps.desk.api.helping import Helping
from apps.desk.api.looking import Looking
from apps.desk.api.publishing import Publishing
from apps.desk.api.recording import Recording
from apps.desk.api.reports import Reporting
from apps.desk.api.requests import DeclareSerializer, DescribeSerializer
from apps.desk.api.responding import Responding
from apps.desk.api.steps import Steps
from apps.incidents import actions, queries
from apps.incidents.models import OPEN, Detection, Incident, Via
from apps.incidents.reading import note_reading
from apps.teams import access
from apps.teams.authentication import caller

MANY = IncidentSerializer(many=True)


class IncidentViewSet(
    Responding, Recording, Publishing, Helping, Granting, Following, Looking, Reporting, Steps, Changes
):
    """Incidents: everything one does with them."""

    pagination_class = listing.IncidentPages
    answering = ("acknowledge", "decline")

    @extend_schema(operation_id="incidents_list", parameters=[listing.ListQuery], responses=MANY)
    def list(self, request: Request) -> Response:
        """The incidents you may see, newest first."""
        return self._listed(listing.listed(caller(request), listing.understood(request)))

    @extend_schema(operation_id="incidents_current", parameters=[listing.ListQuery], responses=MANY)
    def current(self, request: Request) -> Response:
        """The open incidents, for monitoring (R18)."""
        return self._listed(listing.listed(caller(request), listing.understood(request)).filter(status__in=OPEN))

    @extend_schema(operation_id="incidents_read", responses=IncidentSerializer)
    def retrieve(self, request: Request, reference: str) -> Response:
        """One incident."""
        return self.answer(self.incident())

    @extend_schema(operation_id="incidents_describe", request=DescribeSerializer, responses=IncidentSerializer)
    def partial_update(self, request: Request, reference: str) -> Response:
        """Say better what it is and what it affects; what is not named stays (R1)."""
        incident, told = self.incident(), self.understood(DescribeSerializer, partial=True)
        return self.answer(actions.describe(incident.pk, by=caller(request), via=Via.API, **told))

    @extend_schema(operation_id="incidents_declare", request=DeclareSerializer, responses={201: IncidentSerializer})
    def create(self, request: Request) -> Response:
        """Declare an incident: clocks start, the person on call is paged (R14)."""
        person = caller(request)
        if not (access.is_administrator(person) or access.team_ids(person, access.Permission.RESPOND)):
            raise NotAllowed(f"{person} has no right to declare incidents.")
        told = self.understood(DeclareSerializer)
        service: Service | None = told["service"]
        incident = actions.declare(
            title=told["title"],
            severity=told["severity"],
            team=told["team"] or queries.responding_team(service, person),
            by=person,
            via=Via.API,
            summary=told["summary"],
            services=[service] if service else [],
            detection=Detection(told["detection"]),
            private=told["private"],
            drill=told["drill"],
        )
        return self.answer(incident, created=True)

    def _listed(self, found: QuerySet[Incident]) -> Response:
        page: list[Any] = self.paginate_queryset(records.complete(found)) or []
        note_reading(*page, by=caller(self.request))
        return self.get_paginated_response(IncidentSerializer(records.of(page), many=True).data)
