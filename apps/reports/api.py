"""Reports of users over HTTP (R3)."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.catalog.representation import VisibleServiceInUse
from apps.core.api import HouseViewSet
from apps.core.errors import Invalid
from apps.incidents import queries as incidents
from apps.incidents.models import Incident, Severity, Via
from apps.reports import actions, links, queries
from apps.reports.models import Report
from apps.teams.authentication import caller
from apps.teams.representation import TeamInUse


class ReportSerializer(serializers.ModelSerializer[Report]):
    """A report. ``incident`` is told to who may see that; ``url`` leads whoever reported it to what became of it."""

    service = serializers.CharField(source="service.slug", default=None, allow_null=True)
    incident = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField()

    class Meta:
        model = Report
        fields = ("id", "title", "text", "service", "at", "state", "answer", "incident", "decided_at", "url")

    def get_incident(self, report: Report) -> str | None:
        seen = incidents.visible_to(self.context["request"].user)
        if report.incident_id is None or not seen.filter(pk=report.incident_id).exists():
            return None
        return Incident(pk=report.incident_id).reference

    def get_url(self, report: Report) -> str:
        return links.url_of(report)


class ReportForm(serializers.Serializer[Any]):
    """What does not work."""

    title = serializers.CharField(max_length=actions.LONGEST_TITLE)
    text = serializers.CharField(max_length=actions.LONGEST_TEXT, required=False, allow_blank=True, default="")
    service = VisibleServiceInUse(required=False, allow_null=True, default=None)


class AcceptForm(serializers.Serializer[Any]):
    """A new incident of ``severity``, for ``team`` or else the service's; or a part of the open ``incident``."""

    severity = serializers.SlugRelatedField(
        slug_field="code", queryset=Severity.objects.filter(is_active=True), required=False, default=None
    )
    team = TeamInUse(required=False, allow_null=True, default=None)
    private = serializers.BooleanField(required=False, default=False)
    incident = serializers.CharField(required=False, default="", max_length=24)


class RejectForm(serializers.Serializer[Any]):
    """What whoever reported it is told."""

    answer = serializers.CharField(max_length=actions.LONGEST_TEXT)


class ReportViewSet(HouseViewSet):
    """Reports: anybody reports, whoever responds decides."""

    serializer_class = ReportSerializer
    lookup_value_regex = "[0-9]{1,18}"
    queryset = Report.objects.none()

    def get_queryset(self) -> QuerySet[Report]:
        """The reports that the caller may decide, or could have."""
        return queries.decidable(caller(self.request))

    @extend_schema(operation_id="reports_list", responses=ReportSerializer(many=True))
    def list(self, request: Request) -> Response:
        """The reports that you made, or may decide or could have, the newest first."""
        person = caller(request)
        found = (queries.decidable(person) | queries.own(person)).order_by("-pk")
        page: list[Any] = self.paginate_queryset(found) or []
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(operation_id="reports_make", request=ReportForm, responses={201: ReportSerializer})
    def create(self, request: Request) -> Response:
        """Report that something does not work; who responds decides what becomes of it."""
        made = actions.report(by=caller(request), **self.understood(ReportForm))
        return Response(self._told(made), status=status.HTTP_201_CREATED)

    @extend_schema(operation_id="reports_accept", request=AcceptForm, responses=ReportSerializer)
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, pk: str) -> Response:
        """Take it up: as a new incident, or as a part of an open one."""
        report, told = self.get_object(), self.understood(AcceptForm)
        reference = told.pop("incident")
        if reference:
            actions.attach(report.pk, by=caller(request), to=self._incident(reference), via=Via.API)
        elif told["severity"] is None:
            raise Invalid("Say how severe it is, or to which incident it belongs.", field="severity")
        else:
            actions.accept(report.pk, by=caller(request), via=Via.API, **told)
        return Response(self._told(Report.objects.get(pk=report.pk)))

    @extend_schema(operation_id="reports_reject", request=RejectForm, responses=ReportSerializer)
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: str) -> Response:
        """Do not take it up, and say why."""
        report = self.get_object()
        rejected = actions.reject(report.pk, by=caller(request), **self.understood(RejectForm))
        return Response(self._told(rejected))

    def _told(self, report: Report) -> Any:
        return ReportSerializer(report, context=self.get_serializer_context()).data

    def _incident(self, reference: str) -> Incident:
        try:
            return incidents.by_reference(reference, incidents.visible_to(caller(self.request)))
        except Incident.DoesNotExist as error:
            raise Invalid(f"There is no incident {reference}.", field="incident") from error
